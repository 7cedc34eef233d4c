import { COSTS, type CostFigure, type CostId, type PlatformCost, renderCell } from '@dma-audit/simulator';
import { grouped } from './table.ts';

/** Time as low – typical – high, then what has no figure; never 0 for something unknown. */
export function costText(cost: PlatformCost): string {
  const unpriced = cost.unpriced.map(({ event, count }) => `no figure: ${grouped(count)} × ${event}`);
  const known = renderCell(cost, 'time');
  return [...(known === 'none' && unpriced.length > 0 ? [] : [known]), ...unpriced].join(', ');
}

/** A figure in one line: what it is, how much, how it is known and where from. */
export function figureText(id: CostId): string {
  const { operation, unit, low, typical, high, kind, source, hardware }: CostFigure = COSTS[id];
  const values = [low, typical, high].filter((value) => value !== null);
  const range = values.map((value) => (unit === 'ns' ? renderCell(value, 'ns') : `${value} ${unit}`)).join(' – ');
  const origin = [kind, source, hardware].filter((part) => part !== '').join('; ');
  return `${operation}: ${range === '' ? 'unknown' : range}${range === '' && kind === 'unknown' ? '' : ` (${origin})`}`;
}
