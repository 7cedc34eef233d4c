import { dirname, join, relative, sep } from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { readFound } from './files.ts';
import { reasonOf } from './system-error.ts';

const NAMES = ['.gitignore', '.dma-auditignore'];

/** An ignore file is there but cannot be read: what it names is not known. */
export class IgnoreFileError extends Error {}

interface Layer {
  readonly directory: string;
  readonly patterns: Ignore;
}

/** The ignore files that hold in a directory, outermost first, as git reads them. */
export class IgnoreFiles {
  static readonly NONE = new IgnoreFiles([]);
  readonly #layers: readonly Layer[];

  private constructor(layers: readonly Layer[]) {
    this.#layers = layers;
  }

  /** With those of `directory` itself, given the names of the files in it. */
  async within(directory: string, names: ReadonlySet<string>): Promise<IgnoreFiles> {
    const present = NAMES.filter((name) => names.has(name));
    if (present.length === 0) return this;
    const patterns = ignore({ ignorecase: false });
    for (const name of present) patterns.add(await readPatterns(join(directory, name)));
    return new IgnoreFiles([...this.#layers, { directory, patterns }]);
  }

  /** The innermost file that says something decides. */
  ignores(path: string, isDirectory: boolean): boolean {
    for (const { directory, patterns } of this.#layers.toReversed()) {
      const name = relative(directory, path).split(sep).join('/');
      if (name === '' || name.startsWith('../')) continue;
      const verdict = patterns.test(isDirectory ? `${name}/` : name);
      if (verdict.ignored) return true;
      if (verdict.unignored) return false;
    }
    return false;
  }

  /** Those of the directories above `directory`, up to the top of its repository; none outside of one. */
  static async above(directory: string, list: (path: string) => Promise<ReadonlySet<string>>): Promise<IgnoreFiles> {
    const chain: { readonly path: string; readonly names: ReadonlySet<string> }[] = [];
    for (let path = directory; ; path = dirname(path)) {
      const names = await list(path);
      if (path !== directory) chain.unshift({ path, names });
      if (names.has('.git')) break;
      if (dirname(path) === path) return IgnoreFiles.NONE;
    }
    let files = IgnoreFiles.NONE;
    for (const { path, names } of chain) files = await files.within(path, names);
    // Somebody who names an ignored directory wants to see what is in it.
    return files.ignores(directory, true) ? IgnoreFiles.NONE : files;
  }
}

async function readPatterns(path: string): Promise<string> {
  try {
    return await readFound(path);
  } catch (error) {
    throw new IgnoreFileError(`${path}: ${reasonOf(error)}`);
  }
}
