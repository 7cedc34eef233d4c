import type { Counters, PlatformCost } from '@dma-audit/simulator';
import type { FunctionCost, PathCost } from '../audit/index.ts';

/** What is compared and summed: exact counts, and the range of time that is known (ns). */
export interface Figures {
  readonly conversions: number;
  readonly bytesBounced: number;
  readonly invalidations: number;
  readonly cacheMaintenance: number;
  /** Most slots and bounce pages at once: summed up nowhere. */
  readonly slots: number;
  readonly low: number;
  readonly high: number;
  /** Events for which there is no figure. */
  readonly unpriced: number;
}

export interface CostRow {
  readonly file: string;
  readonly function: string;
  readonly line: number;
  /** Calls in the workload; 1 without one. */
  readonly calls: number;
  readonly success: Figures;
  readonly worst: Figures;
  /** Of the path that succeeds, before the change; null = there was none, or nothing is compared. */
  readonly before: Figures | null;
}

export const NOTHING: Figures = {
  conversions: 0,
  bytesBounced: 0,
  invalidations: 0,
  cacheMaintenance: 0,
  slots: 0,
  low: 0,
  high: 0,
  unpriced: 0,
};

export function figuresOf(counters: Counters, { known, unknown, unpriced }: PlatformCost): Figures {
  return {
    conversions: counters.conversions,
    bytesBounced: counters.bytesToBounce + counters.bytesFromBounce + counters.bytesStashed,
    invalidations: counters.invalidations + counters.hypercalls,
    cacheMaintenance: counters.cacheMaintenance,
    slots: counters.slotsHighWater + counters.bouncePagesHighWater,
    low: known.low,
    high: known.high,
    unpriced: [...unknown, ...unpriced].reduce((sum, { count }) => sum + count, 0),
  };
}

/** `calls` times the same: what is held at once does not grow. */
export const times = (figures: Figures, calls: number): Figures => ({
  conversions: figures.conversions * calls,
  bytesBounced: figures.bytesBounced * calls,
  invalidations: figures.invalidations * calls,
  cacheMaintenance: figures.cacheMaintenance * calls,
  slots: figures.slots,
  low: figures.low * calls,
  high: figures.high * calls,
  unpriced: figures.unpriced * calls,
});

export const plus = (a: Figures, b: Figures): Figures => ({
  conversions: a.conversions + b.conversions,
  bytesBounced: a.bytesBounced + b.bytesBounced,
  invalidations: a.invalidations + b.invalidations,
  cacheMaintenance: a.cacheMaintenance + b.cacheMaintenance,
  slots: Math.max(a.slots, b.slots),
  low: a.low + b.low,
  high: a.high + b.high,
  unpriced: a.unpriced + b.unpriced,
});

/** Calls by function name, or by `file:function` where a name is not enough. */
export type Calls = ReadonlyMap<string, number>;

/** One row for each function that the workload calls, the most expensive first; functions that are gone are rows as well. */
export function costRows(
  after: readonly FunctionCost[],
  before: readonly FunctionCost[] | null,
  platform: string,
  calls: Calls | null,
): readonly CostRow[] {
  const old = new Map((before ?? []).map((one) => [`${one.file}:${one.function}`, one]));
  const rows = after.map((one): CostRow => {
    const key = `${one.file}:${one.function}`;
    const then = old.get(key);
    old.delete(key);
    const n = callsOf(one, calls);
    return {
      file: one.file,
      function: one.function,
      line: one.line,
      calls: n,
      success: times(on(one.success, platform), n),
      worst: times(on(one.worst, platform), n),
      before: before === null ? null : times(then === undefined ? NOTHING : on(then.success, platform), n),
    };
  });
  const gone = [...old.values()].map((one): CostRow => {
    const n = callsOf(one, calls);
    const { file, function: name, line } = one;
    return {
      file,
      function: name,
      line,
      calls: n,
      success: NOTHING,
      worst: NOTHING,
      before: times(on(one.success, platform), n),
    };
  });
  return [...rows, ...gone].filter((row) => row.calls > 0).sort((a, b) => weight(b) - weight(a));
}

export const callsOf = ({ file, function: name }: FunctionCost, calls: Calls | null): number =>
  calls === null ? 1 : (calls.get(`${file}:${name}`) ?? calls.get(name) ?? 0);

function on({ platforms }: PathCost, id: string): Figures {
  const found = platforms.find((one) => one.id === id);
  return found === undefined ? NOTHING : figuresOf(found.counters, found.cost);
}

/** Known time first; copies and other events without a figure order what is left. */
const weight = ({ success, worst, before }: CostRow): number =>
  Math.max(success.high, worst.high, before?.high ?? 0) +
  Math.max(success.unpriced, worst.unpriced, before?.unpriced ?? 0) / 1e6;
