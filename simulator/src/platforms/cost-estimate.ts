import { COSTS, type CostFigure, type CostId } from './costs.ts';

/** Nanoseconds. Where a figure has no middle, there is none in the sum either. */
export interface CostRange {
  readonly low: number;
  readonly typical: number | null;
  readonly high: number;
}

/** A sum of what is known, and the operations for which nothing is known. */
export interface CostEstimate {
  readonly known: CostRange;
  /** Operations that happened but have no published figure: id and how often. */
  readonly unknown: readonly { readonly id: CostId; readonly count: number }[];
  /** The figures used. */
  readonly sources: readonly CostId[];
}

/** How often each operation happened. */
export type CostCounts = Readonly<Partial<Record<CostId, number>>>;

/** The range of a figure, or null when nothing is known. A single figure is its own range. */
export function rangeOf(figure: CostFigure): CostRange | null {
  const low = figure.low ?? figure.typical;
  const high = figure.high ?? figure.typical;
  return low === null || high === null ? null : { low, typical: figure.typical, high };
}

/** Time for these operations; only figures in ns (or ns per byte, where the count is bytes) can be given. */
export function estimate(counts: CostCounts, figures: Readonly<Record<CostId, CostFigure>> = COSTS): CostEstimate {
  let known: CostRange = { low: 0, typical: 0, high: 0 };
  const unknown: { id: CostId; count: number }[] = [];
  const sources: CostId[] = [];
  for (const [id, count] of Object.entries(counts) as [CostId, number][]) {
    if (count === 0) continue;
    const figure = figures[id];
    if (figure.unit !== 'ns' && figure.unit !== 'ns/byte') throw new RangeError(`${id} is not a time`);
    sources.push(id);
    const range = rangeOf(figure);
    if (range === null) unknown.push({ id, count });
    else known = add(known, times(range, count));
  }
  return { known, unknown, sources };
}

const times = (range: CostRange, count: number): CostRange => ({
  low: range.low * count,
  typical: range.typical === null ? null : range.typical * count,
  high: range.high * count,
});

const add = (a: CostRange, b: CostRange): CostRange => ({
  low: a.low + b.low,
  typical: a.typical === null || b.typical === null ? null : a.typical + b.typical,
  high: a.high + b.high,
});
