import type { Platform } from '../platforms/platform.ts';
import type { Program } from '../program/index.ts';
import { type Counters, difference, noCounters } from './counters.ts';
import { type Run, run } from './machine.ts';
import type { MapGrant, MappingAddress, MemorySystem } from './memory-system.ts';
import type { Violation } from './violation.ts';

/** What one operation came to. */
export interface TimelineEntry {
  /** Index of the operation. */
  readonly index: number;
  /** What the device was given, for a map that did not fail. */
  readonly address: MappingAddress | null;
  /** Why the platform would have failed it, although the program goes on. */
  readonly refused: string | null;
  /** Counters that changed, and by how much. */
  readonly changes: Readonly<Partial<Counters>>;
  /** Faults noticed at this operation. */
  readonly violations: readonly Violation[];
}

export interface Trace {
  readonly run: Run;
  readonly timeline: readonly TimelineEntry[];
  /** What the platform did once, before the program began. */
  readonly startup: Counters;
}

export interface TraceOptions {
  /** Called after each operation; gives the counters at that moment when it is asked. */
  readonly visit?: (index: number, counters: () => Counters) => void;
  /** False: `timeline` stays empty, which saves time and memory in long programs. Default true. */
  readonly keep?: boolean;
}

/** Executes a program and tells every step. */
export function trace(program: Program, platform: Platform, { visit, keep = true }: TraceOptions = {}): Trace {
  const steps: { readonly address: MappingAddress | null; readonly changes: Readonly<Partial<Counters>> }[] = [];
  let address: MappingAddress | null = null;
  let before: Counters = noCounters();
  const recorded: Platform = {
    ...platform,
    create: (dialect) =>
      watchMaps(platform.create(dialect), (grant) => {
        address = grant.address;
      }),
  };
  const result = run(program, keep ? recorded : platform, (index, system) => {
    visit?.(index, () => system.counters());
    if (!keep) return;
    const after = system.counters();
    steps.push({ address, changes: difference(before, after) });
    address = null;
    before = after;
  });
  const refusals = new Map(result.refusals.map(({ index, reason }) => [index, reason]));
  const noticed = new Map<number, Violation[]>();
  for (const violation of result.violations) {
    const others = noticed.get(violation.index);
    if (others === undefined) noticed.set(violation.index, [violation]);
    else others.push(violation);
  }
  const timeline = steps.map((step, index) => ({
    index,
    ...step,
    refused: refusals.get(index) ?? null,
    violations: noticed.get(index) ?? [],
  }));
  return { run: result, timeline, startup: platform.create(program.dialect).startup() };
}

/** The same system, which shows what each map was granted. */
function watchMaps(system: MemorySystem, show: (grant: MapGrant) => void): MemorySystem {
  return {
    allocate: (request) => system.allocate(request),
    free: (allocation) => system.free(allocation),
    map: (request) => {
      const grant = system.map(request);
      show(grant);
      return grant;
    },
    unmap: (grant) => system.unmap(grant),
    sync: (grant, owner, bytes) => system.sync(grant, owner, bytes),
    convert: (request) => system.convert(request),
    setMask: (bits) => system.setMask?.(bits),
    exitBootServices: () => system.exitBootServices(),
    counters: () => system.counters(),
    startup: () => system.startup(),
  };
}
