import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { isSourceName } from '../audit/index.ts';
import { EXIT, Failure } from './failure.ts';

/** Lines of a file, from 1, both ends included. */
export interface LineRange {
  readonly from: number;
  readonly to: number;
}

/** What changed in a git repository. */
export interface Changes {
  /** Absolute; the top of the working tree. */
  readonly top: string;
  /** Changed C sources that are still there, relative to `top`, with slashes. */
  readonly files: readonly string[];
  /** Lines that were added or altered; where lines were removed, those around the gap. */
  readonly linesOf: (file: string) => Promise<readonly LineRange[]>;
}

/** Bytes of output of one git command. */
const MAX_OUTPUT = 256 << 20;

const run = promisify(execFile);

/** Never a shell; and no program that the repository's configuration names. */
async function git(directory: string, args: readonly string[]): Promise<string> {
  const safe = ['-c', 'core.fsmonitor=false', '-c', 'core.quotePath=false', '--no-optional-locks'];
  try {
    const { stdout } = await run('git', [...safe, ...args], { cwd: directory, maxBuffer: MAX_OUTPUT });
    return stdout;
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim().split('\n')[0] : '';
    throw new Failure(EXIT.fatal, `git ${args[0]}: ${said || (error instanceof Error ? error.message : error)}`);
  }
}

const DIFF = ['diff', '--no-color', '--no-ext-diff', '--no-textconv', '--no-renames'];
const names = (output: string): readonly string[] => output.split('\0').filter((name) => name !== '');
const topOf = async (directory: string): Promise<string> =>
  (await git(directory, ['rev-parse', '--show-toplevel'])).replace(/\r?\n$/, '');

/** What differs between a revision and the working tree, files that git does not know yet included. */
export async function changesSince(revision: string, directory: string): Promise<Changes> {
  const top = await topOf(directory);
  const commit = await git(top, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]).catch(
    () => {
      throw new Failure(EXIT.usage, `--since ${revision}: there is no such revision`);
    },
  );
  const base = commit.trim();
  const changed = names(await git(top, [...DIFF, '--name-only', '-z', '--diff-filter=d', base, '--']));
  const untracked = new Set(names(await git(top, ['ls-files', '-z', '--others', '--exclude-standard'])));
  return {
    top,
    files: [...new Set([...changed, ...untracked])].filter(isSourceName).sort(),
    linesOf: async (file) =>
      untracked.has(file) ? [{ from: 1, to: Infinity }] : rangesIn(await git(top, [...DIFF, '-U0', base, '--', file])),
  };
}

/** What the next commit would change. */
export async function stagedChanges(directory: string): Promise<Changes> {
  const top = await topOf(directory);
  const staged = names(await git(top, [...DIFF, '--cached', '--name-only', '-z', '--diff-filter=d', '--']));
  return {
    top,
    files: staged.filter(isSourceName).sort(),
    linesOf: async (file) => rangesIn(await git(top, [...DIFF, '--cached', '-U0', '--', file])),
  };
}

export interface Snapshot {
  /** Absolute; stands for the top of the working tree. */
  readonly top: string;
  readonly remove: () => Promise<void>;
}

/** Writes out what is staged of the directories in which `files` lie: the working tree may differ from it. */
export async function stagedSnapshot({ top }: Changes, files: readonly string[]): Promise<Snapshot> {
  const folder = await mkdtemp(join(tmpdir(), 'dma-audit-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const directories = new Set(files.map((file) => dirname(file)));
    const all = names(await git(top, ['ls-files', '-z', '--', ...[...directories].map((one) => `:(literal)${one}`)]));
    const wanted = all.filter((file) => isSourceName(file) && directories.has(dirname(file)));
    await mkdir(folder, { recursive: true });
    const prefix = `${folder.split(sep).join('/')}/`;
    // In portions: a command line has an end.
    for (let at = 0; at < wanted.length; at += 500)
      await git(top, ['checkout-index', '-q', `--prefix=${prefix}`, '--', ...wanted.slice(at, at + 500)]);
    return { top: folder, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The changed lines in the output of `git diff -U0` for one file. */
export function rangesIn(diff: string): readonly LineRange[] {
  return [...diff.matchAll(/^@@ -\S+ \+(\d+)(?:,(\d+))? @@/gm)].map(([, start, count]) => {
    const from = Number(start);
    const length = count === undefined ? 1 : Number(count);
    return length === 0 ? { from, to: from + 1 } : { from, to: from + length - 1 };
  });
}

/** How a file is named in a repository. */
export const nameInRepository = (top: string, path: string): string => relative(top, path).split(sep).join('/');
