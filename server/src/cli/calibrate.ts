import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import process from 'node:process';
import { Command } from 'commander';
import type { MeasuredFigure, Profile } from './calibrate-profile.ts';
import { writeOutput } from './output.ts';
import { jsonText, tell } from './terminal.ts';

/** `dma-audit calibrate`. */
export function calibrateCommand(): Command {
  return new Command('calibrate')
    .description(
      'Measure what copies cost on this machine, read what its kernel tells, and write a profile for --profile.',
    )
    .option('--output <file>', 'write the profile to <file> (default: standard output)')
    .action(async ({ output }: { readonly output?: string }) => {
      const { profile, notes } = await calibrate();
      await writeOutput(output ?? null, jsonText(profile));
      tell(notes.map((note) => `${note}\n`).join(''));
    });
}

const DEBUGFS = '/sys/kernel/debug';

async function calibrate(): Promise<{ readonly profile: Profile; readonly notes: readonly string[] }> {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const latency = vtdLatency(await contents(`${DEBUGFS}/iommu/intel/dmar_perf_latency`));
  const slots = await contents(`${DEBUGFS}/swiotlb/io_tlb_nslabs`);
  const highWater = await contents(`${DEBUGFS}/swiotlb/io_tlb_used_hiwater`);
  return {
    profile: {
      title: `${model}, ${process.platform} ${process.arch}`,
      figures: { memcpy: measureCopy(), ...(latency === null ? {} : { 'vtd-iotlb': latency }) },
    },
    notes: [
      latency === null
        ? 'no VT-d latencies: dmar_perf_latency is not there, not readable or not enabled'
        : 'VT-d latencies read',
      slots === null
        ? 'no swiotlb counters'
        : `swiotlb: most ${highWater?.trim() ?? '?'} of ${slots.trim()} slots held`,
    ],
  };
}

async function contents(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null);
}

const ROUNDS = 7;
/** Bytes of one copy: a network packet, a page, a large block request; none of it in a cache again. */
const COPIES = [1500, 4096, 65_536] as const;
const ARENA = 64 << 20;

/** ns per byte: the best and the worst of the median rounds over all sizes, and the median for a page. */
export function measureCopy(now: () => bigint = () => process.hrtime.bigint()): MeasuredFigure {
  const from = Buffer.alloc(ARENA, 1);
  const to = Buffer.alloc(ARENA, 2);
  const medians = COPIES.map((bytes) => {
    const count = Math.floor(ARENA / bytes);
    const rounds = Array.from({ length: ROUNDS }, () => {
      const start = now();
      for (let i = 0; i < count; i++) from.copy(to, i * bytes, i * bytes, (i + 1) * bytes);
      return Number(now() - start) / (count * bytes);
    });
    return rounds.sort((a, b) => a - b)[ROUNDS >> 1] ?? 0;
  });
  const rounded = (value: number): number => Number(Math.max(0, value).toPrecision(3));
  return {
    low: rounded(Math.min(...medians)),
    typical: rounded(medians[1] ?? 0),
    high: rounded(Math.max(...medians)),
    source: `copies of ${COPIES.join(', ')} bytes through ${ARENA >> 20} MiB, median of ${ROUNDS} rounds`,
  };
}

/**
 * Least, average and greatest latency (ns) of IOTLB invalidations, from the table of `dmar_perf_latency`, which gives them in
 * µs for each unit; null when it has none.
 */
export function vtdLatency(text: string | null): MeasuredFigure | null {
  if (text === null) return null;
  const rows = [...text.matchAll(/^\s*inv_iotlb\b[^\n]*?((?:\s+\d+)+)\s*$/gm)].map(([, numbers = '']) =>
    numbers.trim().split(/\s+/).map(Number),
  );
  const measured = rows.flatMap((row) => {
    const [low, high, average] = row.slice(-3);
    return low !== undefined &&
      high !== undefined &&
      average !== undefined &&
      low <= average &&
      average <= high &&
      high > 0
      ? [{ low, high, average }]
      : [];
  });
  if (measured.length === 0) return null;
  return {
    low: 1000 * Math.min(...measured.map(({ low }) => low)),
    typical: (1000 * measured.reduce((sum, { average }) => sum + average, 0)) / measured.length,
    high: 1000 * Math.max(...measured.map(({ high }) => high)),
    source: 'dmar_perf_latency of this machine',
  };
}
