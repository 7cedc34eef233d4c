import { readFileSync, writeFileSync } from 'node:fs';
import { env } from 'node:process';
import { describe, expect, it } from 'vitest';
import { builtinModels, createModels, parseModelFile } from '../../server/src/models/index.ts';
import { modelsReference } from './reference.ts';

const docs = new URL('../../docs/', import.meta.url);
const referenceFile = new URL('models-reference.md', docs);
const guide = readFileSync(new URL('models.md', docs), 'utf8');

describe('docs/models-reference.md', () => {
  it('is up to date (UPDATE_DOCS=1 writes it)', () => {
    const expected = modelsReference();
    if (env.UPDATE_DOCS) writeFileSync(referenceFile, expected);
    expect(readFileSync(referenceFile, 'utf8')).toBe(expected);
  });
});

describe('docs/models.md', () => {
  const blocks = (language: string): readonly string[] =>
    [...guide.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text = '']) => text);

  it('has examples that can be read', () => {
    expect(blocks('json').length).toBeGreaterThan(0);
    for (const text of blocks('json')) expect(parseModelFile(text, 'models.md')).toMatchObject({ ok: true });
  });

  it('describes the wrappers of its C example', () => {
    const own = blocks('json').flatMap((text) => {
      const result = parseModelFile(text, 'models.md');
      return result.ok ? [result.models] : [];
    });
    const models = createModels([...builtinModels, ...own]);
    const [example = ''] = blocks('c');
    const called = [...example.matchAll(/\b(acme_\w+)\(([^;]*)\)[;)]/g)];
    expect(called.length).toBeGreaterThan(2);
    for (const [, name = '', args = ''] of called)
      expect([name, models.function(name, 'linux')?.args.length]).toEqual([name, args.split(',').length]);
  });

  it('shows the error that a mistake gives', () => {
    const [json = ''] = blocks('json');
    const [shown = ''] = blocks('text');
    const result = parseModelFile(json.replace('"failure": "negative"', '"failure": "negativ"'), 'acme.json');
    expect(result.ok ? [] : result.errors.map((it) => `${it.path}:${it.line}:${it.column}: ${it.message}`)).toEqual([
      shown.trim(),
    ]);
  });
});
