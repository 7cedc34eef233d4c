import type { CostEstimate } from '../platforms/cost-estimate.ts';
import type { Cell, Unit } from './workload.ts';

const UNITS: readonly (readonly [ns: number, name: string])[] = [
  [60e9, 'min'],
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
  [1, 'ns'],
];

/** Three figures at most, with thousands separated: 262,144; 20.2; 0.418. */
function renderNumber(value: number): string {
  if (Number.isInteger(value)) return value.toString().replace(/\B(?=(\d{3})+$)/g, ',');
  return Number(value.toPrecision(3)).toString();
}

/** A time in the largest unit that leaves one figure before the point. */
function renderTime(ns: number): string {
  const [size, name] = UNITS.find(([unit]) => ns >= unit) ?? [1, 'ns'];
  return `${renderNumber(Number((ns / size).toPrecision(3)))} ${name}`;
}

/** Low – typical – high, then what is unknown; never 0 for something unknown. */
function renderEstimate({ known, unknown, sources }: CostEstimate): string {
  const parts: string[] = [];
  if (sources.length > unknown.length) {
    const values = [known.low, known.typical, known.high].filter((value) => value !== null).map(renderTime);
    parts.push([...new Set(values)].join(' – '));
  }
  for (const { id, count } of unknown) parts.push(`unknown: ${renderNumber(count)} × ${id}`);
  return parts.length === 0 ? 'none' : parts.join(', ');
}

/** One cell as text. */
export function renderCell(cell: Cell | undefined, unit: Unit): string {
  if (cell === null || cell === undefined) return '–';
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'object') return renderEstimate(cell);
  return unit === 'ns' ? renderTime(cell) : renderNumber(cell);
}
