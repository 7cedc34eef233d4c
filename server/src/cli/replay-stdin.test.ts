import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { spool } from './replay-stdin.ts';

const LINES = 'kworker-7 [000] ..... 1.000000: dma_unmap_page: nothing\n'.repeat(5000);

it.each([
  ['text', [Buffer.from(LINES)]],
  ['text in small pieces', [...LINES.slice(0, 200)].map((one) => Buffer.from(one))],
  ['a packed trace', [gzipSync(LINES)]],
  ['a packed trace, byte by byte', [...gzipSync('short')].map((one) => Buffer.from([one]))],
  ['one byte', [Buffer.from('x')]],
  ['nothing', []],
])('%s on standard input can be read twice, until it is removed', async (what, chunks) => {
  const { file, remove } = await spool(Readable.from(chunks, { objectMode: false }));
  expect(file.endsWith('.gz')).toBe(what.includes('packed'));
  const read = await readFile(file);
  expect(file.endsWith('.gz') ? gunzipSync(read) : read).toEqual(
    what.includes('packed') ? gunzipSync(Buffer.concat(chunks)) : Buffer.concat(chunks),
  );
  await remove();
  expect(existsSync(dirname(file))).toBe(false);
});

it('a broken standard input is no trace', async () => {
  const broken = new Readable({
    read() {
      this.push('some');
      this.destroy(new Error('gone'));
    },
  });
  await expect(spool(broken)).rejects.toMatchObject({ exit: 2, message: 'standard input: gone' });
});
