import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import { EXIT, Failure, reasonOf } from './failure.ts';

/** Longest line that is looked at, UTF-16 units; the kernel's longest (128 scatterlist entries, three lists) has 8,000. */
const MAX_LINE = 65_536;

/**
 * Reads a trace line by line, unpacking `.gz`. A file that is damaged ends where the damage begins: `damaged` is told why. Throws a Failure when the file cannot be read at all.
 */
export async function eachLine(
  file: string,
  line: (text: string) => void,
  damaged: (why: string) => void,
): Promise<void> {
  const source = createReadStream(file);
  const text = file.endsWith('.gz') ? pipeline(source, createGunzip(), () => {}) : source;
  let failure: unknown = null;
  for (const stream of new Set([source, text]))
    stream.on('error', (error: unknown) => {
      failure ??= error;
    });
  try {
    for await (const one of lines(text)) line(one);
  } catch (error) {
    failure ??= error;
  }
  if (failure === null) return;
  const code = failure instanceof Error && 'code' in failure ? String(failure.code) : '';
  if (!code.startsWith('Z_') && !code.startsWith('ERR_STREAM_PREMATURE'))
    throw new Failure(EXIT.fatal, `${file}: ${reasonOf(failure)}`);
  damaged(`the file is damaged (${code})`);
}

/** Cuts a stream into lines, however it comes. Of a line that does not end only the beginning is kept. */
async function* lines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let begun = '';
  for await (const chunk of chunks) {
    const parts = decoder.write(chunk).split('\n');
    const last = parts.pop() ?? '';
    for (const part of parts) {
      yield shortened(begun + part);
      begun = '';
    }
    begun = (begun + last).slice(0, MAX_LINE);
  }
  if (begun !== '') yield shortened(begun);
}

const shortened = (text: string): string => text.slice(0, MAX_LINE).replace(/\r$/, '');
