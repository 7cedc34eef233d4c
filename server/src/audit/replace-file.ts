import { randomUUID } from 'node:crypto';
import { access, chmod, constants, lstat, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Writes a file so that it holds the old text or the new one, never a part, whatever happens meanwhile: a temporary file beside
 * it takes its place, with its permissions. Links stay, and what they lead to is written. Devices and FIFOs are written to.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const status = await lstat(target).catch(() => null);
  // What lies in /dev may lead to a file that the shell has open, and goes on to write to: > or 2>&1.
  if (path.startsWith('/dev/') || (status !== null && !status.isFile())) return writeFile(path, text);
  // Whoever made it read-only did not want it replaced either.
  if (status !== null) await access(target, constants.W_OK);
  const temporary = join(dirname(target), `.dma-audit-${randomUUID()}`);
  try {
    await writeFile(temporary, text, { flag: 'wx' });
    if (status !== null) await chmod(temporary, status.mode);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    if (status !== null && isKeptInPlace(error)) return writeFile(target, text);
    throw error;
  }
}

/** A file that may be written, but not replaced: its directory is protected, or it is a mount point, as in containers. */
const isKeptInPlace = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ['EACCES', 'EPERM', 'EROFS', 'EBUSY'].includes(String(error.code));
