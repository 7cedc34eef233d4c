import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, it } from 'vitest';
import { watch } from './watch.ts';

it('watch checks again after a change, and ends when it is interrupted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'watch-'));
  const file = join(folder, 'a.c');
  writeFileSync(file, '');
  let times = 0;
  const change = async () => {
    times++;
    // Behind the call, the directory is watched.
    setTimeout(() => (times < 3 ? writeFileSync(file, `${times}`) : process.emit('SIGINT')), 50);
    return [file];
  };
  await watch(change, new Set());
  expect(times).toBe(3);
  rmSync(folder, { recursive: true });
});
