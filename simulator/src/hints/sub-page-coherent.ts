import { PAGE_BYTES } from '../memory/page.ts';
import type { Allocate, Program } from '../program/index.ts';
import type { Proposal } from './hint.ts';
import { allocations, grouped, isBuffer, type Placed, withOperations } from './rewrite.ts';

/** Of these each takes pages of its own. */
const FAMILIES = new Set(['coherent', 'attrs', 'wc', 'managed-coherent']);

/** At least four fit in a page. */
const SMALL = PAGE_BYTES / 4;

/**
 * Several coherent buffers of one device that live at the same time, each far smaller than the page that it takes. Instead:
 * blocks of one dma_pool, which share pages.
 */
export function subPageCoherent(program: Program): readonly Proposal[] {
  return grouped(allocations(program), keyOf).flatMap((all) => {
    const together = all.filter((one) => livesToTheEnd(program, one));
    const [first, ...others] = together;
    if (first === undefined || others.length === 0) return [];
    const sizes = together.map(({ operation }) => operation.size.bytes ?? 0);
    const size = { bytes: Math.max(...sizes), key: `${Math.max(...sizes)}` };
    const buffers = new Set(together.map(({ operation }) => operation.buffer));
    return [
      {
        kind: 'sub-page-coherent' as const,
        index: first.index,
        related: others.map(({ index }) => ({ index, role: 'allocated' as const })),
        detail: {
          made: first.operation.api,
          times: `${together.length}`,
          sizes: [...new Set(sizes)].join(', '),
          places: `${new Set(together.map(({ operation }) => operation.site)).size}`,
        },
        now: program,
        instead: withOperations(
          program,
          program.operations.map((one) =>
            one.op === 'allocate' && buffers.has(one.buffer) ? { ...one, family: 'dma-pool-block', size } : one,
          ),
        ),
      },
    ];
  });
}

function keyOf({ operation: { family, device, size } }: Placed<Allocate>): string | null {
  const isSmall = size.bytes !== null && size.bytes > 0 && size.bytes <= SMALL;
  return isSmall && FAMILIES.has(family) ? `${device}` : null;
}

const livesToTheEnd = ({ operations }: Program, { operation: { buffer } }: Placed<Allocate>): boolean =>
  !operations.some((one) => (one.op === 'free' || one.op === 'lose') && isBuffer(one.target, buffer));
