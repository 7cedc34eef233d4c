import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COUNTERS, type CounterName, run } from '../machine/index.ts';
import type { MapOperation, Operation, Program, Reference } from '../program/index.ts';
import { PLATFORMS } from './named.ts';

/** Steps that a driver may take, right or wrong; `which` chooses among what there is. */
const step = fc.record({
  kind: fc.constantFrom('allocate', 'map', 'map', 'map', 'unmap', 'unmap', 'free', 'sync', 'exit'),
  which: fc.nat(1000),
  bytes: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 600_000 }), fc.constantFrom(1, 4096, 262_144, 262_145)),
  direction: fc.constantFrom('to-device', 'from-device', 'bidirectional', 'unknown'),
  mode: fc.constantFrom('streaming', 'streaming', 'common'),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const common = { site: 0, api: 'call' };
const family = { family: 'f', device: null } as const;
const made = { ...family, releasedBy: ['f'], outcome: 'ok', managed: false, attributes: [] } as const;
const size = (bytes: number | null) => ({ bytes, key: `${bytes}` });
const to = (kind: 'buffer' | 'mapping', id: number): Reference => ({ to: kind, id, how: 'exact' });

/** The operations of these steps; with `releases`, everything that is held is given back in the end. */
function operationsOf(steps: readonly Step[], releases: boolean): readonly Operation[] {
  const operations: Operation[] = [];
  const buffers: number[] = [];
  const mappings: MapOperation[] = [];
  const used: MapOperation[] = [];
  let next = 1;
  const unmap = ({ mapping, direction }: MapOperation): void => {
    operations.push({
      ...common,
      ...family,
      op: 'unmap',
      target: to('mapping', mapping),
      size: size(null),
      direction,
      entries: null,
    });
  };
  const free = (id: number): void => {
    operations.push({ ...common, ...family, op: 'free', target: to('buffer', id), size: size(null) });
  };
  for (const { kind, which, bytes, direction, mode } of steps) {
    if (kind === 'allocate') {
      operations.push({ ...common, ...made, op: 'allocate', buffer: next, memory: 'dma', size: size(bytes) });
      buffers.push(next);
      next += 1;
    } else if (kind === 'map') {
      const own = buffers[which % (buffers.length + 1)];
      const buffer = to('buffer', mode === 'common' && own !== undefined ? own : 10_000 + (which % 5));
      const map: MapOperation = {
        ...common,
        ...made,
        op: 'map',
        mapping: next,
        buffer,
        size: size(bytes),
        direction,
        mode,
      };
      operations.push(map);
      mappings.push(map);
      next += 1;
    } else if (kind === 'unmap') {
      // Also what was unmapped before.
      const [gone] = mappings.splice(which % (mappings.length || 1), 1);
      const again = releases ? undefined : used[which % (used.length || 1)];
      const one = gone ?? again;
      if (one !== undefined) unmap(one);
      if (gone !== undefined) used.push(gone);
    } else if (kind === 'free') {
      const [id] = releases ? [] : buffers.splice(which % (buffers.length || 1), 1);
      if (id !== undefined) free(id);
    } else if (kind === 'sync') {
      const one = mappings[which % (mappings.length || 1)];
      if (one === undefined) continue;
      const target = to('mapping', one.mapping);
      operations.push({
        ...common,
        op: 'sync',
        target,
        owner: 'cpu',
        direction: one.direction,
        size: size(null),
        entries: null,
      });
    } else if (!releases) operations.push({ ...common, op: 'exit-boot-services', phase: 'end' });
  }
  if (!releases) return operations;
  for (const one of mappings) unmap(one);
  for (const id of buffers) free(id);
  return operations;
}

const steps = fc.array(step, { maxLength: 30 });
const programOf = (operations: readonly Operation[], dialect: Program['dialect']): Program => ({
  name: 'p',
  dialect,
  operations,
});

describe('any program', () => {
  it('has the same faults on every platform of its dialect: only what they do differs', () => {
    fc.assert(
      fc.property(steps, fc.constantFrom('linux', 'edk2'), (list, dialect) => {
        const program = programOf(operationsOf(list, false), dialect);
        const faults = PLATFORMS.filter(({ dialects }) => dialects.includes(dialect)).map((platform) =>
          run(program, platform).violations.map(({ kind, index }) => `${kind}@${index}`),
        );
        for (const one of faults) expect(one).toEqual(faults[0]);
      }),
      { numRuns: 60 },
    );
  });

  it.each(PLATFORMS.map((platform) => [platform.id, platform] as const))(
    'gives the same twice on %s, and never a count below 0',
    (_, platform) => {
      fc.assert(
        fc.property(steps, (list) => {
          const [dialect = 'linux'] = platform.dialects;
          const program = programOf(operationsOf(list, false), dialect);
          const { counters, refusals, violations } = run(program, platform);
          expect(run(program, platform)).toEqual({ counters, refusals, violations });
          for (const [name, value] of Object.entries(counters)) expect([name, value >= 0]).toEqual([name, true]);
          expect(counters.refusals).toBe(refusals.length);
          expect(counters.slots).toBeLessThanOrEqual(counters.slotsHighWater);
        }),
        { numRuns: 25 },
      );
    },
  );

  it.each(PLATFORMS.map((platform) => [platform.id, platform] as const))(
    'that gives everything back leaves nothing held on %s',
    (_, platform) => {
      const gauges = (Object.keys(COUNTERS) as CounterName[]).filter(
        (name) => COUNTERS[name].gauge === true && name !== 'pendingInvalidations',
      );
      fc.assert(
        fc.property(steps, (list) => {
          const [dialect = 'linux'] = platform.dialects;
          const { counters } = run(programOf(operationsOf(list, true), dialect), platform);
          expect(gauges.map((name) => [name, counters[name]])).toEqual(gauges.map((name) => [name, 0]));
          expect(counters.pagesShared).toBe(counters.pagesPrivate);
        }),
        { numRuns: 25 },
      );
    },
  );
});
