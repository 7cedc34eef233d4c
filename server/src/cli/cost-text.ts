import { renderCell } from '@dma-audit/simulator';
import pc from 'picocolors';
import { aligned, counted, grouped } from './commands/table.ts';
import { type CostRow, type Figures, NOTHING, plus } from './cost-table.ts';

export interface CostTextOptions {
  readonly colour: boolean;
  /** Rows of each table; null = all. */
  readonly top: number | null;
  /** A workload says how often each function is called. */
  readonly hasCalls: boolean;
}

/** The table of one platform: functions, the most expensive first, and a total for each directory and for all. */
export function costText(
  platform: string,
  rows: readonly CostRow[],
  { colour, top, hasCalls }: CostTextOptions,
): string {
  const { bold, dim } = pc.createColors(colour);
  const compares = rows.some(({ before }) => before !== null);
  const shown = rows.slice(0, top ?? rows.length);
  const head = [
    'function',
    ...(hasCalls ? ['calls'] : []),
    'conversions',
    'bytes bounced',
    'invalidations',
    'cache calls',
    'most slots',
    'time',
    'dearest path',
    ...(compares ? ['change'] : []),
    'place',
  ];
  const cells = (name: string, one: Omit<CostRow, 'file' | 'function' | 'line'>, place: string): string[] => [
    name,
    ...(hasCalls ? [grouped(one.calls)] : []),
    count(one.success.conversions),
    count(one.success.bytesBounced),
    count(one.success.invalidations),
    count(one.success.cacheMaintenance),
    count(one.success.slots),
    time(one.success),
    time(one.worst),
    ...(compares ? [change(one.success, one.before ?? NOTHING)] : []),
    place,
  ];
  const body = shown.map((row) => cells(row.function, row, `${row.file}:${row.line}`));
  const directories = [...new Set(rows.map(({ file }) => directoryOf(file)))].sort();
  const sums =
    directories.length > 1
      ? directories.map((one) =>
          total(
            one,
            rows.filter(({ file }) => directoryOf(file) === one),
          ),
        )
      : [];
  const totals = [...sums, total('all', rows)].map(({ name, sum }) => cells(name, sum, ''));
  const right = head.map((title) => !['function', 'place', 'change'].includes(title));
  const [first = '', ...lines] = aligned([head, ...body, ...totals], right);
  const left = rows.length - shown.length;
  return [
    bold(
      `${platform}: one call of each function, the path that succeeds`.replace(
        'one call',
        hasCalls ? 'the calls' : 'one call',
      ),
    ),
    dim(first),
    ...lines.slice(0, body.length),
    ...(left > 0 ? [dim(`… and ${counted(left, 'function')} more, in the sums`)] : []),
    bold('Sums') + dim('  what a function enters counts for both'),
    ...lines.slice(body.length),
  ].join('\n');
}

function total(
  name: string,
  rows: readonly CostRow[],
): { name: string; sum: Omit<CostRow, 'file' | 'function' | 'line'> } {
  const add = (pick: (row: CostRow) => Figures): Figures => rows.map(pick).reduce(plus, NOTHING);
  return {
    name,
    sum: {
      calls: rows.reduce((sum, { calls }) => sum + calls, 0),
      success: add(({ success }) => success),
      worst: add(({ worst }) => worst),
      before: rows.some(({ before }) => before !== null) ? add(({ before }) => before ?? NOTHING) : null,
    },
  };
}

const directoryOf = (file: string): string => file.replace(/\/?[^/]*$/, '') || '.';

export const count = (value: number): string => (value === 0 ? '·' : grouped(value));

/** What has no figure is told, never taken for 0. */
export function time({ low, high, unpriced }: Figures): string {
  const known =
    high === 0 ? '' : low === high ? renderCell(low, 'ns') : `${renderCell(low, 'ns')} – ${renderCell(high, 'ns')}`;
  if (unpriced === 0) return known === '' ? '·' : known;
  return known === '' ? 'unknown' : `${known} + unknown`;
}

/** In words, only what changed: "−2 conversions, −7.7 µs". */
function change(now: Figures, before: Figures): string {
  const signed = (value: number, words: (n: number) => string): string[] =>
    value === 0 ? [] : [`${value < 0 ? '−' : '+'}${words(Math.abs(value))}`];
  return [
    ...signed(now.conversions - before.conversions, (n) => counted(n, 'conversion')),
    ...signed(now.bytesBounced - before.bytesBounced, (n) => counted(n, 'byte')),
    ...signed(now.invalidations - before.invalidations, (n) => counted(n, 'invalidation')),
    ...signed(now.cacheMaintenance - before.cacheMaintenance, (n) => counted(n, 'cache call')),
    ...signed(now.slots - before.slots, (n) => counted(n, 'slot')),
    ...signed(now.high - before.high, (n) => renderCell(n, 'ns')),
  ].join(', ');
}
