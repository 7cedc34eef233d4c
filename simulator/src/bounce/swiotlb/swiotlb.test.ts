import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BounceCopy, copyRange, FULL, Swiotlb, SwiotlbDevice, TOO_LARGE } from './index.ts';
import { SlotMap } from './slot-map.ts';

const START = 0x7800_0000;
const MIB = 2 ** 20;

interface Step {
  readonly map: boolean;
  readonly cpu: number;
  readonly device: number;
  readonly origin: number;
  readonly size: number;
  readonly align: number;
  /** Which live mapping an unmap takes. */
  readonly pick: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  map: fc.boolean().chain((first) => (first ? fc.constant(true) : fc.boolean())), // three maps to one unmap: it fills up
  cpu: fc.nat(15),
  device: fc.nat(3),
  origin: fc.integer({ min: 1, max: 2 ** 33 }),
  size: fc.oneof(fc.integer({ min: 1, max: 16_384 }), fc.integer({ min: 1, max: 300_000 })),
  align: fc.constantFrom(0, 0, 4095, 8191, 65_535),
  pick: fc.nat(),
});

const devices = [
  new SwiotlbDevice(),
  new SwiotlbDevice(4095),
  new SwiotlbDevice(65_535),
  new SwiotlbDevice(511, 65_535),
];

const world = fc.record({
  release: fc.constantFrom('6.1' as const, '6.12' as const),
  areas: fc.constantFrom(1, 2, 4, 8),
  dynamic: fc.boolean(),
  steps: fc.array(step, { maxLength: 300 }),
});

interface Live {
  readonly address: number;
  readonly slots: number;
  /** Byte ranges of the slots held. */
  readonly from: number;
  readonly to: number;
  readonly device: SwiotlbDevice;
  readonly origin: number;
  readonly size: number;
}

function build(release: '6.1' | '6.12', areas: number, dynamic: boolean): Swiotlb {
  let next = 2 ** 40;
  const allocate = (bytes: number) => {
    const start = next;
    next += 2 ** Math.ceil(Math.log2(bytes));
    return start;
  };
  const options = { release, slots: 1024, areas, start: START };
  return new Swiotlb(dynamic && release === '6.12' ? { ...options, dynamic: { areas, allocate } } : options);
}

/** Runs the steps; `check` sees the live mappings after each. Returns every answer. */
function run(
  pool: Swiotlb,
  steps: readonly Step[],
  check: (live: readonly Live[]) => void = () => {},
): { readonly answers: readonly number[]; readonly live: Live[] } {
  const live: Live[] = [];
  const answers: number[] = [];
  for (const { map, cpu, device: number, origin, size, align, pick } of steps) {
    const device = devices[number] ?? new SwiotlbDevice();
    if (map) {
      const address = pool.map(device, cpu, origin, size, align);
      answers.push(address);
      const grant = address < 0 ? null : pool.grantOf(address);
      if (grant !== null) {
        const from = address - grant.offset - grant.padding * 2048;
        live.push({ address, slots: grant.slots, from, to: from + grant.slots * 2048, device, origin, size });
      }
      if (pool.growQueued && live.length % 3 === 0) pool.grow(2 ** 36 + pool.poolCount * 8 * MIB);
    } else {
      const [gone] = live.splice(pick % Math.max(1, live.length), 1);
      if (gone !== undefined) answers.push(pool.unmap(gone.address));
    }
    check(live);
  }
  return { answers, live };
}

describe('whatever is asked of a swiotlb', () => {
  test('no slot is handed out twice, and used is the sum of what is held', () => {
    fc.assert(
      fc.property(world, ({ release, areas, dynamic, steps }) => {
        const pool = build(release, areas, dynamic);
        let most = 0;
        run(pool, steps, (live) => {
          const ranges = [...live].sort((a, b) => a.from - b.from);
          for (const [index, range] of ranges.entries()) {
            expect(range.from).toBeGreaterThanOrEqual(ranges[index - 1]?.to ?? 0);
          }
          const held = live.reduce((sum, { slots }) => sum + slots, 0);
          most = Math.max(most, held);
          expect(pool.used).toBe(held);
          expect(pool.highWaterMark).toBe(most);
        });
      }),
      { numRuns: 60 },
    );
  });

  test('a mapping holds its bytes, stays in one segment and keeps the alignment that was asked for', () => {
    fc.assert(
      fc.property(world, ({ areas, dynamic, steps }) => {
        run(build('6.12', areas, dynamic), steps, (live) => {
          const last = live.at(-1);
          if (last === undefined) return;
          const { address, from, to, device, origin, size } = last;
          expect(address).toBeGreaterThanOrEqual(from);
          expect(address + size).toBeLessThanOrEqual(to);
          expect(Math.abs(address - origin) % (device.minAlignMask + 1)).toBe(0);
          if (from < START + 2 * MIB)
            expect(Math.floor((from - START) / 262_144)).toBe(Math.floor((to - 1 - START) / 262_144));
        });
      }),
      { numRuns: 60 },
    );
  });

  test('unmapping everything restores it', () => {
    fc.assert(
      fc.property(world, ({ release, areas, dynamic, steps }) => {
        const pool = build(release, areas, dynamic);
        for (const { address, slots } of run(pool, steps).live) expect(pool.unmap(address)).toBe(slots);
        expect(pool.used).toBe(0);
        expect(pool.transientSlots).toBe(0);
        for (let area = 0; area < areas; area++) expect(pool.poolAt(0)?.usedIn(area)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test('the same requests get the same answers', () => {
    fc.assert(
      fc.property(world, ({ release, areas, dynamic, steps }) => {
        const [first, second] = [build(release, areas, dynamic), build(release, areas, dynamic)];
        expect(run(first, steps).answers).toEqual(run(second, steps).answers);
      }),
      { numRuns: 30 },
    );
  });

  test('a refusal changes nothing', () => {
    fc.assert(
      fc.property(world, step, ({ release, areas, steps }, last) => {
        const [asked, spared] = [build(release, areas, false), build(release, areas, false)];
        run(asked, steps);
        run(spared, steps);
        const device = devices[last.device] ?? new SwiotlbDevice();
        while (asked.map(device, last.cpu, last.origin, last.size, last.align) >= 0) {
          spared.map(device, last.cpu, last.origin, last.size, last.align);
        }
        for (let cpu = 0; cpu < areas; cpu++) {
          expect(asked.map(new SwiotlbDevice(), cpu, 0, 1, 0)).toBe(spared.map(new SwiotlbDevice(), cpu, 0, 1, 0));
        }
        expect(asked.highWaterMark).toBe(spared.highWaterMark);
      }),
      { numRuns: 30 },
    );
  });

  test('a copy of the whole mapping begins at both starts and has all its bytes', () => {
    fc.assert(
      fc.property(world, ({ release, areas, steps }) => {
        const pool = build(release, areas, false);
        const copy = new BounceCopy();
        for (const { address, origin, size, device } of run(pool, steps).live) {
          copyRange(pool, device, address, size, copy);
          expect(copy).toMatchObject({ original: origin, bounce: address, length: size, warned: false });
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('a pool', () => {
  const plain = new SwiotlbDevice();

  test('walks on instead of reusing what was just freed', () => {
    const pool = build('6.12', 1, false);
    const first = pool.map(plain, 0, 0x1000, 2048, 0);
    pool.unmap(first);
    expect(first).toBe(START);
    expect(pool.map(plain, 0, 0x1000, 2048, 0)).toBe(START + 2048);
  });

  test('refuses more than 256 KiB, and what does not fit', () => {
    const pool = build('6.12', 1, false);
    expect(pool.map(plain, 0, 0x1000, 262_145, 0)).toBe(TOO_LARGE);
    for (let segment = 0; segment < 8; segment++) {
      expect(pool.map(plain, 0, 0x1000, 262_144, 0)).toBe(START + segment * 262_144);
    }
    expect(pool.map(plain, 0, 0x1000, 1, 0)).toBe(FULL);
    expect(pool.highWaterMark).toBe(1024);
  });

  test('goes on to the next area, whatever the CPU', () => {
    const pool = build('6.12', 8, false);
    expect(pool.map(plain, 7, 0x1000, 262_144, 0)).toBe(START + 7 * 262_144);
    expect(pool.map(plain, 7, 0x1000, 2048, 0)).toBe(START);
  });

  test('knows nothing of an address that it did not hand out', () => {
    const pool = build('6.12', 1, false);
    const address = pool.map(plain, 0, 0x1000, 8192, 0);
    expect(pool.unmap(address + 2048)).toBe(0);
    expect(pool.unmap(address)).toBe(4);
    expect(pool.unmap(address)).toBe(0);
    expect(pool.unmap(12)).toBe(0);
    expect(pool.grantOf(address)).toBeNull();
  });

  test.each([
    [0, 262_144],
    [511, 260_096],
    [4095, 258_048],
    [65_535, 196_608],
  ])('with the minimum alignment mask %i tells drivers that %i bytes is the most', (mask, bytes) => {
    expect(new SwiotlbDevice(mask).maxMappingSize).toBe(bytes);
  });

  test('grows by at most 4 MiB, with at least 128 slots in an area', () => {
    const pool = new Swiotlb({
      release: '6.12',
      slots: 32_768,
      areas: 64,
      start: START,
      dynamic: { areas: 64, allocate: () => -1 },
    });
    const added = pool.grow(2 ** 32);
    expect([added.slots, added.areas]).toEqual([2048, 16]);
    expect(pool.totalSlots).toBe(34_816);
  });
});

describe('a map of slots', () => {
  test('answers as a list of bits would', () => {
    const range = fc.record({ slot: fc.nat(511), count: fc.integer({ min: 1, max: 128 }) });
    fc.assert(
      fc.property(fc.array(range, { maxLength: 80 }), (ranges) => {
        const map = new SlotMap(512);
        const heads = new Array<number>(512).fill(-1);
        for (const { slot, count } of ranges) {
          const wanted = heads.slice(slot, slot + count);
          const free = (slot % 128) + count <= 128 && wanted.every((head) => head < 0);
          expect(map.isFree(slot, count)).toBe(free);
          if (free) {
            map.claim(slot, count, 0, slot, count);
            heads.fill(slot, slot, slot + count);
          } else if ((heads[slot] ?? -1) >= 0) {
            const head = heads[slot] ?? -1;
            expect(map.headOf(slot)).toBe(head);
            const held = heads.filter((other) => other === head).length;
            expect(map.release(head)).toBe(held);
            heads.fill(-1, head, head + held);
          }
          expect(heads.map((_, index) => map.isTaken(index))).toEqual(heads.map((head) => head >= 0));
        }
      }),
    );
  });
});
