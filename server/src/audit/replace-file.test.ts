import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replaceFile } from './replace-file.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'replace-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);
const read = (name: string): string => readFileSync(at(name), 'utf8');

describe('replaceFile', () => {
  it('writes a new file, and leaves nothing beside it', async () => {
    await replaceFile(at('a'), 'new');
    expect(readdirSync(folder)).toEqual(['a']);
    expect(read('a')).toBe('new');
  });

  it.skipIf(process.platform === 'win32')('keeps the permissions, and the link to what it replaces', async () => {
    writeFileSync(at('a'), 'old');
    chmodSync(at('a'), 0o640);
    symlinkSync('a', at('link'));
    await replaceFile(at('link'), 'new');
    expect(statSync(at('a')).mode & 0o777).toBe(0o640);
    expect(read('a')).toBe('new');
    symlinkSync('b', at('dangling'));
    await replaceFile(at('dangling'), 'new');
    expect(read('b')).toBe('new');
    expect(readdirSync(folder)).toEqual(['a', 'b', 'dangling', 'link']);
  });

  it('leaves alone what another name of the old file leads to', async () => {
    writeFileSync(at('a'), 'old');
    linkSync(at('a'), at('other'));
    await replaceFile(at('a'), 'new');
    expect([read('a'), read('other')]).toEqual(['new', 'old']);
  });

  it('leaves nothing behind when it fails', async () => {
    await expect(replaceFile(at('none/a'), 'new')).rejects.toThrow('ENOENT');
    mkdirSync(at('d'));
    await expect(replaceFile(at('d'), 'new')).rejects.toThrow('EISDIR');
    expect(readdirSync(folder)).toEqual(['d']);
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')('needs only what writing needs', async () => {
    mkdirSync(at('d'));
    writeFileSync(at('d/a'), 'old');
    writeFileSync(at('d/b'), 'old', { mode: 0o444 });
    chmodSync(at('d'), 0o555);
    await replaceFile(at('d/a'), 'new');
    chmodSync(at('d'), 0o755);
    await expect(replaceFile(at('d/b'), 'new')).rejects.toThrow('EACCES');
    expect([read('d/a'), read('d/b')]).toEqual(['new', 'old']);
  });
});
