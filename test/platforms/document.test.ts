import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createPlatform, validatePlatform } from '../../simulator/src/platforms/index.ts';
import { examplePlatform, platformSchema, platformsDocument } from './document.ts';

const docs = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

it('docs/platforms.md is what the platforms give', () => {
  expect(docs('platforms.md')).toBe(platformsDocument());
});

it('docs/schema/platform.json is the schema', () => {
  expect(JSON.parse(docs('schema/platform.json'))).toEqual(JSON.parse(platformSchema()));
});

it('the example of docs/platforms.md is a platform', () => {
  expect(validatePlatform(examplePlatform)).toMatchObject({ ok: true });
  expect(createPlatform(examplePlatform).traits.bounces).toBe(true);
});
