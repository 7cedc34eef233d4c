/** Finds the traces below a directory and replays each. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { kernelRunIn, replayKernelRun } from './kernel-run.ts';
import { type FileResult, replayLines } from './replay-file.ts';
import { linesOf, readTrace } from './trace-file.ts';

export interface Replayed {
  readonly path: string;
  readonly result: FileResult;
}

/**
 * Every trace below a directory, in the order of the paths, so that two runs print the same; or the one trace file that
 * `directory` is. Throws if it cannot be read.
 */
export function* replayDirectory(directory: string): Generator<Replayed> {
  if (statSync(directory).isFile()) {
    yield { path: directory, result: replayJsonLines(directory) };
    return;
  }
  const trace = kernelRunIn(directory);
  if (trace !== null) yield { path: trace, result: replayKernelRun(directory, trace) };
  const entries = readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* replayDirectory(path);
    else if (/\.jsonl(\.gz)?$/.test(entry.name)) yield { path, result: replayJsonLines(path) };
  }
}

function replayJsonLines(path: string): FileResult {
  const { bytes, damage } = readTrace(path);
  const result = replayLines(linesOf(bytes));
  if (damage === null) return result;
  return {
    ...result,
    unreadable: result.unreadable + 1,
    firstUnreadable: result.firstUnreadable ?? { line: 0, why: damage },
  };
}
