import { readFile, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { text } from 'node:stream/consumers';
import picomatch from 'picomatch';
import { isSourceName, nameIn, type SkippedFile } from '../audit/index.ts';
import { EXIT, Failure, reasonOf } from './failure.ts';
import { walk } from './walk.ts';

export interface Inputs {
  /** Absolute paths, each once. */
  readonly files: readonly string[];
  /** Named files that are no C sources, and directories that cannot be read. */
  readonly skipped: readonly SkippedFile[];
  /** What was named itself, file or directory, as in reports. */
  readonly named: ReadonlySet<string>;
}

/**
 * Finds the files to check. A named file is always taken; ignore files hold for what is found in directories and by globs.
 * Throws a Failure for a path that does not exist and a glob that matches nothing, unless that is nothing to worry about.
 */
export async function findInputs(
  paths: readonly string[],
  directory: string,
  root: string,
  missing: 'refused' | 'nothing' = 'refused',
): Promise<Inputs> {
  const files = new Set<string>();
  const named = new Set<string>();
  const skipped: SkippedFile[] = [];
  for (const path of paths) {
    if (path === '') throw new Failure(EXIT.usage, 'a path is empty');
    const absolute = resolve(directory, path);
    const status = await stat(absolute).catch((error: unknown) => reasonOf(error));
    if (typeof status !== 'string') {
      named.add(nameIn(root, absolute) || '.');
      if (status.isDirectory()) for (const file of await walk(absolute, skipped)) files.add(file);
      else if (isSourceName(path)) files.add(absolute);
      else skipped.push({ file: absolute, reason: 'not a C source' });
      continue;
    }
    const { isGlob } = picomatch.scan(path);
    const matches = isGlob ? await matching(path, directory, skipped) : [];
    if (matches.length === 0 && missing === 'refused')
      throw new Failure(EXIT.fatal, `${path}: ${isGlob ? 'matches no C source' : status}`);
    for (const file of matches) files.add(file);
  }
  return {
    files: [...files],
    skipped: skipped.map(({ file, reason }) => ({ file: nameIn(root, file) || '.', reason })),
    named,
  };
}

async function matching(glob: string, directory: string, skipped: SkippedFile[]): Promise<readonly string[]> {
  const { base } = picomatch.scan(glob);
  const top = resolve(directory, base);
  const matches = picomatch(join(relative(directory, top), glob.slice(base.length)).split(sep).join('/'));
  const files = await walk(top, skipped);
  return files.filter((file) => matches(relative(directory, file).split(sep).join('/')));
}

/** The paths listed in a file, separated by NUL if there is one, else by lines; `-` is the standard input. Throws a Failure when it cannot be read. */
export async function readList(file: string, standardInput: NodeJS.ReadableStream): Promise<readonly string[]> {
  try {
    const list = file === '-' ? await text(standardInput) : await readFile(file, 'utf8');
    return list.split(list.includes('\0') ? '\0' : /\r?\n/).filter((path) => path !== '');
  } catch (error) {
    throw new Failure(EXIT.fatal, `--files-from ${file}: ${reasonOf(error)}`);
  }
}
