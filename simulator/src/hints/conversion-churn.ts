import type { Convert, MapOperation, Operation, Program } from '../program/index.ts';
import type { Proposal } from './hint.ts';
import { allocations, frees, isBuffer, isMapping, withOperations } from './rewrite.ts';

/** Memory of these is cut from what is shared already: nothing is converted for it alone. */
const POOLED = new Set(['dma-pool', 'dma-pool-block', 'gen-pool']);

/**
 * A buffer for both sides is made and given back in one run of the program, so that each run converts it twice. Instead: it is
 * made once, before, and kept.
 */
export function conversionChurn(program: Program): readonly Proposal[] {
  return [...madeAndFreed(program), ...converted(program)];
}

function* madeAndFreed(program: Program): Iterable<Proposal> {
  for (const { index, operation } of allocations(program)) {
    const { buffer, family, site, managed } = operation;
    if (POOLED.has(family) || managed) continue;
    const end = frees(program).find((one) => one.index > index && isBuffer(one.operation.target, buffer));
    if (end === undefined) continue;
    const common = new Set(
      program.operations.flatMap((one) =>
        one.op === 'map' && one.mode === 'common' && isBuffer(one.buffer, buffer) ? [one.mapping] : [],
      ),
    );
    const kept = program.operations.filter((one) => !isOfLife(one, buffer, common));
    yield {
      kind: 'conversion-churn',
      index,
      related: [{ index: end.index, role: 'released' }],
      detail: { made: operation.api, freed: end.operation.api, times: `${timesAt(program, site)}` },
      now: program,
      instead: withOperations(program, kept),
    };
  }
}

/** Makes the buffer, shares it for its life, or ends one of both. */
function isOfLife(operation: Operation, buffer: number, common: ReadonlySet<number>): boolean {
  switch (operation.op) {
    case 'allocate':
      return operation.buffer === buffer;
    case 'map':
      return isCommonOf(operation, buffer);
    case 'free':
      return isBuffer(operation.target, buffer);
    case 'unmap':
      return [...common].some((mapping) => isMapping(operation.target, mapping));
    default:
      return false;
  }
}

const isCommonOf = ({ mode, buffer: reference }: MapOperation, buffer: number): boolean =>
  mode === 'common' && isBuffer(reference, buffer);

/** The program converts pages by itself, and back. */
function* converted(program: Program): Iterable<Proposal> {
  const conversions = program.operations.flatMap((operation, index) =>
    operation.op === 'convert' && operation.outcome === 'ok' && operation.target.to === 'buffer'
      ? [{ index, operation, buffer: operation.target.id }]
      : [],
  );
  const told = new Set<number>();
  for (const { index, operation, buffer } of conversions) {
    if (operation.to !== 'shared' || told.has(buffer)) continue;
    const back = conversions.find(
      (one) => one.index > index && one.buffer === buffer && one.operation.to === 'private',
    );
    if (back === undefined) continue;
    told.add(buffer);
    const isSame = (one: Operation): one is Convert => one.op === 'convert' && isBuffer(one.target, buffer);
    yield {
      kind: 'conversion-churn',
      index,
      related: [{ index: back.index, role: 'released' }],
      detail: { made: operation.api, freed: back.operation.api, times: `${timesAt(program, operation.site)}` },
      now: program,
      instead: withOperations(
        program,
        program.operations.filter((one) => !isSame(one)),
      ),
    };
  }
}

/** More than once: in a loop. */
const timesAt = ({ operations }: Program, site: number): number =>
  operations.filter((one) => one.site === site && (one.op === 'allocate' || one.op === 'convert')).length;
