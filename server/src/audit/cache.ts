import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { detectDialect } from '../source/index.ts';
import { nameIn } from './directory.ts';
import { readSource, sourcesOf } from './files.ts';
import { replaceFile } from './replace-file.ts';
import type { FilesResult, FilesTask } from './task.ts';

/** Tasks that are looked up at the same time. */
const AT_ONCE = 8;

/**
 * Results of tasks on disk, by the content of everything that they depend on: the sources of the directory as the analysis
 * reads them, the options, the user's API models and the analysis itself. Several runs may use one folder at the same time.
 */
export class Cache {
  readonly #folder: string;
  readonly #identity: string;
  readonly #keys = new Map<FilesTask, string>();

  /** `identity` stands for the program: it must differ between two builds that may find different things. */
  constructor(folder: string, identity: string) {
    this.#folder = folder;
    this.#identity = identity;
  }

  /** Hands the results that are known to `done`, and gives the tasks of which there is none. */
  async missing(tasks: readonly FilesTask[], done: (result: FilesResult) => void): Promise<readonly FilesTask[]> {
    const contents = new Map<string, Promise<string>>();
    const missing: FilesTask[] = [];
    for (let at = 0; at < tasks.length; at += AT_ONCE) {
      const some = tasks.slice(at, at + AT_ONCE);
      const results = await Promise.all(
        some.map(async (task) => {
          const content = contents.get(task.directory) ?? contentOf(task.directory);
          contents.set(task.directory, content);
          const key = this.#keyOf(task, await content);
          this.#keys.set(task, key);
          return this.#read(key);
        }),
      );
      for (const [i, task] of some.entries()) {
        const result = results[i];
        if (result) done(result);
        else missing.push(task);
      }
    }
    return missing;
  }

  /** Keeps a result, unless a source has changed since the task was looked up. A full disk is no failure of the audit. */
  async put(task: FilesTask, result: FilesResult): Promise<void> {
    const key = this.#keys.get(task);
    if (key === undefined || key !== this.#keyOf(task, await contentOf(task.directory))) return;
    const path = this.#pathOf(key);
    try {
      await mkdir(dirname(path), { recursive: true });
      await replaceFile(path, JSON.stringify({ key, result }));
    } catch {
      // Next time it is found out again.
    }
  }

  #keyOf({ root, directory, files, options, dialect, models }: FilesTask, content: string): string {
    const parts = [
      this.#identity,
      nameIn(root, directory),
      files.map((file) => nameIn(root, file)),
      options,
      // The path of a file that tells nothing by its text decides whose it is.
      dialect ?? detectDialect(`${directory}/`, ''),
      models,
      content,
    ];
    return createHash('sha256').update(JSON.stringify(parts, sorted)).digest('hex');
  }

  /** Null for what is not there, and for what is damaged. */
  async #read(key: string): Promise<FilesResult | null> {
    try {
      const entry: { readonly key: unknown; readonly result: FilesResult } = JSON.parse(
        await readFile(this.#pathOf(key), 'utf8'),
      );
      return entry.key === key ? entry.result : null;
    } catch {
      return null;
    }
  }

  #pathOf(key: string): string {
    return join(this.#folder, key.slice(0, 2), `${key.slice(2)}.json`);
  }
}

/** Sets have no order, and JSON no sets. */
const sorted = (_: string, value: unknown): unknown => (value instanceof Set ? [...value].sort() : value);

/** Hash of the names and texts of the sources of a directory. */
async function contentOf(directory: string): Promise<string> {
  const hash = createHash('sha256');
  for (const path of await sourcesOf(directory)) {
    const source = await readSource(path);
    hash.update(JSON.stringify([nameIn(directory, path), source.ok, source.ok ? source.text.length : source.reason]));
    if (source.ok) hash.update(source.text);
  }
  return hash.digest('hex');
}
