import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cache } from './cache.ts';
import { DEFAULT_CHECK } from './check.ts';
import type { FilesResult, FilesTask } from './task.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cache-'));
  mkdirSync(join(root, 'src'));
  writeFileSync(join(root, 'src/a.c'), 'int a;');
  writeFileSync(join(root, 'src/b.h'), 'int b;');
});
afterEach(() => rmSync(root, { recursive: true }));

const task = (): FilesTask => ({
  root,
  directory: join(root, 'src'),
  files: [join(root, 'src/a.c')],
  options: DEFAULT_CHECK,
  dialect: null,
  models: [],
});
const RESULT: FilesResult = {
  files: 1,
  analysed: 7,
  incomplete: [],
  skippedFiles: [],
  diagnostics: [],
  suppressions: [],
};
const open = (identity = '1') => new Cache(join(root, 'cache'), identity);

async function known(cache: Cache, of: FilesTask): Promise<readonly FilesResult[]> {
  const results: FilesResult[] = [];
  await cache.missing([of], (result) => results.push(result));
  return results;
}

async function remember(): Promise<void> {
  const cache = open();
  const one = task();
  expect(await known(cache, one)).toEqual([]);
  await cache.put(one, RESULT);
}

describe('the cache', () => {
  it('gives back what was put, to another run', async () => {
    await remember();
    expect(await known(open(), task())).toEqual([RESULT]);
  });

  it.each<[string, () => readonly [Cache, FilesTask]]>([
    ['another build', () => [open('2'), task()]],
    ['other rules', () => [open(), { ...task(), options: { ...DEFAULT_CHECK, rules: new Set(['double-free']) } }]],
    ['other platforms', () => [open(), { ...task(), options: { ...DEFAULT_CHECK, platforms: new Set(['sev']) } }]],
    ['another dialect', () => [open(), { ...task(), dialect: 'edk2' }]],
    ['other models', () => [open(), { ...task(), models: [{ title: 't', version: '1', functions: [] }] }]],
    ['other files', () => [open(), { ...task(), files: [join(root, 'src/b.h')] }]],
  ])('knows nothing for %s', async (_, other) => {
    await remember();
    expect(await known(...other())).toEqual([]);
  });

  it.each([
    ['a changed file', 'src/a.c'],
    ['a changed header beside it', 'src/b.h'],
    ['a new file beside it', 'src/c.c'],
  ])('knows nothing after %s', async (_, name) => {
    await remember();
    writeFileSync(join(root, name), 'int changed;');
    expect(await known(open(), task())).toEqual([]);
  });

  it('does not keep a result when a source changed under the analysis', async () => {
    const cache = open();
    const one = task();
    await known(cache, one);
    writeFileSync(join(root, 'src/b.h'), 'int changed;');
    await cache.put(one, RESULT);
    expect(await known(open(), task())).toEqual([]);
  });

  it('survives damage and a folder that cannot be written', async () => {
    await remember();
    const folder = join(root, 'cache');
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
      if (name.endsWith('.json')) writeFileSync(join(folder, name), '{"key":');
    expect(await known(open(), task())).toEqual([]);
    const blocked = new Cache(join(root, 'src/a.c'), '1');
    const one = task();
    expect(await known(blocked, one)).toEqual([]);
    await blocked.put(one, RESULT);
  });
});
