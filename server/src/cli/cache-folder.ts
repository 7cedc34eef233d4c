import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { Cache } from '../audit/index.ts';
import { DEPENDENCIES, VERSION } from './version.ts';

/**
 * The cache in a folder. Its entries hold for one build of the analysis: the worker names its chunks by their content, and what
 * it does not contain is pinned by the manifest.
 */
export async function openCache(folder: string, worker: URL): Promise<Cache> {
  const build = createHash('sha256').update(await readFile(fileURLToPath(worker)));
  return new Cache(folder, JSON.stringify([VERSION, DEPENDENCIES, build.digest('hex'), process.arch]));
}
