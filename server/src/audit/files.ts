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
    // Without O_NONBLOCK the opening of a FIFO waits for somebody who writes to it.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const status = await file.stat();
      if (!status.isFile()) return { ok: false, reason: 'not a regular file' };
      if (status.size > MAX_FILE_BYTES) return { ok: false, reason: `larger than ${MAX_FILE_BYTES >> 20} MiB` };
      const bytes = await file.readFile();
      if (bytes.subarray(0, SNIFFED_BYTES).includes(0)) return { ok: false, reason: 'binary' };
      return { ok: true, text: bytes.toString('utf8') };
    } finally {
      await file.close();
    }
  } catch (error) {
    return { ok: false, reason: unreadable(error) };
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

function unreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return `unreadable (${code})`;
}
