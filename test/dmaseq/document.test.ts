import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileDmaseq, PLATFORMS, parseDmaseq, printDmaseq, runDmaseq } from '../../simulator/src/index.ts';
import { dmaseqDocument } from './document.ts';

const root = new URL('../../', import.meta.url);

it('docs/dmaseq.md is what the language gives', () => {
  expect(readFileSync(new URL('docs/dmaseq.md', root), 'utf8')).toBe(dmaseqDocument());
});

describe('examples', () => {
  const names = readdirSync(new URL('examples/', root)).filter((name) => name.endsWith('.dmaseq'));

  it.each(names)('%s does as it expects', (name) => {
    const parsed = parseDmaseq(readFileSync(new URL(`examples/${name}`, root), 'utf8'));
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
    const result = compileDmaseq(parsed.document);
    if (!result.ok) throw new Error(JSON.stringify(result.errors));
    const { compiled } = result;
    const wanted = PLATFORMS.filter(
      ({ id, dialects }) =>
        compiled.platforms.includes(id) ||
        (compiled.platforms.includes('all') && dialects.includes(compiled.program.dialect)),
    );
    expect(wanted.length).toBeGreaterThan(1);
    for (const platform of wanted) {
      const { expectations, unexpected } = runDmaseq(compiled, platform);
      const failed = expectations
        .filter(({ holds }) => !holds)
        .map(({ statement }) => [platform.id, statement.at.line]);
      expect([failed, unexpected]).toEqual([[], []]);
    }
    expect(printDmaseq(parsed.document)).toContain(`program ${parsed.document.name}\n`);
  });
});
