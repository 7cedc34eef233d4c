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

/** Executes a program and tells every step. `visit` is called after each operation with the counters at that moment. */
export function trace(
  program: Program,
  platform: Platform,
  visit: (index: number, counters: Counters) => void = () => {},
): Trace {
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
  const result = run(program, recorded, (index, system) => {
    const after = system.counters();
    steps.push({ address, changes: difference(before, after) });
    visit(index, after);
    address = null;
    before = after;
  });
  const refusals = new Map(result.refusals.map(({ index, reason }) => [index, reason]));
  const noticed = new Map<number, Violation[]>();
  for (const violation of result.violations) {
    noticed.set(violation.index, [...(noticed.get(violation.index) ?? []), violation]);
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
    exitBootServices: () => system.exitBootServices(),
    counters: () => system.counters(),
    startup: () => system.startup(),
  };
}
