import { readdir } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import picomatch from 'picomatch';
import { type Diagnostic, IgnoreFiles, nameIn } from '../audit/index.ts';
import { changesSince, type LineRange, nameInRepository, stagedChanges } from './git.ts';
import { stagedSnapshot } from './git-snapshot.ts';

export interface ChangedInputs {
  /** Absolute paths of the files to check. */
  readonly files: readonly string[];
  /** Absolute; stands for the root that was asked for, and is another folder for what is staged. */
  readonly root: string;
  /** By name in reports. */
  readonly changedLines: ReadonlyMap<string, readonly LineRange[]>;
  /** Must be called when all is reported. */
  readonly remove: () => Promise<void>;
}

/** Finds those of the changed files that `paths` ask for: files, directories and globs, relative to `directory`. */
export async function changedInputs(
  what: { readonly since: string } | 'staged',
  paths: readonly string[],
  directory: string,
  root: string,
): Promise<ChangedInputs> {
  const changes = what === 'staged' ? await stagedChanges(directory) : await changesSince(what.since, directory);
  const isAsked = filterOf(paths, directory);
  const files: string[] = [];
  for (const file of changes.files) if (await isAsked(join(changes.top, file))) files.push(file);
  const lines = new Map<string, readonly LineRange[]>();
  for (const file of files) lines.set(nameIn(root, join(changes.top, file)), await changes.linesOf(file));
  const snapshot = what === 'staged' && files.length > 0 ? await stagedSnapshot(changes, files) : null;
  const top = snapshot?.top ?? changes.top;
  return {
    files: files.map((file) => join(top, file)),
    root: snapshot ? join(top, nameInRepository(changes.top, root)) : root,
    changedLines: lines,
    remove: snapshot?.remove ?? (async () => {}),
  };
}

function filterOf(paths: readonly string[], directory: string): (path: string) => Promise<boolean> {
  const named = new Set(paths.map((path) => resolve(directory, path)));
  const globs = paths.filter((path) => picomatch.scan(path).isGlob).map((glob) => picomatch(glob.replace(/^\.\//, '')));
  return async (path) => {
    if (named.has(path)) return true;
    const isBelow = [...named].some((one) => path.startsWith(one.endsWith(sep) ? one : one + sep));
    const name = nameIn(directory, path);
    if (!isBelow && !globs.some((matches) => matches(name))) return false;
    const list = async (folder: string) => new Set(await readdir(folder).catch(() => []));
    return !(await IgnoreFiles.above(dirname(path), list)).ignores(path, false);
  };
}

/** Does a finding lie on a changed line, or one of the places that belong to it, or a step of its path? */
export function touches(d: Diagnostic, changedLines: ReadonlyMap<string, readonly LineRange[]>): boolean {
  const isChanged = (file: string, from: number, to: number): boolean =>
    (changedLines.get(file) ?? []).some((range) => range.from <= to && from <= range.to);
  return (
    isChanged(d.file, d.line, d.endLine) ||
    [...d.related, ...d.path].some(({ file, line }) => isChanged(file, line, line))
  );
}
