import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PLATFORMS } from '@dma-audit/simulator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { platformList, platformsNamed } from './platform-argument.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'platform-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A description like that of `tdx`, changed. */
function description(change: object): string {
  return JSON.stringify({ ...PLATFORMS.find(({ id }) => id === 'tdx')?.description, ...change }, null, 2);
}

function put(text: string): string {
  const file = join(folder, 'own.json');
  writeFileSync(file, text);
  return file;
}

const ids = async (names: readonly string[], dialect: 'linux' | 'edk2' | null) =>
  (await platformsNamed(names, dialect)).map(({ id }) => id);

describe('platforms on the command line', () => {
  it('are separated by commas or repeated, each once', async () => {
    expect(await ids(platformList('sev, tdx', platformList('tdx')), 'linux')).toEqual(['tdx', 'sev']);
  });

  it('are all of the dialect', async () => {
    const all = await ids(['direct', 'all'], 'edk2');
    expect(all).toContain('iommudxe-tdx');
    expect(all).not.toContain('swiotlb');
    expect(await ids(['all'], null)).toHaveLength(PLATFORMS.length);
  });

  it('may be of the user, with comments', async () => {
    const file = put(`// ours\n${description({ id: 'ours' })}`);
    expect(await ids([file, 'tdx'], 'linux')).toEqual(['ours', 'tdx']);
  });

  it.each([
    [
      'a faulty part',
      description({ device: { addressBits: 8, coherent: true, buffers: 'below-4g' } }),
      /own\.json:\d+:\d+: .*24/,
    ],
    [
      'parts that do not go together',
      description({ bounce: { kind: 'none' } }),
      /own\.json:\d+:\d+: an encrypted guest needs a pool/,
    ],
    ['a missing part', '{ "id": "x" }', /own\.json:1:1: /],
    ['no JSON', '{ "id": }', /own\.json:1:9: value expected/],
    ['nothing', '', /own\.json:1:1: /],
  ])('are refused with their place: %s', async (_, text, message) => {
    await expect(platformsNamed([put(text)], null)).rejects.toMatchObject({
      exit: 3,
      message: expect.stringMatching(message),
    });
  });

  it('are refused when there are none, two of one name, or of the other dialect', async () => {
    await expect(platformsNamed(['vax'], null)).rejects.toMatchObject({ exit: 4 });
    await expect(platformsNamed(['vax'], null, 2)).rejects.toMatchObject({ exit: 2 });
    await expect(platformsNamed([join(folder, 'none.json')], null)).rejects.toMatchObject({ exit: 3 });
    await expect(platformsNamed(['tdx', put(description({}))], null)).rejects.toThrow("another platform 'tdx'");
    await expect(platformsNamed(['tdx'], 'edk2')).rejects.toThrow('runs code of linux');
  });
});
