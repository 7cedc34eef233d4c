import { dirname } from 'node:path';
import type { Dialect, ModelFile } from '../models/index.ts';
import type { Cache } from './cache.ts';
import type { CheckOptions } from './check.ts';
import { nameIn } from './directory.ts';
import { runTasks } from './pool.ts';
import { type AuditResult, compare, resultOf } from './result.ts';
import type { FilesResult, FilesTask } from './task.ts';

/** One of several machines among which the files are divided, in the same way on each. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

export interface AuditRequest {
  /** Absolute; files are named relative to it in reports. */
  readonly root: string;
  /** Absolute paths of the files to report on. Each is analysed with its directory as context. */
  readonly files: readonly string[];
  readonly options: CheckOptions;
  /** null = each file tells. */
  readonly dialect: Dialect | null;
  /** API models of the user; they override the built-in ones. */
  readonly models: readonly ModelFile[];
  /** Worker threads, at least 1. */
  readonly jobs: number;
  /** The bundled worker; null = everything runs in this thread. */
  readonly worker: URL | null;
  /** Only the part `index` (from 1) of `count`; null = everything. */
  readonly shard: Shard | null;
  readonly cache: Cache | null;
  /** As of a task. */
  readonly texts?: ReadonlyMap<string, string>;
}

export interface AuditEvents {
  /** Files done and files in all. */
  readonly progress?: (done: number, total: number) => void;
  /** Some files are done; what was found may lie in other files of their directory. */
  readonly result?: (result: FilesResult) => void;
  readonly signal?: AbortSignal;
}

/** Below this number of files per thread, starting the thread takes longer than it saves. */
const FILES_PER_THREAD = 8;

/** Files of one task. Each thread that gets some of a directory reads all of it: not too few; and never all in one: not too many. */
const GROUP = 16;

/**
 * Checks files. The result is the same for any number of jobs. Rejects with the signal's reason when that is aborted;
 * a file that cannot be read and a function that cannot be analysed are part of the result.
 */
export async function audit(request: AuditRequest, events: AuditEvents = {}): Promise<AuditResult> {
  const { shard } = request;
  const tasks = tasksOf(request).filter((_, i) => shard === null || i % shard.count === shard.index - 1);
  const total = tasks.reduce((sum, task) => sum + task.files.length, 0);
  const jobs = Math.min(request.jobs, Math.ceil(total / FILES_PER_THREAD));
  const results: FilesResult[] = [];
  let done = 0;
  const add = (result: FilesResult): void => {
    results.push(result);
    done += result.files;
    events.progress?.(done, total);
    events.result?.(result);
  };
  const { cache } = request;
  const missing = cache ? await cache.missing(tasks, add) : tasks;
  await runTasks(missing, { jobs, worker: request.worker, signal: events.signal ?? null }, add, cache);
  const checked = tasks.flatMap((task) => task.files.map((file) => nameIn(task.root, file)));
  return resultOf(checked, results);
}

/** By directory, in groups, the largest directories first, so that no thread is left alone with one at the end. */
function tasksOf({ root, files, options, dialect, models, texts }: AuditRequest): readonly FilesTask[] {
  const byDirectory = new Map<string, string[]>();
  for (const file of [...new Set(files)].sort(compare)) {
    const directory = dirname(file);
    const known = byDirectory.get(directory);
    if (known) known.push(file);
    else byDirectory.set(directory, [file]);
  }
  const ordered = [...byDirectory].sort(([, a], [, b]) => b.length - a.length);
  return ordered.flatMap(([directory, all]) =>
    groupsOf(all).map((group) => ({
      ...{ root, directory, files: group, options, dialect, models },
      ...(texts === undefined ? {} : { texts: textsIn(directory, texts) }),
    })),
  );
}

const textsIn = (directory: string, texts: ReadonlyMap<string, string>): ReadonlyMap<string, string> =>
  new Map([...texts].filter(([path]) => dirname(path) === directory));

function groupsOf(files: readonly string[]): readonly (readonly string[])[] {
  const groups: (readonly string[])[] = [];
  for (let at = 0; at < files.length; at += GROUP) groups.push(files.slice(at, at + GROUP));
  return groups;
}
