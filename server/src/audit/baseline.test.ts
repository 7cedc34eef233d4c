import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareWithBaseline, parseBaseline, renderBaseline, updatedBaseline } from './baseline.ts';
import type { Diagnostic } from './diagnostic.ts';

const finding = (file: string, fingerprint: string): Diagnostic => ({
  rule: 'mapping-leak',
  severity: 'error',
  doubt: null,
  file,
  line: 1,
  column: 1,
  endLine: 1,
  endColumn: 2,
  function: 'probe',
  message: 'm',
  platforms: { breaks: [], works: [] },
  consequences: {},
  related: [],
  path: [],
  fingerprint,
});

const everything = () => true;
const baselineOf = (...all: readonly Diagnostic[]) => updatedBaseline(null, all, everything);
const names = (all: readonly Diagnostic[]) => all.map(({ file, fingerprint }) => `${file} ${fingerprint}`);

describe('a baseline', () => {
  it('knows its findings and no others', () => {
    const { fresh, known, gone } = compareWithBaseline(
      [finding('a.c', '1'), finding('a.c', '3')],
      baselineOf(finding('a.c', '1'), finding('a.c', '2')),
    );
    expect([names(known), names(fresh), gone.map((g) => g.fingerprint)]).toEqual([['a.c 1'], ['a.c 3'], ['2']]);
  });

  it('knows a finding in a renamed file, but not a copy of it', () => {
    const baseline = baselineOf(finding('a.c', '1'));
    expect(names(compareWithBaseline([finding('b.c', '1')], baseline).fresh)).toEqual([]);
    expect(names(compareWithBaseline([finding('a.c', '1'), finding('b.c', '1')], baseline).fresh)).toEqual(['b.c 1']);
    expect(names(compareWithBaseline([finding('b.c', '1'), finding('c.c', '1')], baseline).fresh)).toEqual(['c.c 1']);
  });

  it('keeps what it knows of files that were not checked', () => {
    const old = baselineOf(finding('a.c', '1'), finding('b.c', '2'));
    const updated = updatedBaseline(old, [], (file) => file === 'a.c');
    expect(updated.entries.map(({ file }) => file)).toEqual(['b.c']);
  });

  it('comes back from its file, which does not depend on the order of findings', () => {
    const findings = fc.uniqueArray(fc.tuple(fc.constantFrom('a.c', 'b/ü.c'), fc.stringMatching(/^[0-9a-f]{3}$/)), {
      selector: (one) => one.join(),
    });
    fc.assert(
      fc.property(findings, (all) => {
        const found = all.map(([file, print]) => finding(file, print));
        const text = renderBaseline(baselineOf(...found));
        expect(renderBaseline(baselineOf(...found.toReversed()))).toBe(text);
        const parsed = parseBaseline(text);
        expect(parsed.ok && compareWithBaseline(found, parsed.baseline)).toMatchObject({ fresh: [], gone: [] });
      }),
    );
  });

  it.each(['', '[]', '{}', '{ "baseline": 2, "findings": [] }', '{ "baseline": 1, "findings": [{}] }'])(
    'is not %s',
    (text) => {
      expect(parseBaseline(text).ok).toBe(false);
    },
  );
});
