import type { Expression, FunctionGraph, Loop } from '../flow/index.ts';

export interface LoopInfo extends Loop {
  /** Makes, releases or maps DMA resources: worth being unrolled. Others are run once, with what they assign unknown. */
  readonly heavy: boolean;
  readonly assigned: readonly Expression[];
  /** Families that are released in it but not acquired; null when it releases nothing, or acquires too. */
  readonly releases: ReadonlySet<string> | null;
  /** Fields from which it takes what it releases; null where it cannot be told. */
  readonly releasedFields: ReadonlySet<string> | null;
}

/** What a call in a loop does to resources. */
export interface CallKind {
  readonly heavy: boolean;
  readonly acquires: boolean;
  /** Families that it releases. */
  readonly releases: ReadonlySet<string>;
  /** Fields from which it takes what it releases; null where it cannot be told. */
  readonly releasedFields: ReadonlySet<string> | null;
}

export interface LoopTable {
  /** Loops that contain each block, innermost first. */
  readonly around: readonly (readonly LoopInfo[])[];
  readonly byHeader: ReadonlyMap<number, LoopInfo>;
}

export function describeLoops(
  graph: FunctionGraph,
  kindOf: (callee: Expression, values: readonly Expression[]) => CallKind,
): LoopTable {
  const loops = graph.loops.map((loop): LoopInfo => {
    const instructions = [...loop.blocks].flatMap((b) => graph.blocks[b]?.instructions ?? []);
    const calls = instructions.flatMap((i) => (i.kind === 'call' ? [kindOf(i.callee, i.arguments)] : []));
    const families = new Set(calls.flatMap((c) => [...c.releases]));
    return {
      ...loop,
      heavy: calls.some((c) => c.heavy),
      releases: !families.size || calls.some((c) => c.acquires) ? null : families,
      releasedFields: unionOf(calls.flatMap((c) => (c.releases.size ? [c.releasedFields] : []))),
      assigned: instructions.flatMap((i) => (i.kind === 'set' && i.target.kind !== 'temporary' ? [i.target] : [])),
    };
  });
  loops.sort((a, b) => a.blocks.size - b.blocks.size);
  return {
    around: graph.blocks.map((_, b) => loops.filter((l) => l.blocks.has(b))),
    byHeader: new Map(loops.map((l) => [l.header, l])),
  };
}

function unionOf(sets: readonly (ReadonlySet<string> | null)[]): ReadonlySet<string> | null {
  const all = new Set<string>();
  for (const set of sets) {
    if (!set) return null;
    for (const one of set) all.add(one);
  }
  return all;
}

/** Follows empty blocks that only jump on. */
export function finalTarget(graph: FunctionGraph, block: number): number {
  let at = block;
  for (let hops = 0; hops < 8; hops++) {
    const b = graph.blocks[at];
    if (!b || b.instructions.length || b.end.kind !== 'goto') break;
    at = b.end.to;
  }
  return at;
}
