import { describe, expect, it } from 'vitest';
import type { Diagnostic } from './diagnostic.ts';
import { applySuppressions, suppressionsIn } from './suppress.ts';

const RULES = new Set(['mapping-leak', 'double-free']);
const SOURCE = `int probe(void)
{
	map();
	unmap();
}
`;

function read(text: string) {
  const start = text.indexOf('int probe');
  return suppressionsIn('a.c', text, RULES, () => [{ name: 'probe', start, end: text.lastIndexOf('}') + 1 }]);
}

const finding = (line: number, rule = 'mapping-leak', endLine = line): Diagnostic => ({
  rule,
  severity: 'error',
  doubt: null,
  file: 'a.c',
  line,
  column: 2,
  endLine,
  endColumn: 4,
  function: 'probe',
  message: '',
  platforms: { breaks: [], works: [] },
  consequences: {},
  related: [],
  path: [],
  fingerprint: '',
});

function apply(text: string, findings: readonly Diagnostic[], isApplied = (_: string) => true) {
  const file = read(text);
  const { kept, suppressed, notices } = applySuppressions(findings, file ? [file] : [], isApplied);
  return { kept: kept.map(({ line }) => line), suppressed: suppressed.length, notices: notices.map((n) => n.message) };
}

describe('a suppression', () => {
  it('behind code is for its line, whatever kind of comment it is', () => {
    for (const comment of ['// dma-audit: ignore[mapping-leak] -- why', '/* dma-audit: ignore[mapping-leak] -- why */'])
      expect(apply(SOURCE.replace('map();', `map(); ${comment}`), [finding(3), finding(4)])).toEqual({
        kept: [4],
        suppressed: 1,
        notices: [],
      });
  });

  it('on its own line is for the next line with code', () => {
    const text = SOURCE.replace('\tmap', '\t// dma-audit: ignore[mapping-leak] -- why\n\n\t/* more */\n\tmap');
    expect(apply(text, [finding(6), finding(7)])).toMatchObject({ kept: [7], suppressed: 1 });
  });

  it('is for a statement of several lines on any of these', () => {
    const text = SOURCE.replace('map();', 'map(\n\t); // dma-audit: ignore[mapping-leak] -- why');
    expect(apply(text, [finding(3, 'mapping-leak', 4)])).toMatchObject({ kept: [], suppressed: 1 });
  });

  it('of a function stands in it or above it', () => {
    const comment = '// dma-audit: ignore-function[mapping-leak, double-free] -- why\n';
    for (const text of [comment + SOURCE, SOURCE.replace('\tmap', `\t${comment}\tmap`)])
      expect(apply(text, [finding(3), finding(4, 'double-free')])).toMatchObject({ kept: [], suppressed: 2 });
  });

  it('of a file stands anywhere, over several lines too', () => {
    const text = `${SOURCE}\n/*\n * dma-audit: ignore-file[mapping-leak] --\n * the reason\n */\n`;
    expect(apply(text, [finding(3), finding(4)])).toEqual({ kept: [], suppressed: 2, notices: [] });
    expect(read(text)?.suppressions[0]?.reason).toBe('the reason');
  });

  it('is not applied without a reason, without a rule, for an unknown rule or with another word', () => {
    for (const [comment, message] of [
      ['ignore[mapping-leak]', 'gives no reason'],
      ['ignore[mapping-leak] -- ', 'gives no reason'],
      ['ignore -- why', 'names no rule'],
      ['ignore[nonsense] -- why', "no rule 'nonsense'"],
      ['silence[mapping-leak] -- why', 'not understood'],
    ])
      expect(apply(SOURCE.replace('map();', `map(); // dma-audit: ${comment}`), [finding(3)])).toEqual({
        kept: [3],
        suppressed: 0,
        notices: [expect.stringContaining(message ?? '')],
      });
  });

  it('is reported when it suppresses nothing, rule by rule, unless the rule was not applied', () => {
    const text = SOURCE.replace('map();', 'map(); // dma-audit: ignore[mapping-leak, double-free] -- why');
    expect(apply(text, [finding(3)]).notices).toEqual(['this suppression of double-free suppresses nothing']);
    expect(apply(text, [finding(3)], (rule) => rule === 'mapping-leak').notices).toEqual([]);
  });

  it('is none in a literal or in the middle of prose', () => {
    expect(read('char *s = "// dma-audit: ignore[mapping-leak] -- why";')).toBeNull();
    expect(read('/* see dma-audit: ignore[mapping-leak] -- why */')).toBeNull();
  });
});
