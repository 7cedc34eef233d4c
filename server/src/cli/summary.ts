import process from 'node:process';
import type { AuditResult, Settled, SkippedFile } from '../audit/index.ts';
import type { Report } from './report.ts';
import { printable } from './terminal.ts';

/** Skipped files that are named one by one; the JSON report has them all. */
const NAMED_SKIPPED = 20;

/** What was done, in a few lines: nothing is left out in silence, but for skipped files that are `told` elsewhere. */
export function summary({ result, settled, elapsedMs }: Report, told: readonly SkippedFile[]): string {
  const { files, functions } = result;
  const named = new Set(told);
  const skippedFiles = result.skippedFiles.filter((one) => !named.has(one));
  const { diagnostics, suppressed, known, gone } = settled;
  const lines = skippedFiles
    .slice(0, NAMED_SKIPPED)
    .map(({ file, reason }) => `skipped ${printable(file)}: ${printable(reason)}`);
  if (skippedFiles.length > NAMED_SKIPPED) lines.push(`skipped ${skippedFiles.length - NAMED_SKIPPED} more files`);
  const looked = functions.analysed + functions.degraded;
  const doubts = [
    ...(functions.degraded > 0 ? [`${functions.degraded} of them in part`] : []),
    ...(functions.skipped > 0 ? [`${functions.skipped} skipped`] : []),
  ];
  const quiet = [
    ...(suppressed.length > 0 ? [`${suppressed.length} suppressed`] : []),
    ...(known.length > 0 ? [`${known.length} in the baseline`] : []),
  ];
  const what = known.length > 0 ? 'new finding' : 'finding';
  const all = diagnostics.length === 0 ? 'nothing found' : count(diagnostics.length, what);
  const found = quiet.length > 0 ? `${all} (${quiet.join(', ')})` : all;
  const inFunctions = `${count(looked, 'function')} with DMA${doubts.length > 0 ? ` (${doubts.join(', ')})` : ''}`;
  if (gone.length > 0) lines.push(`${count(gone.length, 'finding')} of the baseline gone: --update-baseline`);
  lines.push(`${found} in ${inFunctions}, ${count(files, 'file')}, ${(elapsedMs / 1000).toFixed(1)} s`);
  return `${lines.join('\n')}\n`;
}

/** `--stats`: reports per rule, why functions were not analysed in full, peak memory. */
export function statistics({ functions, incomplete }: AuditResult, { diagnostics }: Settled): string {
  const all = functions.analysed + functions.degraded + functions.skipped;
  const share = all === 0 ? 0 : (100 * functions.degraded) / all;
  return [
    ...table(
      'reports',
      diagnostics.map(({ rule }) => rule),
    ),
    ...table(
      'not analysed in full',
      incomplete.flatMap(({ reasons }) => reasons),
    ),
    `degraded: ${share.toFixed(1)} % of ${count(all, 'function')}`,
    `peak memory: ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`,
    '',
  ].join('\n');
}

function table(title: string, keys: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  const rows = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return [`${title}: ${keys.length}`, ...rows.map(([key, n]) => `${String(n).padStart(7)}  ${key}`)];
}

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
