/** A callee in a source text, as somebody points at it. Offsets. */
export interface CalleeRange {
  readonly start: number;
  readonly end: number;
}

/** Comments and literals: what looks like a call in them is none. */
const NO_CODE = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;

/** Characters before and behind the place in which a callee may reach. */
const REACH = 200;

/** The callee that `offset` lies on: `dma_map_single`, `PciIo->Mem.Write`; null when there is none. `from`: where code begins. */
export function calleeAt(text: string, from: number, offset: number): CalleeRange | null {
  for (const { 0: token, index } of text.slice(from).matchAll(NO_CODE)) {
    if (from + index > offset) break;
    if (offset < from + index + token.length) return null;
  }
  const before = /(?:\w+(?:\[[^\][]*\])?\s*(?:->|\.)\s*)*\w*$/.exec(text.slice(Math.max(from, offset - REACH), offset));
  const start = offset - (before?.[0].length ?? 0);
  const all = /^\w+(?:(?:\[[^\][]*\])?\s*(?:->|\.)\s*\w+)*(?=\s*\()/.exec(text.slice(start, offset + REACH));
  const end = start + (all?.[0].length ?? 0);
  return all && offset <= end ? { start, end } : null;
}
