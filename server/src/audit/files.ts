import { constants, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes. The longest C file of Linux 6.12 has 2 MB; what is longer is generated data. */
export const MAX_FILE_BYTES = 8 << 20;

/** Bytes in which a zero byte tells that a file is no text. */
const SNIFFED_BYTES = 8 << 10;

export type SourceText = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string };

/** C sources and headers, by name. */
export const isSourceName = (name: string): boolean => /\.[ch]$/i.test(name);

/** Reads one source file. Bytes that are not UTF-8 become U+FFFD. Never rejects. */
export async function readSource(path: string): Promise<SourceText> {
  try {
    const bytes = await readRegular(path);
    if (bytes.subarray(0, SNIFFED_BYTES).includes(0)) return { ok: false, reason: 'binary' };
    return { ok: true, text: bytes.toString('utf8') };
  } catch (error) {
    return { ok: false, reason: error instanceof NotRegular ? error.message : unreadable(error, path) };
  }
}

/** Reads a file that nobody named, but that was found. Rejects for anything but a regular file of a sensible size. */
export async function readFound(path: string): Promise<string> {
  return (await readRegular(path)).toString('utf8');
}

class NotRegular extends Error {}

async function readRegular(path: string): Promise<Buffer> {
  // Without O_NONBLOCK the opening of a FIFO waits for somebody who writes to it.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const status = await file.stat();
    if (!status.isFile()) throw new NotRegular(status.isDirectory() ? 'is a directory' : 'not a regular file');
    if (status.size > MAX_FILE_BYTES) throw new NotRegular(`larger than ${MAX_FILE_BYTES >> 20} MiB`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Absolute paths of the C sources and headers of one directory, sorted; none if it cannot be read. */
export async function sourcesOf(directory: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    const files = entries.filter((entry) => isSourceName(entry.name) && !entry.isDirectory());
    return files.map((entry) => join(directory, entry.name)).sort();
  } catch {
    return [];
  }
}

function unreadable(error: unknown, path: string): string {
  if (isMangled(path)) return NOT_UTF8;
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return `unreadable (${code})`;
}

/** Node reads names as UTF-8: what is not cannot be opened by the name that comes out. */
export const isMangled = (path: string): boolean => path.includes('\uFFFD');
export const NOT_UTF8 = 'its name is not UTF-8';
