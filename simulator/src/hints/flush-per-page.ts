import { PAGE_BYTES } from '../memory/page.ts';
import type { MapOperation, Operation, Program, Reference, Unmap } from '../program/index.ts';
import type { Proposal } from './hint.ts';
import { grouped, type Placed, unmaps, withOperations } from './rewrite.ts';

const FAMILIES = new Set(['page', 'single', 'phys', 'iommu']);

/**
 * One place unmaps page after page, and each is invalidated by itself. Instead: the pages are one mapping, of a scatterlist or
 * of a range, and go together.
 */
export function flushPerPage(program: Program): readonly Proposal[] {
  return grouped(unmaps(program), keyOf).flatMap((turns) => {
    const [first, second] = turns;
    if (first === undefined || second === undefined) return [];
    const targets = new Set(turns.flatMap(({ operation: { target } }) => (target.to === 'mapping' ? [target.id] : [])));
    if (targets.size < turns.length) return [];
    return [
      {
        kind: 'flush-per-page' as const,
        index: first.index,
        related: [],
        detail: { made: first.operation.api, family: first.operation.family, times: `${turns.length}` },
        now: withOperations(program, [
          ...turns.map((one, i) => mapOf(one, i, PAGE_BYTES)),
          ...turns.map((one, i) => unmapOf(one, i, PAGE_BYTES)),
        ]),
        instead: withOperations(program, [
          mapOf(first, 0, PAGE_BYTES * turns.length),
          unmapOf(first, 0, PAGE_BYTES * turns.length),
        ]),
      },
    ];
  });
}

function keyOf({ operation: { family, size, site, target } }: Placed<Unmap>): string | null {
  const isPage = size.bytes === PAGE_BYTES || size.key === 'const:PAGE_SIZE';
  return FAMILIES.has(family) && isPage && target.to === 'mapping' && target.how === 'exact' ? `${site}` : null;
}

const sizeOf = (bytes: number): Unmap['size'] => ({ bytes, key: `${bytes}` });
const reference = (mapping: number): Reference => ({ to: 'mapping', id: mapping, how: 'exact' });

function mapOf({ operation: { site, api, family, device, direction } }: Placed<Unmap>, mapping: number, bytes: number) {
  return {
    op: 'map',
    site,
    api,
    mapping,
    buffer: { to: 'unknown' },
    size: sizeOf(bytes),
    direction,
    mode: 'streaming',
    family,
    releasedBy: [family],
    device,
    outcome: 'ok',
    managed: false,
    attributes: [],
  } as const satisfies MapOperation;
}

const unmapOf = ({ operation }: Placed<Unmap>, mapping: number, bytes: number): Operation => ({
  ...operation,
  target: reference(mapping),
  size: sizeOf(bytes),
});
