import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import picomatch from 'picomatch';
import { isSourceName } from '../audit/index.ts';
import { EXIT, Failure } from './failure.ts';
import { commitOf, nameInRepository, topOf } from './git.ts';
import { commitSnapshot } from './git-snapshot.ts';

/** The same tree at another time: where it lies, and what was asked for in it. */
export interface EarlierTree {
  /** Absolute; stands for the root, to which `paths` are relative. */
  readonly root: string;
  readonly paths: readonly string[];
  /** Must be called when it was read. */
  readonly remove: () => Promise<void>;
}

/**
 * Finds a tree before a change: a directory, else a git revision. Throws a Failure when it is neither, when a path does not lie
 * below the root, or when the directory has none of them.
 */
export async function earlierTree(before: string, paths: readonly string[], root: string): Promise<EarlierTree> {
  const own = paths.map((path) => relative(root, resolve(path)) || '.');
  const outside = own.findIndex((path) => isAbsolute(path) || path === '..' || path.startsWith(`..${sep}`));
  if (outside >= 0)
    throw new Failure(
      EXIT.usage,
      `--compare: ${paths[outside]} is not below ${root}; --root says what to compare with`,
    );
  const status = await stat(before).catch(() => null);
  if (status?.isDirectory()) {
    await mustHoldOne(before, own, root);
    return { root: resolve(before), paths: own, remove: async () => {} };
  }
  const top = await topOf(root).catch(() => null);
  if (top === null)
    throw new Failure(
      EXIT.usage,
      `--compare ${before}: there is no such directory, and ${root} is in no git repository`,
    );
  const commit = await commitOf(before, top);
  if (commit === null)
    throw new Failure(EXIT.usage, `--compare ${before}: there is no such directory, and no such revision`);
  const isWanted = wantedBy(own.map((path) => nameInRepository(top, resolve(root, path))));
  const snapshot = await commitSnapshot(top, commit, isWanted);
  return { root: join(snapshot.top, nameInRepository(top, root)), paths: own, remove: snapshot.remove };
}

/** Throws a Failure when a directory has none of the paths: then it stands for something else than the root. */
async function mustHoldOne(before: string, own: readonly string[], root: string): Promise<void> {
  const bases = own.map((path) => picomatch.scan(path).base || '.');
  const found = await Promise.all(bases.map((base) => stat(join(before, base)).catch(() => null)));
  if (found.some((one) => one !== null)) return;
  throw new Failure(
    EXIT.usage,
    `--compare ${before}: it has no ${bases.join(', ')}, and must hold the same tree as ${root}; --root names another`,
  );
}

/** What is checked, whatever it is called after: its directory as well, and the ignore files. */
function wantedBy(paths: readonly string[]): (name: string) => boolean {
  const folders = paths.map((path) => {
    const { base, isGlob } = picomatch.scan(path);
    return isGlob ? base : isSourceName(path) ? dirname(path) : path;
  });
  return (name) => {
    if (/(^|\/)\.(gitignore|dma-auditignore)$/.test(name)) return true;
    if (!isSourceName(name)) return false;
    return folders.some((folder, i) => {
      if (folder === '' || folder === '.') return !isSourceName(paths[i] ?? '') || !name.includes('/');
      return isSourceName(paths[i] ?? '') ? dirname(name) === folder : name.startsWith(`${folder}/`);
    });
  };
}
