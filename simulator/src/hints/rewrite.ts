import type {
  Allocate,
  BufferId,
  Free,
  MapOperation,
  MappingId,
  Operation,
  Program,
  Reference,
  Unmap,
} from '../program/index.ts';

/** The same program with other operations. */
export const withOperations = (program: Program, operations: readonly Operation[]): Program => ({
  ...program,
  operations,
});

export const isBuffer = (reference: Reference, id: BufferId): boolean =>
  reference.to === 'buffer' && reference.id === id;

export const isMapping = (reference: Reference, id: MappingId): boolean =>
  reference.to === 'mapping' && reference.id === id;

/** An operation and its place in the program. */
export interface Placed<T extends Operation> {
  readonly index: number;
  readonly operation: T;
}

function* placed<T extends Operation>(
  { operations }: Program,
  isWanted: (operation: Operation) => operation is T,
): Iterable<Placed<T>> {
  for (const [index, operation] of operations.entries()) if (isWanted(operation)) yield { index, operation };
}

const isMap = (operation: Operation): operation is MapOperation => operation.op === 'map' && operation.outcome === 'ok';
const isUnmap = (operation: Operation): operation is Unmap => operation.op === 'unmap';
const isFree = (operation: Operation): operation is Free => operation.op === 'free';
const isAllocate = (operation: Operation): operation is Allocate =>
  operation.op === 'allocate' && operation.outcome === 'ok' && operation.memory === 'dma';

/** Mappings that were made. */
export const maps = (program: Program): readonly Placed<MapOperation>[] => [...placed(program, isMap)];
export const unmaps = (program: Program): readonly Placed<Unmap>[] => [...placed(program, isUnmap)];
export const frees = (program: Program): readonly Placed<Free>[] => [...placed(program, isFree)];
/** DMA memory that was allocated. */
export const allocations = (program: Program): readonly Placed<Allocate>[] => [...placed(program, isAllocate)];

/** In groups with equal keys, in the order in which they began; those with the key null are left out. */
export function grouped<T>(all: readonly T[], keyOf: (one: T) => string | number | null): readonly (readonly T[])[] {
  const groups = new Map<string | number, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    if (key === null) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups.values()];
}
