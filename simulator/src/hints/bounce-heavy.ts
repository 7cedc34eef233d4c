import { PAGE_BYTES } from '../memory/page.ts';
import type { MapOperation, Operation, Program, SetMask } from '../program/index.ts';
import type { Proposal } from './hint.ts';
import { isMapping, maps, type Placed, withOperations } from './rewrite.ts';

const WIDE = 64;
/** Devices that reach less have their own zone of memory, and drivers that know it. */
const NARROW = 32;
/** Bytes of a cache line, as DmaLib and most architectures have it. */
const CACHE_LINE = 64;

/** Every transfer bounces: because of the mask that the driver sets, or because of a size that is no whole number of cache lines. */
export function bounceHeavy(program: Program): readonly Proposal[] {
  return program.dialect === 'linux' ? narrowMasks(program) : unalignedSizes(program);
}

/** A page is transferred in each direction with the mask as it is. Instead: with one of 64 bits. */
function narrowMasks(program: Program): readonly Proposal[] {
  const masks = program.operations.flatMap((operation, index) =>
    operation.op === 'set-mask' && operation.mode !== 'common' ? [{ index, operation }] : [],
  );
  const [first] = masks;
  // A wider one is tried as well: the narrow one is for machines on which that fails.
  if (first === undefined || masks.some(({ operation }) => operation.bits > NARROW)) return [];
  const { index, operation } = first;
  return [
    {
      kind: 'bounce-heavy',
      index,
      related: [],
      detail: { made: operation.api, bits: `${operation.bits}` },
      now: withOperations(program, [operation, ...transfer(operation)]),
      instead: withOperations(program, [{ ...operation, bits: WIDE }, ...transfer(operation)]),
    },
  ];
}

function transfer({ site, api, device }: SetMask): readonly Operation[] {
  const size = { bytes: PAGE_BYTES, key: `${PAGE_BYTES}` };
  const of = { site, api, device, size, direction: 'bidirectional', family: 'single' } as const;
  return [
    {
      ...of,
      op: 'map',
      mapping: 0,
      buffer: { to: 'unknown' },
      mode: 'streaming',
      releasedBy: ['single'],
      outcome: 'ok',
      managed: false,
      attributes: [],
    },
    { ...of, op: 'unmap', target: { to: 'mapping', id: 0, how: 'exact' }, entries: null },
  ];
}

/** Streaming mappings that a library without coherent memory has to bounce. Instead: whole cache lines. */
function unalignedSizes(program: Program): readonly Proposal[] {
  return maps(program)
    .filter(({ operation: { mode, size } }) => mode === 'streaming' && (size.bytes ?? 0) % CACHE_LINE !== 0)
    .map((map) => {
      const bytes = map.operation.size.bytes ?? 0;
      return {
        kind: 'bounce-heavy',
        index: map.index,
        related: [],
        detail: { made: map.operation.api, bytes: `${bytes}`, line: `${CACHE_LINE}` },
        now: program,
        instead: withOperations(program, resized(program, map, Math.ceil(bytes / CACHE_LINE) * CACHE_LINE)),
      };
    });
}

function resized({ operations }: Program, { index, operation }: Placed<MapOperation>, bytes: number): Operation[] {
  const size = { bytes, key: `${bytes}` };
  return operations.map((one, i) => {
    if (i === index) return { ...operation, size };
    return one.op === 'unmap' && isMapping(one.target, operation.mapping) ? { ...one, size } : one;
  });
}
