import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Block, Terminator } from './ir.ts';
import { orderBlocks, successors } from './order.ts';

const at = { start: 0, end: 0 };
const value = { kind: 'name', name: 'a', ...at } as const;

/** One block for each list of successors: none is a return, one a jump, two a branch, more a switch. */
function blocksOf(edges: readonly (readonly number[])[]): Block[] {
  return edges.map((to) => ({ instructions: [], end: terminator(to) }));
}

function terminator([first, second, ...rest]: readonly number[]): Terminator {
  if (first === undefined) return { kind: 'return', value: null, ...at };
  if (second === undefined) return { kind: 'goto', to: first, ...at };
  if (!rest.length) return { kind: 'branch', condition: value, whenTrue: first, whenFalse: second, ...at };
  return { kind: 'switch', value, cases: [second, ...rest].map((to) => ({ value, to })), otherwise: first, ...at };
}

function reachable(blocks: readonly Block[], start: number): Set<number> {
  const found = new Set([start]);
  for (const block of found) {
    const end = blocks[block]?.end;
    for (const to of end ? successors(end) : []) found.add(to);
  }
  return found;
}

const anyGraph = fc
  .integer({ min: 1, max: 14 })
  .chain((size) =>
    fc.array(fc.array(fc.nat(size - 1), { maxLength: 3 }), { minLength: size, maxLength: size }).map(blocksOf),
  );

/** Edges go forwards only. */
const acyclic = fc
  .integer({ min: 1, max: 14 })
  .chain((size) =>
    fc
      .array(fc.array(fc.nat(size - 1), { maxLength: 3 }), { minLength: size, maxLength: size })
      .map((edges) => blocksOf(edges.map((to, from) => to.filter((t) => t > from)))),
  );

/** What structured code gives: sequences, branches and loops in one another, with exits from within. */
type Shape =
  | { readonly kind: 'plain' }
  | { readonly kind: 'leave' }
  | { readonly kind: 'sequence' | 'branch'; readonly parts: readonly Shape[] }
  | { readonly kind: 'loop'; readonly body: Shape };

const shape = fc.letrec<{ shape: Shape }>((tie) => {
  const pair = fc.tuple(tie('shape'), tie('shape'));
  return {
    shape: fc.oneof(
      { depthSize: 'small', maxDepth: 4 },
      fc.constant<Shape>({ kind: 'plain' }),
      fc.constant<Shape>({ kind: 'leave' }),
      pair.map((parts): Shape => ({ kind: 'sequence', parts })),
      pair.map((parts): Shape => ({ kind: 'branch', parts })),
      tie('shape').map((body): Shape => ({ kind: 'loop', body })),
    ),
  };
}).shape;

function structured(root: Shape): Block[] {
  const edges: number[][] = [];
  const reserve = () => edges.push([]) - 1;
  const fill = (block: number, to: number[]) => {
    edges[block] = to;
  };
  /** Lays `s` between two blocks; `out` is where a jump out of all loops goes. */
  const lay = (s: Shape, from: number, to: number, out: number): void => {
    switch (s.kind) {
      case 'plain':
        return fill(from, [to]);
      case 'leave':
        return fill(from, [out, to]);
      case 'sequence': {
        let start = from;
        for (const part of s.parts) {
          const next = reserve();
          lay(part, start, next, out);
          start = next;
        }
        return fill(start, [to]);
      }
      case 'branch': {
        const arms = s.parts.map(() => reserve());
        fill(from, arms);
        s.parts.forEach((part, i) => {
          const arm = arms[i];
          if (arm !== undefined) lay(part, arm, to, out);
        });
        return;
      }
      case 'loop': {
        const [header, body] = [reserve(), reserve()];
        fill(from, [header]);
        fill(header, [body, to]);
        return lay(s.body, body, header, out);
      }
    }
  };
  const entry = reserve();
  const [exit, out] = [reserve(), reserve()];
  lay(root, entry, exit, out);
  return blocksOf(edges);
}

describe('orderBlocks', () => {
  it('gives each reachable block a position of its own, from 0 on, and no other', () => {
    fc.assert(
      fc.property(anyGraph, (blocks) => {
        const { order } = orderBlocks(blocks);
        const reached = reachable(blocks, 0);
        expect(order[0]).toBe(0);
        expect(order.flatMap((position, block) => (position < 0 ? [] : [block]))).toEqual(
          [...reached].sort((a, b) => a - b),
        );
        expect(order.filter((position) => position >= 0).sort((a, b) => a - b)).toEqual([...reached].map((_, i) => i));
      }),
    );
  });

  it('puts predecessors first where there are no loops', () => {
    fc.assert(
      fc.property(acyclic, (blocks) => {
        const { order, loops } = orderBlocks(blocks);
        expect(loops).toEqual([]);
        for (const from of reachable(blocks, 0))
          for (const to of successors(blocks[from]?.end ?? terminator([])))
            expect(order[to]).toBeGreaterThan(order[from] ?? -1);
      }),
    );
  });

  it('finds a loop for each way back, whose header is in it and whose blocks reach the header', () => {
    fc.assert(
      fc.property(anyGraph, (blocks) => {
        const { loops } = orderBlocks(blocks);
        const onCycle = [...reachable(blocks, 0)].filter((block) =>
          successors(blocks[block]?.end ?? terminator([])).some((to) => reachable(blocks, to).has(block)),
        );
        expect(loops.length > 0).toBe(onCycle.length > 0);
        for (const { header, blocks: members } of loops) {
          expect(members.has(header)).toBe(true);
          for (const member of members) expect(reachable(blocks, member).has(header)).toBe(true);
        }
        expect(new Set(loops.map((l) => l.header)).size).toBe(loops.length);
      }),
    );
  });

  it('keeps the blocks of a loop together, its header first, predecessors before successors', () => {
    fc.assert(
      fc.property(shape, (root) => {
        const blocks = structured(root);
        const { order, loops } = orderBlocks(blocks);
        for (const { header, blocks: members } of loops) {
          const positions = [...members].map((b) => order[b] ?? -1).sort((a, b) => a - b);
          expect(positions[0]).toBe(order[header]);
          expect((positions.at(-1) ?? 0) - (positions[0] ?? 0)).toBe(members.size - 1);
        }
        for (const from of reachable(blocks, 0))
          for (const to of successors(blocks[from]?.end ?? terminator([])))
            if (!loops.some((l) => l.header === to && l.blocks.has(from)))
              expect(order[to]).toBeGreaterThan(order[from] ?? -1);
      }),
      { numRuns: 300 },
    );
  });

  it('puts a loop before what is behind it, even if a goto leaves it from within', () => {
    // 0 → 1 (header) → 2 → 3 → 1, 2 → 5 (goto out), 1 → 4 → 5
    const { order, loops } = orderBlocks(blocksOf([[1], [2, 4], [5, 3], [1], [5], []]));
    expect(loops.map((l) => [l.header, [...l.blocks].sort()])).toEqual([[1, [1, 2, 3]]]);
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('is not limited by the stack', () => {
    const size = 50_000;
    const { order } = orderBlocks(blocksOf(Array.from({ length: size }, (_, i) => (i + 1 < size ? [i + 1] : []))));
    expect(order.at(-1)).toBe(size - 1);
  });
});
