/**
 * `npm run bench [-- PAIRS]`: how fast the simulator is, on one core, and whether it holds memory.
 *
 * The swiotlb work is that on which the kernel's own C does 9.8 million pairs per second: 32,768 slots, one area, 256
 * live mappings replaced in FIFO order, 512 + random below 16,000 bytes, no data copied.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Swiotlb, SwiotlbDevice } from '../../simulator/src/bounce/swiotlb/index.ts';
import { PER_CPU_QUEUE } from '../../simulator/src/iommu/flush-queue.ts';
import { IovaDomain } from '../../simulator/src/iommu/iova-domain.ts';

// The collector is called before memory is measured; this way the command line needs no flag.
setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

const LIVE = 256;
const CHUNKS = 10;

/** Bytes: `least` + random below `below`. */
interface SizeRange {
  readonly name: string;
  readonly least: number;
  readonly below: number;
}
const SMALL: SizeRange = { name: '512 + below 16,000 bytes', least: 512, below: 16_000 };
/** Over 32 pages: past the caches by size, each time a search of the tree. */
const LARGE: SizeRange = { name: '132 KiB + below 384 KiB', least: 132 << 10, below: 384 << 10 };

interface Work {
  readonly name: string;
  /** Runs so many map + unmap pairs. */
  readonly run: (pairs: number) => void;
}

const pairs = Number(process.argv[2] ?? 20_000_000);
if (!Number.isSafeInteger(pairs) || pairs < CHUNKS) {
  console.error('usage: npm run bench -- [PAIRS]');
  process.exit(2);
}
for (const work of [swiotlb(), strict(SMALL), strict(LARGE), lazy()]) measure(work);

function measure({ name, run }: Work): void {
  run(Math.min(pairs, 1_000_000)); // the compiler's warming up
  const before = heapBytes();
  let best = Number.POSITIVE_INFINITY;
  let total = 0;
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    const start = process.hrtime.bigint();
    run(Math.floor(pairs / CHUNKS));
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    total += seconds;
    best = Math.min(best, seconds);
  }
  const growth = heapBytes() - before;
  const rate = (seconds: number, count: number) => (count / seconds / 1e6).toFixed(2);
  console.log(
    `${name}: ${rate(total, pairs)} million pairs/s (best tenth ${rate(best, pairs / CHUNKS)}), ` +
      `memory ${growth >= 0 ? '+' : ''}${Math.round(growth / 1024)} KiB over ${pairs} pairs`,
  );
}

function heapBytes(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Numerical Recipes' generator: the same sizes in every run, and cheap beside what is measured. */
function sizes({ least, below }: SizeRange): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return least + ((state >>> 8) % below);
  };
}

function swiotlb(): Work {
  const pool = new Swiotlb({ release: '6.12', slots: 32_768, areas: 1, start: 0x7800_0000 });
  const device = new SwiotlbDevice();
  const ring = new Float64Array(LIVE).fill(-1);
  const nextSize = sizes(SMALL);
  let position = 0;
  return {
    name: `swiotlb 6.12, ${SMALL.name}`,
    run: (count) => {
      for (let pair = 0; pair < count; pair++) {
        const old = ring[position] ?? -1;
        if (old >= 0) pool.unmap(old);
        const address = pool.map(device, 0, 0x1_4000_0000 + pair * 4096, nextSize(), 0);
        if (address < 0) throw new Error('the pool refused');
        ring[position] = address;
        position = (position + 1) & (LIVE - 1);
      }
    },
  };
}

function strict(range: SizeRange): Work {
  const domain = new IovaDomain({ cpus: 1, limit: 2 ** 20 - 1, try32First: false, queue: null });
  return iova('IOVA strict', domain, range, 0);
}

function lazy(): Work {
  const domain = new IovaDomain({ cpus: 1, limit: 2 ** 36 - 1, try32First: true, queue: PER_CPU_QUEUE });
  return iova('IOVA lazy', domain, SMALL, 64);
}

/** The same ring of mappings; time goes on by 1 ms every `advanceEvery` pairs (0 = never). */
function iova(name: string, domain: IovaDomain, range: SizeRange, advanceEvery: number): Work {
  const pfns = new Float64Array(LIVE).fill(-1);
  const pages = new Int32Array(LIVE);
  const nextSize = sizes(range);
  let position = 0;
  return {
    name: `${name}, ${range.name}`,
    run: (count) => {
      for (let pair = 0; pair < count; pair++) {
        const old = pfns[position] ?? -1;
        if (old >= 0) domain.unmap(0, old, pages[position] ?? 0);
        const wanted = IovaDomain.pagesOf(0x1_4000_0000, nextSize());
        const pfn = domain.map(0, wanted);
        if (pfn < 0) throw new Error('no device address');
        pfns[position] = pfn;
        pages[position] = wanted;
        position = (position + 1) & (LIVE - 1);
        if (advanceEvery > 0 && pair % advanceEvery === 0) domain.advance(1);
      }
    },
  };
}
