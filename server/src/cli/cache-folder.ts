import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { Cache } from '../audit/index.ts';
import { EXIT, Failure } from './failure.ts';
import { DEPENDENCIES, VERSION } from './version.ts';

/**
 * The cache in a folder. Its entries hold for one build of the analysis: the worker names its chunks by their content, and what
 * it does not contain is pinned by the manifest. Throws a Failure when the folder is a file.
 */
export async function openCache(folder: string, worker: URL): Promise<Cache> {
  const isFile = await stat(folder).then(
    (status) => !status.isDirectory(),
    (error: NodeJS.ErrnoException) => error.code === 'ENOTDIR',
  );
  if (isFile) throw new Failure(EXIT.usage, `--cache ${folder}: not a directory`);
  const build = createHash('sha256').update(await readFile(fileURLToPath(worker)));
  return new Cache(resolve(folder), JSON.stringify([VERSION, DEPENDENCIES, build.digest('hex'), process.arch]));
}
