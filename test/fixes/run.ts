/**
 * Tries the quick fixes on real functions: draws reports of some source trees, mends each by itself, audits the whole
 * directory again, and counts. Shows every change.
 *
 *     node test/run.mjs test/fixes/run.ts DIR... [--count 30] [--seed 1] [--rule ID] [--default]
 *
 * By default all rules are on, and what is doubtful is reported as well; --default: as `dma-audit check` reports.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { readDirectory } from '../../server/src/audit/directory.ts';
import { checkUnit, DEFAULT_CHECK, type Diagnostic } from '../../server/src/audit/index.ts';
import { isMendable, mend } from '../../server/src/audit/mend.ts';
import type { Project } from '../../server/src/audit/project.ts';
import type { Unit } from '../../server/src/audit/unit.ts';
import { applyEdits } from '../../server/src/fixes/index.ts';
import { builtinModels, createModels } from '../../server/src/models/index.ts';
import { RULES } from '../../server/src/rules/index.ts';
import { createParser } from '../../server/src/syntax/index.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    rule: { type: 'string' },
    default: { type: 'boolean', default: false },
  },
});
const models = createModels(builtinModels);
const parser = await createParser();
const options = values.default
  ? DEFAULT_CHECK
  : {
      ...DEFAULT_CHECK,

      rules: new Set<string>(RULES.filter((one) => one.severity !== 'information').map(({ id }) => id)),
    };

interface Report {
  readonly top: string;
  readonly directory: string;
  readonly diagnostic: Diagnostic;
}

async function* directories(path: string): AsyncGenerator<string> {
  yield path;
  for (const entry of (await readdir(path, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1)))
    if (entry.isDirectory() && !entry.name.startsWith('.')) yield* directories(join(path, entry.name));
}

async function check(project: Project, units: readonly Unit[]): Promise<readonly Diagnostic[]> {
  const found: Diagnostic[] = [];
  for (const unit of units) found.push(...(await checkUnit(project, unit, options)).diagnostics);
  return found;
}

const open = (top: string, directory: string) =>
  readDirectory(directory, { root: top, dialect: null }, { models, parser });

const reports: Report[] = [];
for (const top of positionals)
  for await (const directory of directories(top)) {
    if (!statSync(directory).isDirectory()) continue;
    for (const { project, units } of (await open(top, directory)).projects)
      for (const diagnostic of await check(project, units))
        if (!values.default || diagnostic.doubt === null) reports.push({ top, directory, diagnostic });
  }

/** A small generator: the same draw for the same seed everywhere. */
let state = Number(values.seed) >>> 0;
function random(): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}
const distinct = [
  ...new Map(
    reports.map((one) => [
      `${one.diagnostic.file}:${one.diagnostic.line}:${one.diagnostic.column}:${one.diagnostic.rule}`,
      one,
    ]),
  ).values(),
].filter(({ diagnostic }) => values.rule === undefined || diagnostic.rule === values.rule);
const drawn = distinct
  .map((one) => ({ one, key: random() }))
  .sort((a, b) => a.key - b.key)
  .slice(0, Number(values.count))
  .map(({ one }) => one);

const tally = new Map<string, { drawn: number; mendable: number; offered: number; clean: number }>();
/** Rule, function, and the text that is underlined: a change elsewhere in the function may move the rest. */
function keyOf(project: Project, { rule, file, function: name, line, column, endLine, endColumn }: Diagnostic): string {
  const unit = project.unit(file);
  const end = unit?.lines.offset({ line: endLine, column: endColumn });
  return [rule, file, name, unit?.text.slice(unit.lines.offset({ line, column }), end).split('\n')[0]].join();
}
function counts(project: Project, diagnostics: readonly Diagnostic[]): ReadonlyMap<string, number> {
  const map = new Map<string, number>();
  for (const key of diagnostics.map((one) => keyOf(project, one))) map.set(key, (map.get(key) ?? 0) + 1);
  return map;
}

for (const { top, directory, diagnostic } of drawn) {
  const { projects } = await open(top, directory);
  const slice = projects.find(({ project }) => project.unit(diagnostic.file));
  const unit = slice?.project.unit(diagnostic.file);
  if (!slice || !unit) continue;
  const row = tally.get(diagnostic.rule) ?? { drawn: 0, mendable: 0, offered: 0, clean: 0 };
  tally.set(diagnostic.rule, row);
  row.drawn++;
  if (isMendable(diagnostic.rule)) row.mendable++;
  const from = performance.now();
  const fix = mend(slice.project, unit, diagnostic, DEFAULT_CHECK.budget);
  const took = Math.round(performance.now() - from);
  const { file, line, rule, message } = diagnostic;
  console.log(`\n=== ${relative('.', join(top, file))}:${line}: ${rule}: ${message}`);
  if (!fix) {
    console.log(`    no fix (${took} ms)`);
    continue;
  }
  row.offered++;
  const text = applyEdits(unit.text, fix.edits);
  const project = slice.project.with(unit.path, text);
  const changed = project.unit(unit.path);
  if (!changed) throw new Error(`${unit.path} is gone`);
  const before = counts(slice.project, await check(slice.project, slice.units));
  const key = keyOf(slice.project, diagnostic);
  const after = counts(
    project,
    await check(
      project,
      slice.units.map((one) => (one === unit ? changed : one)),
    ),
  );
  const isGone = (after.get(key) ?? 0) < (before.get(key) ?? 0);
  const added = [...after].filter(([one, count]) => count > (before.get(one) ?? 0)).map(([one]) => one);
  if (isGone && added.length === 0) row.clean++;
  console.log(
    `    ${fix.title}${fix.safe ? ' (safe)' : ''} (${took} ms)${isGone ? '' : ' STILL THERE'}${added.map((one) => ` NEW ${one}`).join('')}`,
  );
  console.log(difference(unit.text, text));
}

console.log(
  '\nrule: drawn, of these with a fix that could be, offered, diagnostic gone and nothing new in the directory',
);
for (const [rule, { drawn: all, mendable, offered, clean }] of [...tally].sort((a, b) => (a[0] < b[0] ? -1 : 1)))
  console.log(`${rule}: ${all}, ${mendable}, ${offered}, ${clean}`);
const sum = (name: 'drawn' | 'mendable' | 'offered' | 'clean'): number =>
  [...tally.values()].reduce((total, row) => total + row[name], 0);
console.log(`total: ${sum('drawn')} of ${distinct.length}, ${sum('mendable')}, ${sum('offered')}, ${sum('clean')}`);

function difference(before: string, after: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'fixes-'));
  try {
    writeFileSync(join(folder, 'a'), before);
    writeFileSync(join(folder, 'b'), after);
    const { stdout } = spawnSync('git', ['diff', '--no-index', '-U4', 'a', 'b'], { cwd: folder, encoding: 'utf8' });
    return stdout.split('\n').slice(4).join('\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
