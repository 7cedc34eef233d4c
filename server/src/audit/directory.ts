import { relative, sep } from 'node:path';
import type { Dialect, Models } from '../models/index.ts';
import { detectDialect } from '../source/index.ts';
import type { Parser } from '../syntax/index.ts';
import { readSource, type SourceText, sourcesOf } from './files.ts';
import { Project } from './project.ts';
import { Unit } from './unit.ts';

/** UTF-16 units of text held for one directory; ten times what the largest one of Linux 6.12 needs. */
const MAX_TEXT_LENGTH = 48 << 20;

/** Generated register lists are larger, and hold no structure that matters here. */
const MAX_HEADER_LENGTH = 1 << 20;

/** Files that are read at the same time. */
const READ_AHEAD = 16;

export interface Tools {
  readonly models: Models;
  readonly parser: Parser;
}

/** A directory read and sliced: what is needed to check any of its files. */
export interface Directory {
  /** One for each dialect. */
  readonly projects: readonly { readonly project: Project; readonly units: readonly Unit[] }[];
  /** Names, as in reports, of all files that are there. */
  readonly files: ReadonlySet<string>;
  /** Why a file is not among the units although it may use DMA, by its name. */
  readonly skipped: ReadonlyMap<string, string>;
}

export interface DirectoryOptions {
  /** Absolute; files are named relative to it in reports. */
  readonly root: string;
  /** null = each file tells. */
  readonly dialect: Dialect | null;
}

/** Reads and slices the C sources and headers of one directory. Never rejects. */
export async function readDirectory(
  directory: string,
  { root, dialect }: DirectoryOptions,
  { models, parser }: Tools,
): Promise<Directory> {
  const triggers = { linux: models.triggerPattern('linux'), edk2: models.triggerPattern('edk2') };
  const units: Unit[] = [];
  const skipped = new Map<string, string>();
  let length = 0;
  /** Sources that name no DMA API themselves: headers tell of structures, others may call what does. */
  const others: { readonly name: string; readonly text: string; readonly dialect: Dialect }[] = [];
  const add = (name: string, text: string, spoken: Dialect): void => {
    length += text.length;
    if (length > MAX_TEXT_LENGTH) {
      skipped.set(name, 'too much text in one directory');
      return;
    }
    try {
      units.push(new Unit(name, text, models, spoken));
    } catch (error) {
      skipped.set(name, `internal error: ${error instanceof Error ? error.message : error}`);
    }
  };
  const paths = await sourcesOf(directory);
  for await (const { path, source } of readAhead(paths)) {
    const name = nameIn(root, path);
    if (!source.ok) {
      skipped.set(name, source.reason);
      continue;
    }
    const spoken = dialect ?? detectDialect(path, source.text);
    // Most files never name a DMA API: they cost one search.
    if (triggers[spoken].test(source.text)) add(name, source.text, spoken);
    else others.push({ name, text: source.text, dialect: spoken });
  }
  const wrappers = reachingFunctions(units, models, parser);
  for (const { name, text, dialect: spoken } of others) {
    const isWanted = units.length > 0 && (name.endsWith('.h') || callsOneOf(text, wrappers));
    if (isWanted && text.length < MAX_HEADER_LENGTH) add(name, text, spoken);
  }
  const projects = (['linux', 'edk2'] as const).map((one) => {
    const ofDialect = units.filter((unit) => unit.dialect === one);
    return { project: new Project(ofDialect, models, parser), units: ofDialect };
  });
  return { projects, files: new Set(paths.map((path) => nameIn(root, path))), skipped };
}

/** Names of the functions, visible to other files, from which a DMA API can be reached. */
function reachingFunctions(units: readonly Unit[], models: Models, parser: Parser): ReadonlySet<string> {
  const project = new Project(units, models, parser);
  const names = units.flatMap((unit) =>
    [...unit.functions.values()].filter((f) => !f.item.isStatic).map((f) => f.name),
  );
  return new Set(names.filter((name) => project.isRelevant(name)));
}

function callsOneOf(text: string, names: ReadonlySet<string>): boolean {
  if (!names.size) return false;
  for (const [, name] of text.matchAll(/\b([A-Za-z_]\w*)\s*\(/g))
    if (name !== undefined && names.has(name)) return true;
  return false;
}

/** How a file is named in reports: relative to the root, with slashes. */
export function nameIn(root: string, path: string): string {
  return relative(root, path).split(sep).join('/');
}

async function* readAhead(
  paths: readonly string[],
): AsyncGenerator<{ readonly path: string; readonly source: SourceText }> {
  for (let at = 0; at < paths.length; at += READ_AHEAD) {
    const some = paths.slice(at, at + READ_AHEAD);
    const sources = await Promise.all(some.map(readSource));
    for (const [i, path] of some.entries()) {
      const source = sources[i];
      if (source) yield { path, source };
    }
  }
}
