import { SEGMENT_SLOTS, SLOT_BYTES } from '../bounce/swiotlb/index.ts';
import type { MapOperation, Operation, Program } from '../program/index.ts';
import type { Proposal } from './hint.ts';
import { isMapping, maps, type Placed, withOperations } from './rewrite.ts';

/** Bytes of the longest run of slots that is ever handed out: 256 KiB. */
const LIMIT = SEGMENT_SLOTS * SLOT_BYTES;

/** Lists are bounced entry by entry: their length says nothing. */
const FAMILIES = new Set(['single', 'page', 'phys']);

/** A mapping that no bounce pool can ever hold: it fails wherever memory bounces. Instead: pieces that fit. */
export function oversizedBounce(program: Program): readonly Proposal[] {
  return maps(program)
    .filter(({ operation }) => FAMILIES.has(operation.family) && (operation.size.bytes ?? 0) > LIMIT)
    .map((map) => ({
      kind: 'oversized-bounce',
      index: map.index,
      related: [],
      detail: { made: map.operation.api, bytes: `${map.operation.size.bytes}`, limit: `${LIMIT}` },
      now: program,
      instead: withOperations(program, inPieces(program, map)),
    }));
}

function inPieces({ operations }: Program, { index, operation }: Placed<MapOperation>): readonly Operation[] {
  const size = { bytes: LIMIT, key: `${LIMIT}` };
  return operations.flatMap((one, i): Operation[] => {
    if (i === index) return [{ ...operation, size }];
    return 'target' in one && isMapping(one.target, operation.mapping) && 'size' in one ? [{ ...one, size }] : [one];
  });
}
