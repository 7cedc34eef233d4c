import { COSTS, type Platform, parseFtraceLine } from '@dma-audit/simulator';
import type { Figures } from './calibrate-profile.ts';
import { type InvalidationCounts, Invalidations } from './replay-invalidations.ts';
import { eachLine } from './replay-lines.ts';
import { type PlatformReplay, PlatformRun } from './replay-platforms.ts';
import { type Peak, PoolFit, type PoolVerdict, suggestion } from './replay-pools.ts';
import { type RecordedPool, RecordedReplay } from './replay-recorded.ts';
import { type TraceScan, TraceScanner } from './replay-scan.ts';
import { type Moment, RequestStream, type StreamListener } from './replay-stream.ts';

/** What a recorded workload did, and what it would do elsewhere. */
export interface Replay {
  readonly scan: TraceScan;
  readonly maps: number;
  readonly bytes: number;
  readonly guessed: number;
  readonly unmatched: number;
  readonly recorded: RecordedPool | null;
  /** When everything is bounced: pools from 1 MiB to 512 MiB. */
  readonly pools: readonly PoolVerdict[];
  readonly peak: Peak;
  readonly suggestion: ReturnType<typeof suggestion>;
  readonly invalidations: InvalidationCounts;
  readonly platforms: readonly PlatformReplay[];
}

/** Replays a trace file: once to see what it is, once to run it. `slots`: of the recorded kernel's pool, null = as it says. */
export async function replayTrace(
  file: string,
  platforms: readonly Platform[],
  slots: number | null,
  figures: Figures = COSTS,
): Promise<Replay> {
  const scanner = new TraceScanner();
  await eachLine(
    file,
    (text) => scanner.line(text),
    (why) => scanner.foreign(why),
  );
  const scan = scanner.finish();
  const pools = new PoolFit(scan.cpus, scan.minAlignMasks);
  let now: Moment = { cpu: 0, seconds: 0, task: '', line: 0 };
  const recorded = RecordedReplay.create(scan, slots, (request) => pools.refused(request, now));
  const invalidations = new Invalidations(scan.cpus);
  const runs = platforms.map((platform) => new PlatformRun(platform, figures));
  const listeners: readonly StreamListener[] = [pools, invalidations, ...runs];
  const stream = new RequestStream({
    map: (mapping, at) => {
      for (const one of listeners) one.map(mapping, at);
    },
    unmap: (mapping, at) => {
      for (const one of listeners) one.unmap(mapping, at);
    },
    sync: (mapping, owner, bytes, at) => {
      for (const one of listeners) one.sync(mapping, owner, bytes, at);
    },
    allocate: (id, device, bytes, at) => {
      for (const one of listeners) one.allocate(id, device, bytes, at);
    },
    free: (id, device, at) => {
      for (const one of listeners) one.free(id, device, at);
    },
  });
  let line = 0;
  await eachLine(
    file,
    (text) => {
      line++;
      const parsed = parseFtraceLine(text);
      if (parsed.kind !== 'event') return;
      now = { ...parsed.record, line };
      recorded?.event(parsed.record, line);
      stream.event(parsed.record, line);
    },
    () => {},
  );
  return {
    scan,
    maps: stream.maps,
    bytes: pools.bytes,
    guessed: stream.guessed,
    unmatched: stream.unmatched,
    recorded: recorded?.result ?? null,
    pools: pools.verdicts,
    peak: pools.peak,
    suggestion: suggestion(pools.verdicts),
    invalidations: invalidations.counts,
    platforms: runs.map(({ result }) => result),
  };
}
