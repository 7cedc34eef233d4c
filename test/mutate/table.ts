import { join } from 'node:path';
import type { Search } from './find.ts';
import type { Verdict } from './judge.ts';
import { OPERATORS } from './mutant.ts';

type Outcome = Verdict['outcome'];

const FOUND: readonly Outcome[] = ['default', 'all'];

const isFound = ({ outcome }: Verdict): boolean => FOUND.includes(outcome);
const isFit = ({ outcome }: Verdict): boolean => outcome !== 'unfit';
const share = (part: number, whole: number): string => (whole ? `${((100 * part) / whole).toFixed(1)} %` : '-');

/** Markdown: how many mutants of each operator were found, by which rules, and what was left out and why. */
export function tables({ equivalent, files, functions }: Search, verdicts: readonly Verdict[]): readonly string[] {
  const lines = [
    `${verdicts.length} mutants of ${functions} functions that hold both ends of a mapping, in ${files} files.`,
    '',
    '| Operator | Mutants | Found | By default | Rules |',
    '| --- | ---: | ---: | ---: | --- |',
  ];
  const row = (name: string, some: readonly Verdict[]): void => {
    const counted = some.filter(isFit);
    if (!counted.length) return;
    const found = counted.filter(isFound);
    const byDefault = counted.filter(({ outcome }) => outcome === 'default');
    const cells = [counted.length, share(found.length, counted.length), share(byDefault.length, counted.length)];
    lines.push(`| ${name} | ${cells.join(' | ')} | ${rulesOf(found)} |`);
  };
  const clean = verdicts.filter(({ isReported }) => !isReported);
  for (const operator of OPERATORS)
    row(
      operator,
      clean.filter(({ mutant }) => mutant.operator === operator),
    );
  row('all', clean);
  row('with those of reported mappings', verdicts);
  lines.push('', 'Left out, but for the last line:');
  const left = new Map<string, number>();
  const count = (reason: string): void => void left.set(reason, (left.get(reason) ?? 0) + 1);
  for (const { operator, reason } of equivalent) count(`${operator}: ${reason}`);
  for (const { outcome, isReported, mutant } of verdicts)
    if (outcome === 'unfit') count(`${mutant.operator}: the mutant is no C`);
    else if (isReported) count(`${mutant.operator}: the original has a report about the same mapping or buffer`);
  for (const [reason, n] of [...left].sort(([a], [b]) => (a < b ? -1 : 1))) lines.push(`- ${n} × ${reason}`);
  return lines;
}

function rulesOf(found: readonly Verdict[]): string {
  const counts = new Map<string, number>();
  for (const { rules } of found) for (const rule of rules) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  const ordered = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return ordered.map(([rule, n]) => `${rule} ${n}`).join(', ');
}

/** One line for each mutant that was not found by default. */
export function survivors(verdicts: readonly Verdict[]): readonly string[] {
  return verdicts
    .filter(({ outcome, isReported }) => !isReported && (outcome === 'survived' || outcome === 'all'))
    .map(({ mutant, rules, degraded }) => {
      const { operator, root, file, line, function: name, api, what } = mutant;
      const reasons = degraded.length ? ` [${degraded.join(', ')}]` : '';
      return [operator, rules.join(',') || '-', `${join(root, file)}:${line}`, name, api, `${what}${reasons}`].join(
        '\t',
      );
    })
    .sort();
}
