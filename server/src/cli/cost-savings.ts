import pc from 'picocolors';
import type { FunctionCost } from '../audit/index.ts';
import { aligned, counted } from './commands/table.ts';
import { type Calls, callsOf, type Figures, figuresOf, NOTHING, plus, times } from './cost-table.ts';
import { count, time } from './cost-text.ts';

/** What following the hints of each rule would save on a platform, over all functions. */
export interface RuleSaving {
  readonly rule: string;
  /** `file:line` of each hint. */
  readonly places: readonly string[];
  readonly saved: Figures;
}

/** The rules that save most first. */
export function ruleSavings(
  costs: readonly FunctionCost[],
  platform: string,
  calls: Calls | null,
): readonly RuleSaving[] {
  const rules = new Map<string, Map<string, Figures>>();
  for (const one of costs) {
    const n = callsOf(one, calls);
    for (const { rule, file, line, platforms } of n > 0 ? one.savings : []) {
      const here = platforms.find(({ id }) => id === platform);
      if (here === undefined) continue;
      const places = rules.get(rule) ?? new Map<string, Figures>();
      rules.set(rule, places);
      // Two callers of one function are told of the same place: it is saved once.
      const key = `${file}:${line}`;
      if (!places.has(key)) places.set(key, times(figuresOf(here.counters, here.cost), n));
    }
  }
  return [...rules]
    .map(([rule, places]) => ({
      rule,
      places: [...places.keys()],
      saved: [...places.values()].reduce(plus, NOTHING),
    }))
    .sort((a, b) => b.saved.high - a.saved.high || b.saved.conversions - a.saved.conversions);
}

const PLACES = 2;

/** A table; nothing where nothing would be saved. */
export function savingsText(savings: readonly RuleSaving[], colour: boolean): string {
  if (savings.length === 0) return '';
  const { bold, dim } = pc.createColors(colour);
  const rows = savings.map(({ rule, places, saved }) => [
    rule,
    counted(places.length, 'place'),
    count(saved.conversions),
    count(saved.bytesBounced),
    count(saved.invalidations),
    time(saved),
    [...places.slice(0, PLACES), ...(places.length > PLACES ? ['…'] : [])].join(', '),
  ]);
  const head = ['hint', 'places', 'conversions', 'bytes bounced', 'invalidations', 'time', 'where'];
  const right = head.map((title) => !['hint', 'where'].includes(title));
  const [first = '', ...lines] = aligned([head, ...rows], right);
  return [
    bold('Hints') + dim("  what following them would save; 'dma-audit explain HINT' tells how"),
    dim(first),
    ...lines,
  ].join('\n');
}
