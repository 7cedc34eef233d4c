/** Reading trace files: plain or gzip'ed, line by line, without ever holding all of the text as one string. */
import { readFileSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';

export interface TraceText {
  readonly bytes: Buffer;
  /** Why the file could not be unpacked to its end; what came before the damage is in `bytes`. */
  readonly damage: string | null;
}

export function readTrace(path: string): TraceText {
  return readTraceBytes(readFileSync(path), path.endsWith('.gz'));
}

export function readTraceBytes(bytes: Buffer, packed: boolean): TraceText {
  if (!packed) return { bytes, damage: null };
  try {
    return { bytes: gunzipSync(bytes), damage: null };
  } catch (error) {
    return { bytes: unpackPrefix(bytes), damage: error instanceof Error ? error.message : String(error) };
  }
}

function unpackPrefix(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return Buffer.alloc(0);
  }
}

/** The lines of a text, without their ends; a last line without an end is a line as well. */
export function* linesOf(bytes: Buffer): Generator<string> {
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(0x0a, start);
    const stop = end < 0 ? bytes.length : end;
    yield bytes.toString('utf8', start, bytes[stop - 1] === 0x0d ? stop - 1 : stop);
    start = stop + 1;
  }
}
