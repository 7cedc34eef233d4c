import type { FunctionGraph } from './ir.ts';

/** The same graph `by` UTF-16 units further on in the text: what an edit above a function makes of it. */
export function shiftGraph(graph: FunctionGraph, by: number): FunctionGraph {
  return by === 0 ? graph : { ...graph, span: shifted(graph.span, by), blocks: shifted(graph.blocks, by) };
}

/** A copy in which each `start` and `end` that is a number is moved. */
function shifted<T>(value: T, by: number): T {
  if (Array.isArray(value)) return value.map((one) => shifted(one, by)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value))
    copy[key] =
      typeof inner === 'number'
        ? key === 'start' || key === 'end'
          ? inner + by
          : inner
        : typeof inner === 'object'
          ? shifted(inner, by)
          : inner;
  return copy as T;
}
