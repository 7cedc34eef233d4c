import type { Operation, Reference, Violation } from '@dma-audit/simulator';
import type { DmaPath, Exploration } from '../sequence/index.ts';

/**
 * Where the other arm of a decision above it releases the same thing by another function, the decision tells which of them
 * has made it, though that could not be followed: something here is for this one to release.
 */
export function isReleasedApart({ index }: Violation, path: DmaPath, exploration: Exploration): boolean {
  const released = releasedAt(path, index);
  if (released === null || !makesFor(released.family, exploration)) return false;
  const others = new Set(
    path.steps.flatMap(({ what, before, place }) =>
      before === index && OPPOSITE.has(what) ? [`${OPPOSITE.get(what)} ${place.file}:${place.start}`] : [],
    ),
  );
  return exploration.paths.some((other) =>
    other.steps.some(({ what, before, place }, i) => {
      if (!others.has(`${what} ${place.file}:${place.start}`) || other.steps[i + 1]?.before === before) return false;
      const there = releasedAt(other, before);
      return there?.id === released.id && there.family !== released.family;
    }),
  );
}

/** Is the release for nothing that is made here? */
export function isOnlyMistaken({ index }: Violation, path: DmaPath, exploration: Exploration): boolean {
  const released = releasedAt(path, index);
  return released !== null && !makesFor(released.family, exploration);
}

/** Is anything made here that this family releases? Who makes ordinary memory is not told. */
const makesFor = (family: string, { paths }: Exploration): boolean =>
  family === 'memory' ||
  paths.some(({ program: { operations } }) =>
    operations.some((o) => (o.op === 'map' || o.op === 'allocate') && o.releasedBy.includes(family)),
  );

/**
 * Where code that is not seen had the mapping, the memory that a decision looks at may be otherwise than when it was made: the
 * release may be for what the function maps on its other ways, or decided on in a callee.
 */
export function isMadeApart(
  { index, related }: Violation,
  { program: { operations } }: DmaPath,
  { paths }: Exploration,
  isOwn: boolean,
): boolean {
  const release = operations[index];
  const made = operations[related.find(({ role }) => role === 'mapped')?.index ?? -1];
  if (release?.op !== 'unmap' || made?.op !== 'map') return false;
  const isHandedOver = operations.some((o) => o.op === 'hand-over' && isAbout(o, made.mapping));
  const isMadeSo = (o: Operation): boolean =>
    o.op === 'map' && o.direction === release.direction && isSame(o.buffer, made.buffer);
  return isHandedOver && (!isOwn || paths.some(({ program }) => program.operations.some(isMadeSo)));
}

const isAbout = ({ target }: Operation & { readonly op: 'hand-over' }, mapping: number): boolean =>
  target.to === 'mapping' && target.id === mapping;

const isSame = (one: Reference, other: Reference): boolean =>
  one.to === 'buffer' && other.to === 'buffer' && one.id === other.id;

const OPPOSITE: ReadonlyMap<string, string> = new Map([
  ['true', 'false'],
  ['false', 'true'],
]);

export function releasedAt(
  { program }: DmaPath,
  index: number,
): { readonly id: number; readonly family: string } | null {
  const operation = program.operations[index];
  const isRelease = operation?.op === 'unmap' || operation?.op === 'free';
  return isRelease && 'id' in operation.target ? { id: operation.target.id, family: operation.family } : null;
}
