import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isMangled, isSourceName, NOT_UTF8 } from './files.ts';
import { IgnoreFiles } from './ignore-files.ts';
import { reasonOf } from './system-error.ts';
import type { SkippedFile } from './task.ts';

/** What belongs to version control is nobody's source. */
const NEVER = new Set(['.git', '.hg', '.svn']);

/**
 * Absolute paths of what is named as a C source or header under a directory, sorted, without what ignore files name. Symbolic
 * links are not followed: what they lead to is found where it lies, and no loop can arise. Devices and FIFOs are among them:
 * whoever reads them tells why that cannot be. Where ignore files leave nothing, the directory is skipped. Rejects with an
 * IgnoreFileError only.
 */
export async function walk(top: string, skipped: SkippedFile[]): Promise<readonly string[]> {
  const files: string[] = [];
  let isAnyIgnored = false;
  const visit = async (directory: string, outer: IgnoreFiles): Promise<void> => {
    let entries: Awaited<ReturnType<typeof listed>>;
    try {
      entries = await listed(directory);
    } catch (error) {
      skipped.push({
        file: directory,
        reason: isMangled(directory) ? NOT_UTF8 : `unreadable directory (${reasonOf(error)})`,
      });
      return;
    }
    const ignored = await outer.within(directory, new Set(entries.map(({ name }) => name)));
    for (const entry of entries) {
      if (NEVER.has(entry.name)) continue;
      const path = join(directory, entry.name);
      const isDirectory = entry.isDirectory();
      if (!isDirectory && (entry.isSymbolicLink() || !isSourceName(entry.name))) continue;
      if (ignored.ignores(path, isDirectory)) isAnyIgnored = true;
      else if (isDirectory) await visit(path, ignored);
      else files.push(path);
    }
  };
  await visit(top, await IgnoreFiles.above(top, namesIn));
  if (files.length === 0 && isAnyIgnored)
    skipped.push({ file: top, reason: 'ignore files (.gitignore, .dma-auditignore) leave no C source in it' });
  return files.sort();
}

const listed = (directory: string) => readdir(directory, { withFileTypes: true });

async function namesIn(directory: string): Promise<ReadonlySet<string>> {
  return new Set(await readdir(directory).catch(() => []));
}
