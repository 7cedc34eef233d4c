import { execFile } from 'node:child_process';
import { relative, sep } from 'node:path';
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

/** Never a shell; and no program that the repository's configuration names. Throws a Failure when git does. */
export async function git(directory: string, args: readonly string[]): Promise<string> {
  return (await gitBytes(directory, args)).toString('utf8');
}

/** As `git`, for what is not all text; `input` goes to its standard input. */
export async function gitBytes(directory: string, args: readonly string[], input = ''): Promise<Buffer> {
  const safe = ['-c', 'core.fsmonitor=false', '-c', 'core.quotePath=false', '--no-optional-locks'];
  try {
    const running = run('git', [...safe, ...args], { cwd: directory, maxBuffer: MAX_OUTPUT, encoding: 'buffer' });
    // It may end before it has read everything; why is told by its status.
    running.child.stdin?.on('error', () => {});
    running.child.stdin?.end(input);
    return (await running).stdout;
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim().split('\n')[0] : '';
    throw new Failure(EXIT.fatal, `git ${args[0]}: ${said || (error instanceof Error ? error.message : error)}`);
  }
}

const DIFF = ['diff', '--no-color', '--no-ext-diff', '--no-textconv', '--no-renames'];
export const names = (output: string): readonly string[] => output.split('\0').filter((name) => name !== '');

/** Absolute; the top of the working tree around a directory. */
export const topOf = async (directory: string): Promise<string> =>
  (await git(directory, ['rev-parse', '--show-toplevel'])).replace(/\r?\n$/, '');

/** The commit that a revision names; null = none. */
export async function commitOf(revision: string, top: string): Promise<string | null> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`];
  const commit = await git(top, args).catch(() => null);
  return commit?.trim() ?? null;
}

/** What differs between a revision and the working tree, files that git does not know yet included. */
export async function changesSince(revision: string, directory: string): Promise<Changes> {
  const top = await topOf(directory);
  const base = await commitOf(revision, top);
  if (base === null) throw new Failure(EXIT.usage, `--since ${revision}: there is no such revision`);
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
