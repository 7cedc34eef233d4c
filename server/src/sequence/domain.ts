import type { TestOperator } from './values.ts';

/** What is known of a number: an interval (signed 64-bit, ±Infinity = open) and a few excluded values. Error pointers are negative. */
export interface Domain {
  readonly low: number;
  readonly high: number;
  readonly not: readonly number[];
}

export const ANYTHING: Domain = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, not: [] };

export const NOT_NEGATIVE: Domain = { low: 0, high: Number.POSITIVE_INFINITY, not: [] };

export const single = (value: number): Domain => ({ low: value, high: value, not: [] });

/** Intersection with `operator value`; null when nothing is left. */
export function narrow(domain: Domain, operator: TestOperator, value: number): Domain | null {
  let { low, high, not } = domain;
  switch (operator) {
    case '==':
      low = Math.max(low, value);
      high = Math.min(high, value);
      break;
    case '!=':
      if (!not.includes(value)) not = [...not, value].slice(-8);
      break;
    case '<':
      high = Math.min(high, value - 1);
      break;
    case '<=':
      high = Math.min(high, value);
      break;
    case '>':
      low = Math.max(low, value + 1);
      break;
    case '>=':
      low = Math.max(low, value);
      break;
    case 'mapping-error':
    case 'no-mapping-error':
      return domain;
  }
  while (not.includes(low)) low++;
  while (not.includes(high)) high--;
  if (low > high) return null;
  const inside = not.filter((n) => n > low && n < high);
  return { low, high, not: inside.length === not.length ? not : inside };
}

/** Union (its convex hull, and what both exclude). */
export function join(a: Domain, b: Domain): Domain {
  const low = Math.min(a.low, b.low);
  const high = Math.max(a.high, b.high);
  const excludes = (d: Domain, n: number) => n < d.low || n > d.high || d.not.includes(n);
  const candidates = new Set([...a.not, ...b.not, ...[a, b].flatMap((d) => (d.low > 0 || d.high < 0 ? [0] : []))]);
  return { low, high, not: [...candidates].filter((n) => n > low && n < high && excludes(a, n) && excludes(b, n)) };
}

/** Does `x operator value` hold for every / no x of the domain? null = for some. */
export function decide(domain: Domain, operator: TestOperator, value: number): boolean | null {
  if (!narrow(domain, operator, value)) return false;
  const opposite = { '==': '!=', '!=': '==', '<': '>=', '>=': '<', '>': '<=', '<=': '>' } as const;
  if (operator === 'mapping-error' || operator === 'no-mapping-error') return null;
  return narrow(domain, opposite[operator], value) ? null : true;
}

export const isUnconstrained = (d: Domain): boolean =>
  d.low === Number.NEGATIVE_INFINITY && d.high === Number.POSITIVE_INFINITY && d.not.length === 0;
