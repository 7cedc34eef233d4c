import type { Block, Loop, Terminator } from './ir.ts';

export function successors(end: Terminator): readonly number[] {
  switch (end.kind) {
    case 'goto':
      return [end.to];
    case 'branch':
      return [end.whenTrue, end.whenFalse];
    case 'switch':
      return [...end.cases.map((c) => c.to), end.otherwise];
    case 'iterate':
      // The exit comes first so that reverse post-order puts the body before it.
      return [end.body, end.exit];
    case 'return':
    case 'stop':
      return [];
  }
}

/**
 * Reverse post-order positions (loop bodies before loop exits) and natural loops. Iterative: depth of nesting is bounded only by memory.
 * A retreating edge (to a block that is on the search stack) makes its target a loop header; irreducible regions get the same treatment.
 */
export function orderBlocks(blocks: readonly Block[]): { order: number[]; loops: Loop[] } {
  const post: number[] = [];
  const state = new Uint8Array(blocks.length); // 0 new, 1 on the stack, 2 done
  const backEdges: { from: number; to: number }[] = [];
  const predecessors: number[][] = blocks.map(() => []);
  const stack: { block: number; next: number; out: readonly number[] }[] = [];
  const push = (block: number) => {
    state[block] = 1;
    const end = blocks[block]?.end;
    // Visit exits first: what is finished first comes last in reverse post-order.
    stack.push({ block, next: 0, out: end ? [...successors(end)].reverse() : [] });
  };
  if (blocks.length) push(0);
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const to = top.out[top.next++];
    if (to === undefined) {
      state[top.block] = 2;
      post.push(top.block);
      stack.pop();
      continue;
    }
    predecessors[to]?.push(top.block);
    if (state[to] === 1) backEdges.push({ from: top.block, to });
    else if (state[to] === 0) push(to);
  }
  const loops = new Map<number, Set<number>>();
  for (const { from, to } of backEdges) {
    const members = loops.get(to) ?? new Set([to]);
    loops.set(to, members);
    const work = [from];
    for (let b = work.pop(); b !== undefined; b = work.pop()) {
      if (members.has(b)) continue;
      members.add(b);
      work.push(...(predecessors[b] ?? []));
    }
  }
  return {
    order: sortLoopsFirst(blocks, post.reverse(), loops),
    loops: [...loops].map(([header, members]) => ({ header, blocks: members })),
  };
}

/**
 * Positions such that every loop is finished before anything behind it: a plain reverse post-order may put a loop's exit
 * between its blocks (`goto out` from within), and states would then leave one by one instead of together.
 */
function sortLoopsFirst(
  blocks: readonly Block[],
  sequence: readonly number[],
  loops: ReadonlyMap<number, ReadonlySet<number>>,
): number[] {
  const order = new Array<number>(blocks.length).fill(-1);
  const emitted = new Set<number>();
  const result: number[] = [];
  const emitAll = (members: readonly number[], within: number | null) => {
    for (const block of members) {
      if (emitted.has(block)) continue;
      const loop = block === within ? undefined : loops.get(block);
      emitted.add(block);
      result.push(block);
      if (loop)
        emitAll(
          members.filter((b) => loop.has(b)),
          block,
        );
    }
  };
  emitAll(sequence, null);
  result.forEach((block, position) => {
    order[block] = position;
  });
  return order;
}
