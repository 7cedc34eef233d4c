import { readFile, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { type ModelFile, parseModelFile } from '../models/index.ts';
import { type Config, extendConfig, parseConfig } from './config.ts';
import { readFound } from './files.ts';
import { reasonOf } from './system-error.ts';

export const CONFIG_NAME = 'dma-audit.json';

/** A configuration with all that it extends, its paths absolute, and the models that it names. */
export interface LoadedConfig {
  readonly config: Config;
  readonly models: readonly ModelFile[];
  /** Absolute paths of all files that were read for it. */
  readonly files: readonly string[];
}

export type ConfigResult =
  | { readonly ok: true; readonly loaded: LoadedConfig }
  /** One line for each fault: path, line and column where it has them, and what is wrong. */
  | { readonly ok: false; readonly faults: readonly string[] };

const NONE: LoadedConfig = { config: {}, models: [], files: [] };

/** Ends the loading; caught where it began. */
class Fault extends Error {
  readonly lines: readonly string[];

  constructor(...lines: readonly string[]) {
    super(lines.join('\n'));
    this.lines = lines;
  }
}

/**
 * Reads `file`, or dma-audit.json in `root` if that is null, and nothing if it is false; without a file, nothing is
 * configured. Never rejects.
 */
export async function loadConfig(file: string | false | null, root: string): Promise<ConfigResult> {
  if (file === false) return { ok: true, loaded: NONE };
  try {
    return { ok: true, loaded: await load(file ?? join(root, CONFIG_NAME), file === null) };
  } catch (error) {
    if (error instanceof Fault) return { ok: false, faults: error.lines };
    throw error;
  }
}

async function load(path: string, isOptional: boolean): Promise<LoadedConfig> {
  const reading = isOptional ? readFound(path) : readFile(path, 'utf8');
  const text = await reading.catch((error: NodeJS.ErrnoException) => {
    if (isOptional && error.code === 'ENOENT') return null;
    throw new Fault(`${path}: ${reasonOf(error)}`);
  });
  if (text === null) return NONE;
  const loader = new Loader(await realpath(dirname(path)));
  const config = await loader.load(path, text, []);
  const models = await Promise.all((config.models ?? []).map((one) => loader.modelsOf(one)));
  return { config, models, files: [...loader.files] };
}

class Loader {
  readonly files = new Set<string>();
  readonly #top: string;

  /** `top`: real path of the folder that nothing may lead out of. */
  constructor(top: string) {
    this.#top = top;
  }

  async load(path: string, text: string, above: readonly string[]): Promise<Config> {
    this.files.add(path);
    const shown = relative('.', path) || path;
    const parsed = parseConfig(text, shown);
    if (!parsed.ok) throw failure(parsed.errors);
    const own = parsed.value;
    const folder = dirname(path);
    let base: Config = {};
    for (const name of own.extends ?? []) {
      const extended = await this.#inside(shown, folder, name);
      if (extended === path || above.includes(extended))
        throw new Fault(`${shown}: extends ${name}, which leads back here`);
      base = extendConfig(base, await this.load(extended, await read(extended), [...above, path]));
    }
    const models = await Promise.all((own.models ?? []).map((name) => this.#inside(shown, folder, name)));
    const { baseline } = own;
    return extendConfig(base, {
      ...own,
      models,
      ...(baseline === undefined ? {} : { baseline: resolve(folder, baseline) }),
    });
  }

  async modelsOf(path: string): Promise<ModelFile> {
    this.files.add(path);
    const result = parseModelFile(await read(path), relative('.', path) || path);
    if (!result.ok) throw failure(result.errors);
    return result.models;
  }

  /** A configuration from somebody else must not read what lies elsewhere on the machine. */
  async #inside(shown: string, folder: string, name: string): Promise<string> {
    const path = resolve(folder, name);
    const real = await realpath(path).catch((error: unknown) => {
      throw new Fault(`${shown}: ${name}: ${reasonOf(error)}`);
    });
    const way = relative(this.#top, real);
    if (way.startsWith('..') || isAbsolute(way))
      throw new Fault(`${shown}: ${name} lies outside of ${relative('.', this.#top) || '.'}`);
    return real;
  }
}

async function read(path: string): Promise<string> {
  return readFound(path).catch((error: unknown) => {
    throw new Fault(`${path}: ${reasonOf(error)}`);
  });
}

function failure(errors: readonly { path: string; line: number; column: number; message: string }[]): Fault {
  const lines = errors.map(({ path, line, column, message }) => `${path}:${line}:${column}: ${message}`);
  return new Fault(...lines);
}
