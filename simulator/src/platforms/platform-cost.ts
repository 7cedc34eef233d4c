import type { Counters } from '../machine/counters.ts';
import { type CostEstimate, estimate } from './cost-estimate.ts';
import { COSTS, type CostFigure, type CostId } from './costs.ts';
import { type PlatformCosts, PRICED_EVENTS, type PricedEvent } from './description.ts';

/** Events of a run by price; those that nobody gave a figure for are told, never taken for 0. */
export interface PlatformCost extends CostEstimate {
  readonly unpriced: readonly { readonly event: PricedEvent; readonly count: number }[];
}

/** Sums over what other events count one by one: without a figure they say nothing new. */
const SUMS: ReadonlySet<PricedEvent> = new Set(['conversions', 'pagesConverted']);

/** How often each event that may have a price happened. */
function eventCounts(counters: Counters): Readonly<Record<PricedEvent, number>> {
  return {
    ...counters,
    pagesConverted: counters.pagesShared + counters.pagesPrivate,
    bytesCopied: counters.bytesToBounce + counters.bytesFromBounce + counters.bytesStashed,
  };
}

/** Time for what a run counted, by the platform's figures; `figures`: a profile of the user's machine, or the published ones. */
export function costOf(
  counters: Counters,
  costs: PlatformCosts,
  figures: Readonly<Record<CostId, CostFigure>> = COSTS,
): PlatformCost {
  const events = eventCounts(counters);
  const counts: Partial<Record<CostId, number>> = {};
  const unpriced: { event: PricedEvent; count: number }[] = [];
  for (const event of PRICED_EVENTS) {
    const id = costs[event];
    const count = events[event];
    if (id !== undefined) counts[id] = (counts[id] ?? 0) + count;
    else if (count > 0 && !SUMS.has(event)) unpriced.push({ event, count });
  }
  return { ...estimate(counts, figures), unpriced };
}
