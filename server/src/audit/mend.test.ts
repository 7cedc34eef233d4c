import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyEdits, areDisjoint, type Fix } from '../fixes/index.ts';
import { builtinModels, createModels } from '../models/index.ts';
import { withoutMarkers } from '../rules/fixtures/markers.ts';
import { RULES } from '../rules/index.ts';
import { DEFAULT_BUDGET } from '../sequence/index.ts';
import { createParser } from '../syntax/index.ts';
import { checkUnit, DEFAULT_CHECK } from './check.ts';
import type { Diagnostic } from './diagnostic.ts';
import { isMendable, mend } from './mend.ts';
import { Project } from './project.ts';
import { Unit } from './unit.ts';

const models = createModels(builtinModels);
const parser = await createParser();
/** Hints at what a correct program costs are no faults: a fix may well bring one to light. */
const faultRules = new Set<string>(RULES.filter(({ severity }) => severity !== 'information').map(({ id }) => id));

interface Checked {
  readonly project: Project;
  readonly unit: Unit;
  readonly diagnostics: readonly Diagnostic[];
}

async function check(path: string, text: string): Promise<Checked> {
  const unit = new Unit(path, text, models, null);
  const project = new Project([unit], models, parser);
  const options = { ...DEFAULT_CHECK, rules: faultRules };
  const { diagnostics, functions } = await checkUnit(project, unit, options);
  expect(functions.filter(({ state }) => state !== 'analysed')).toEqual([]);
  return { project, unit, diagnostics };
}

/** The fix of each diagnostic that one is found for. */
function fixesOf({ project, unit, diagnostics }: Checked): readonly (readonly [Diagnostic, Fix])[] {
  return diagnostics.flatMap((one) => {
    const fix = mend(project, unit, one, DEFAULT_BUDGET);
    return fix ? [[one, fix] as const] : [];
  });
}

/** A diagnostic without what a change elsewhere in the function moves: rule, function, and the text that is underlined. */
function named({ unit, diagnostics }: Checked): readonly string[] {
  return diagnostics.map((one) => {
    const end = { line: one.endLine, column: one.endColumn };
    return `${one.rule} in ${one.function}: ${unit.text.slice(unit.lines.offset(one), unit.lines.offset(end))}`;
  });
}

/** What is left of `before` when what is in `after` is taken away. */
function without(before: readonly string[], after: readonly string[]): readonly string[] {
  const rest = [...after];
  return before.filter((one) => {
    const at = rest.indexOf(one);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}

const folder = join(import.meta.dirname, '../rules/fixtures');
const fixtures = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.c') && !name.startsWith('known-gaps'))
  .sort();
const read = (name: string): string => withoutMarkers(readFileSync(join(folder, name), 'utf8'));

const counts = { mendable: 0, mended: 0 };

describe('after the fix of a fixture its diagnostic is gone, and nothing new is there', () => {
  it.each(fixtures)('%s', async (name) => {
    const text = read(name);
    const before = await check(name, text);
    const fixes = fixesOf(before);
    counts.mendable += before.diagnostics.filter(({ rule }) => isMendable(rule)).length;
    counts.mended += fixes.length;
    for (const [diagnostic, fix] of fixes) {
      expect(areDisjoint(fix.edits)).toBe(true);
      const after = await check(name, applyEdits(text, fix.edits));
      expect(after.diagnostics.length).toBeLessThan(before.diagnostics.length);
      expect(after.diagnostics.map(({ fingerprint }) => fingerprint)).not.toContain(diagnostic.fingerprint);
      expect(without(named(after), named(before)), fix.title).toEqual([]);
    }
  });

  it('there is one for four of five faults whose rules can be mended', () => {
    expect(counts.mended).toBeGreaterThan(0.8 * counts.mendable);
  });
});

it.each(['mapping-leak/edk2.c', 'short-mapping/edk2.c', 'unchecked-mapping/linux.c', 'double-unmap/linux.c'])(
  'keeps the line ends of Windows: %s',
  async (name) => {
    const text = read(name).replaceAll('\n', '\r\n');
    const fixes = fixesOf(await check(name, text));
    expect(fixes.length).toBeGreaterThan(2);
    for (const [, { edits }] of fixes) expect(applyEdits(text, edits).replaceAll('\r\n', '')).not.toContain('\n');
  },
);

it.each(RULES.filter(({ id }) => isMendable(id)))('the page of $id tells what its fix does', ({ id }) => {
  expect(readFileSync(join(folder, '..', `${id}.md`), 'utf8')).not.toMatch(/No fix/);
});

it('gives up when nobody wants the fix any more', async () => {
  const { project, unit, diagnostics } = await check('linux.c', read('mapping-leak/linux.c'));
  const [first] = diagnostics;
  expect(first && mend(project, unit, first, DEFAULT_BUDGET, () => true)).toBeNull();
});

it('has nothing to say of a function that is not there', async () => {
  const { project, unit } = await check('linux.c', 'int f(void)\n{\n\treturn 0;\n}\n');
  const diagnostic = { rule: 'mapping-leak', function: 'g', line: 1, column: 1 };
  expect(mend(project, unit, diagnostic, DEFAULT_BUDGET)).toBeNull();
});
