import { watch as watchDirectory } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { isSourceName } from '../audit/index.ts';

/** Milliseconds of quiet after a change: an editor writes a file in several steps, a checkout many files. */
const SETTLING = 150;

/**
 * Calls `again` at once and after each change of a source, or of one of `others`, in the directories of the files that it
 * checked, one call at a time. Ends when the process is interrupted.
 */
export async function watch(again: () => Promise<readonly string[]>, others: ReadonlySet<string>): Promise<void> {
  const interrupted = new Promise<'end'>((done) => process.once('SIGINT', () => done('end')));
  for (;;) {
    const files = await again();
    const change = nextChange(new Set(files.map((file) => dirname(file))), others);
    const what = await Promise.race([change.happened, interrupted]);
    change.close();
    if (what === 'end') return;
  }
}

function nextChange(directories: ReadonlySet<string>, others: ReadonlySet<string>) {
  let timer: NodeJS.Timeout | undefined;
  let tell = (_: 'change'): void => {};
  const happened = new Promise<'change'>((done) => {
    tell = done;
  });
  const watchers = [...directories].flatMap((directory) => {
    try {
      const watcher = watchDirectory(directory, (_, name) => {
        if (name !== null && !isSourceName(name) && !others.has(name)) return;
        clearTimeout(timer);
        timer = setTimeout(() => tell('change'), SETTLING);
      });
      // A directory that is removed is a change like any other.
      watcher.on('error', () => tell('change'));
      return [watcher];
    } catch {
      return [];
    }
  });
  const close = (): void => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
  return { happened, close };
}
