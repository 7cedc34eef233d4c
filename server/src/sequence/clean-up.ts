import { type Block, type FunctionGraph, type Instruction, successors } from '../flow/index.ts';

/** The first instruction at the label to which a decision leads, and others too: `goto err`. Null where it leads to none. */
export function cleanUpAfter(graph: FunctionGraph, condition: number, arm: boolean): Instruction | null {
  const { blocks } = graph;
  const branch = blocks.find(({ end }) => end.kind === 'branch' && end.condition.start === condition)?.end;
  if (branch?.kind !== 'branch') return null;
  let next: number | null = arm ? branch.whenTrue : branch.whenFalse;
  for (let hops = 0; next !== null && hops < blocks.length; hops++) {
    const block: Block | undefined = blocks[next];
    const [first] = block?.instructions ?? [];
    if (first && entriesOf(graph, next) > 1) return first;
    next = block?.end.kind === 'goto' ? block.end.to : null;
  }
  return null;
}

const ENTRIES = new WeakMap<FunctionGraph, ReadonlyMap<number, number>>();

/** From how many blocks that are reached one goes on to this one. */
function entriesOf(graph: FunctionGraph, block: number): number {
  let entries = ENTRIES.get(graph);
  if (!entries) {
    const found = new Map<number, number>();
    graph.blocks.forEach(({ end }, i) => {
      if ((graph.order[i] ?? -1) < 0) return;
      for (const to of successors(end)) found.set(to, (found.get(to) ?? 0) + 1);
    });
    entries = found;
    ENTRIES.set(graph, entries);
  }
  return entries.get(block) ?? 0;
}
