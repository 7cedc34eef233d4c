import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { readDirectory, type Tools } from '../audit/directory.ts';
import { isSourceName, nameIn, type Project, parseNamedSize, readSource, type Sizes } from '../audit/index.ts';
import { builtinModels, createModels } from '../models/index.ts';
import { createParser } from '../syntax/index.ts';
import { loadConfig } from './config-files.ts';
import { EXIT, Failure, reasonOf } from './failure.ts';

/** A function that somebody named on the command line, with the code around it. */
export interface NamedFunction {
  readonly project: Project;
  /** As reports name it. */
  readonly file: string;
  readonly function: string;
  /** Its definitions, one for each arm of a conditional: what each is called, and its line, from 1. */
  readonly definitions: readonly { readonly name: string; readonly line: number }[];
}

/** The built-in API models with those of the user's configuration, and a parser. Throws a Failure for a faulty one. */
export async function analysisTools(root: string): Promise<Tools> {
  const { models } = await loadConfig(null, root);
  return { models: createModels([...builtinModels, ...models]), parser: await createParser() };
}

/** Sizes that the configuration gives. Throws a Failure for one that cannot be read. */
export async function configuredSizes(root: string): Promise<Sizes> {
  const { config } = await loadConfig(null, root);
  return new Map(
    (config.sizes ?? []).map((text) => {
      const size = parseNamedSize(text);
      if (size === null) throw new Failure(EXIT.configuration, `sizes: '${text}' must be name=bytes, as in Length=64K`);
      return size;
    }),
  );
}

/** Reads `FILE:FUNCTION` and the file's directory. Throws a Failure when there is no such function. */
export async function loadFunction(
  target: string,
  root: string,
  dialect: 'edk2' | 'linux' | null,
): Promise<NamedFunction> {
  const [, path, name] = /^(.+):(\w+(?:#\d+)?)$/.exec(target) ?? [];
  if (path === undefined || name === undefined)
    throw new Failure(EXIT.usage, `'${target}' does not name a function: write FILE:FUNCTION`);
  const absolute = resolve(path);
  const status = await stat(absolute).catch((error: unknown) => reasonOf(error));
  if (typeof status === 'string') throw new Failure(EXIT.fatal, `${path}: ${status}`);
  const source = await readSource(absolute);
  if (!source.ok) throw new Failure(EXIT.fatal, `${path}: ${source.reason}`);
  if (!isSourceName(absolute)) throw new Failure(EXIT.fatal, `${path}: not a C source`);
  const tools = await analysisTools(root);
  const { projects, skipped } = await readDirectory(dirname(absolute), { root, dialect }, tools);
  const file = nameIn(root, absolute);
  for (const { project } of projects) {
    const unit = project.unit(file);
    if (unit === undefined) continue;
    const found = unit.functions.get(name);
    if (found !== undefined) {
      const definitions = [...unit.functions.values()]
        .filter(({ item }) => item.name === found.item.name)
        .map((one) => ({ name: one.name, line: unit.lines.position(one.item.start).line }));
      return { project, file, function: name, definitions };
    }
    const known = [...unit.functions.keys()].filter((one) => project.isRelevant(one));
    const hint = known.length === 0 ? 'it has no function that reaches DMA' : `those with DMA are ${known.join(', ')}`;
    throw new Failure(EXIT.fatal, `${path}: there is no function '${name}'; ${hint}`);
  }
  throw new Failure(EXIT.fatal, `${path}: ${skipped.get(file) ?? 'names no DMA API'}`);
}
