import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isHintKind } from '@dma-audit/simulator';
import { describe, expect, it } from 'vitest';
import { checkUnit, DEFAULT_CHECK } from '../audit/check.ts';
import type { Diagnostic } from '../audit/diagnostic.ts';
import { Project } from '../audit/project.ts';
import { Unit } from '../audit/unit.ts';
import { builtinModels, createModels } from '../models/index.ts';
import { createParser } from '../syntax/index.ts';
import { markedRules, withMarkers, withoutMarkers, withPlainMarkers } from './fixtures/markers.ts';
import { RULES } from './index.ts';
import { codeBlocks, HEADINGS, headings, rulesTable } from './pages.ts';

const models = createModels(builtinModels);
const parser = await createParser();
const everyRule = new Set<string>(RULES.map((rule) => rule.id));
const faults = new Set([...everyRule].filter((id) => !isHintKind(id)));

/** Most fixtures and examples show a part of a driver: where it ends, or clears what it shares, is not to be seen. */
const OF_WHOLE_DRIVERS: ReadonlySet<string> = new Set(['lifecycle-leak', 'stale-secret-shared']);
const inExcerpts = new Set([...faults].filter((id) => !OF_WHOLE_DRIVERS.has(id)));

/** By which rules the fixtures and examples of a rule are checked: code that shows a fault may cost what it likes. */
const rulesFor = (id: string): ReadonlySet<string> =>
  isHintKind(id) ? new Set([...everyRule].filter((one) => !OF_WHOLE_DRIVERS.has(one))) : new Set([...inExcerpts, id]);

/** Checks one C text by these rules, those of the nursery included. */
async function check(path: string, text: string, rules: ReadonlySet<string>): Promise<readonly Diagnostic[]> {
  const unit = new Unit(path, text, models, null);
  const { diagnostics, functions } = await checkUnit(new Project([unit], models, parser), unit, {
    ...DEFAULT_CHECK,
    rules,
  });
  expect(functions.filter((f) => f.state !== 'analysed')).toEqual([]);
  return diagnostics;
}

const here = import.meta.dirname;
const read = (path: string): string => readFileSync(join(here, path), 'utf8');
const fixtures = readdirSync(join(here, 'fixtures'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.c'))
  .sort();
const isGap = (name: string): boolean => name.startsWith('known-gaps');

describe('fixtures', () => {
  it.each(fixtures.filter((name) => !isGap(name)))('%s', async (name) => {
    const fixture = read(`fixtures/${name}`);
    const text = withoutMarkers(fixture);
    expect(withMarkers(text, await check(name, text, rulesFor(dirname(name))))).toBe(withPlainMarkers(fixture));
  });

  it.each(fixtures.filter(isGap))('%s: still a gap', async (name) => {
    const fixture = read(`fixtures/${name}`);
    const reported = (await check(name, withoutMarkers(fixture), inExcerpts)).map((d) => d.rule).sort();
    expect(reported, 'the gap is closed: mark what is reported now, and move the fixture to its rule').not.toEqual(
      markedRules(fixture),
    );
  });

  it('exist for every rule in every dialect that it is for', () => {
    const missing = RULES.flatMap(({ id, dialects }) =>
      dialects
        .filter((dialect) => !fixtures.some((name) => name.startsWith(join(id, dialect))))
        .map((d) => `${id}/${d}`),
    );
    expect(missing).toEqual([]);
  });

  it('are of the dialect that their names say', () => {
    const wrong = fixtures.filter((name) => {
      const { dialect } = new Unit(name, read(`fixtures/${name}`), models, null);
      return !basename(name).startsWith(dialect);
    });
    expect(wrong).toEqual([]);
  });
});

describe.each(RULES)('$id', ({ id, nursery, nurseryIn, precision, dialects }) => {
  const page = read(`${id}.md`);

  it('has a page with the fixed headings', () => {
    expect(headings(page)).toEqual([id, ...HEADINGS]);
  });

  it('raises exactly this rule on each of its examples', async () => {
    const examples = codeBlocks(page, 'Example');
    expect(examples).toHaveLength(dialects.length);
    for (const text of examples)
      expect((await check('example.c', text, rulesFor(id))).map((d) => d.rule)).toEqual([id]);
  });

  it('raises nothing on what is to be used instead', async () => {
    const examples = codeBlocks(page, 'Use instead');
    expect(examples).toHaveLength(dialects.length);
    for (const text of examples) expect(await check('example.c', text, rulesFor(id))).toEqual([]);
  });

  it('is on by default only while at least 80 % of its reports were right, wherever they were read', () => {
    const isOff = (tree: string) => nursery || nurseryIn.includes(tree.startsWith('Linux') ? 'linux' : 'edk2');
    expect(precision.every((p) => isOff(p.tree) || p.true >= 0.8 * p.read)).toBe(true);
  });
});

it('docs/rules.md is what the metadata say; `vitest -u` writes it anew', async () => {
  await expect(rulesTable(RULES)).toMatchFileSnapshot(join(here, '../../../docs/rules.md'));
});
