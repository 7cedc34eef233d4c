import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { EXIT, Failure, reasonOf } from './failure.ts';

/** A stream kept in a file: a trace is read twice. */
export interface Spooled {
  /** Named `.gz` when it is packed. */
  readonly file: string;
  /** Must be called when it was read. */
  readonly remove: () => Promise<void>;
}

/** Writes a stream of any length to a temporary file. Throws a Failure when there is no room. */
export async function spool(input: AsyncIterable<Buffer>): Promise<Spooled> {
  const folder = await mkdtemp(join(tmpdir(), 'dma-audit-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const chunks = input[Symbol.asyncIterator]();
    const { head, done } = await beginning(chunks);
    const file = join(folder, head[0] === 0x1f && head[1] === 0x8b ? 'trace.gz' : 'trace');
    await pipeline(async function* () {
      yield head;
      if (!done) yield* { [Symbol.asyncIterator]: () => chunks };
    }, createWriteStream(file));
    return { file, remove };
  } catch (error) {
    await remove();
    throw new Failure(EXIT.fatal, `standard input: ${reasonOf(error)}`);
  }
}

/** Enough of a stream to tell what it is. */
async function beginning(chunks: AsyncIterator<Buffer>): Promise<{ readonly head: Buffer; readonly done: boolean }> {
  let head = Buffer.alloc(0);
  while (head.length < 2) {
    const { value, done } = await chunks.next();
    if (done) return { head, done: true };
    head = Buffer.concat([head, value]);
  }
  return { head, done: false };
}
