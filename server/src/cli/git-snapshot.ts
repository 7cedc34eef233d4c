import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isSourceName } from '../audit/index.ts';
import { type Changes, git, gitBytes, names } from './git.ts';

/** Files of a repository as git knows them, written to a folder of their own. */
export interface Snapshot {
  /** Absolute; stands for the top of the working tree. */
  readonly top: string;
  readonly remove: () => Promise<void>;
}

/** A file that git keeps. */
interface Blob {
  readonly id: string;
  /** Relative to the top, with slashes. */
  readonly name: string;
}

/** Files that are read from git at once. */
const AT_ONCE = 200;

/** Ordinary files; symbolic links and submodules lead elsewhere. */
const MODES = new Set(['100644', '100755']);

/** Writes out what is staged of the directories in which `files` lie: the working tree may differ from it. */
export async function stagedSnapshot({ top }: Changes, files: readonly string[]): Promise<Snapshot> {
  const directories = new Set(files.map((file) => dirname(file)));
  const literal = [...directories].map((one) => `:(literal)${one}`);
  const listed = names(await git(top, ['ls-files', '-s', '-z', '--', ...literal]));
  const isWanted = (name: string): boolean => isSourceName(name) && directories.has(dirname(name));
  return snapshotOf(top, blobsIn(listed, isWanted));
}

/** Writes out the files of a commit that are wanted, by their names in the repository. */
export async function commitSnapshot(
  top: string,
  commit: string,
  isWanted: (name: string) => boolean,
): Promise<Snapshot> {
  const listed = names(await git(top, ['ls-tree', '-r', '-z', '--full-tree', commit]));
  return snapshotOf(top, blobsIn(listed, isWanted));
}

/** Reads `mode object stage<tab>name` of ls-files and `mode type object<tab>name` of ls-tree. */
function blobsIn(lines: readonly string[], isWanted: (name: string) => boolean): readonly Blob[] {
  return lines.flatMap((line) => {
    const tab = line.indexOf('\t');
    const name = line.slice(tab + 1);
    const [mode = '', ...rest] = line.slice(0, tab).split(' ');
    const id = rest.find((word) => /^[0-9a-f]{40,64}$/.test(word));
    return id !== undefined && MODES.has(mode) && isInside(name) && isWanted(name) ? [{ id, name }] : [];
  });
}

/** A tree that somebody made by hand may name anything. */
const isInside = (name: string): boolean =>
  name.split(/[/\\]/).every((part) => part !== '' && part !== '.' && part !== '..' && part.toLowerCase() !== '.git');

async function snapshotOf(top: string, blobs: readonly Blob[]): Promise<Snapshot> {
  const folder = await mkdtemp(join(tmpdir(), 'dma-audit-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    // What ignore files above it say has no part in it.
    await mkdir(join(folder, '.git'));
    for (let at = 0; at < blobs.length; at += AT_ONCE) await write(top, blobs.slice(at, at + AT_ONCE), folder);
    return { top: folder, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** As git keeps them: filters that the repository's configuration names are not run. */
async function write(top: string, blobs: readonly Blob[], folder: string): Promise<void> {
  const output = await gitBytes(top, ['cat-file', '--batch'], blobs.map(({ id }) => `${id}\n`).join(''));
  let at = 0;
  for (const { name } of blobs) {
    const end = output.indexOf('\n', at);
    const [, type, size] = output.subarray(at, end).toString('utf8').split(' ');
    if (type !== 'blob') {
      // A partial clone may lack it.
      at = end + 1;
      continue;
    }
    const start = end + 1;
    at = start + Number(size) + 1;
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, output.subarray(start, at - 1));
  }
}
