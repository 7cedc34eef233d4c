import type { Direction, MapOperation, Operation, Program, Reference } from '../program/index.ts';
import type { Proposal } from './hint.ts';
import { grouped, isMapping, maps, type Placed, unmaps, withOperations } from './rewrite.ts';

/**
 * One place maps the same piece of the same buffer again and again. Instead: it is mapped once, and changes hands by syncs; UEFI has
 * none of these, there it stays mapped.
 */
export function mapInLoop(program: Program): readonly Proposal[] {
  return grouped(maps(program), keyOf).flatMap((turns) => {
    const [first] = turns;
    if (first === undefined || turns.length < 2) return [];
    const ends = turns.map(({ index, operation }) =>
      unmaps(program).find((one) => one.index > index && isMapping(one.operation.target, operation.mapping)),
    );
    // Mapped again before the first mapping went: these are several mappings for several transfers.
    const isRepeated = turns.every(({ index }, i) => i === 0 || (ends[i - 1]?.index ?? index) < index);
    if (!isRepeated || ends[0] === undefined) return [];
    return [
      {
        kind: 'map-in-loop' as const,
        index: first.index,
        related: [{ index: ends[0].index, role: 'released' as const }],
        detail: { made: first.operation.api, times: `${turns.length}` },
        now: program,
        instead: withOperations(program, mappedOnce(program, turns)),
      },
    ];
  });
}

/** Null: not known to be the same each time. */
function keyOf({
  operation: { buffer, start, size, direction, site, mode, family },
}: Placed<MapOperation>): string | null {
  if (mode !== 'streaming' || !isSimple(family) || buffer.to !== 'buffer' || buffer.how !== 'exact') return null;
  if (size.bytes === null && size.key === '?') return null;
  return [site, buffer.id, start ?? '', size.key, direction].join();
}

/** Lists are filled anew: that their name is the same says nothing of the memory. */
const isSimple = (family: string): boolean => !/sg|iommu|iova|resource/.test(family);

function mappedOnce(program: Program, turns: readonly Placed<MapOperation>[]): readonly Operation[] {
  const [first] = turns;
  if (first === undefined) return program.operations;
  const { mapping, size, direction } = first.operation;
  const all = new Set(turns.map(({ operation }) => operation.mapping));
  const isOurs = (reference: Reference): boolean => reference.to === 'mapping' && all.has(reference.id);
  const lastEnd = unmaps(program).findLast(({ operation }) => isOurs(operation.target))?.index;
  return program.operations.flatMap((operation, index): Operation[] => {
    if (operation.op === 'map' && all.has(operation.mapping)) {
      return index === first.index ? [operation] : syncs(program, operation, mapping, size, direction, 'device');
    }
    if (!('target' in operation) || !isOurs(operation.target)) return [operation];
    if (operation.op === 'unmap' && index !== lastEnd)
      return syncs(program, operation, mapping, size, direction, 'cpu');
    return [{ ...operation, target: { to: 'mapping', id: mapping, how: 'exact' } }];
  });
}

function syncs(
  { dialect }: Program,
  { site, api }: Operation,
  mapping: number,
  size: MapOperation['size'],
  direction: Direction,
  owner: 'cpu' | 'device',
): Operation[] {
  if (dialect === 'edk2') return [];
  const target: Reference = { to: 'mapping', id: mapping, how: 'exact' };
  return [{ op: 'sync', site, api, target, owner, direction, size, entries: null }];
}
