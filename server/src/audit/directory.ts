import { relative, sep } from 'node:path';
import type { Dialect, Models } from '../models/index.ts';
import { detectDialect } from '../source/index.ts';
import type { Parser } from '../syntax/index.ts';
import { CallGraph } from './call-graph.ts';
import { readSource, type SourceText, sourcesOf } from './files.ts';
import { Macros } from './macros.ts';
import { Project } from './project.ts';
import { SourceFile } from './source-file.ts';
import type { FileSuppressions } from './suppress.ts';
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

/** Files that are looked at together, sliced: what is needed to check any of them. */
export interface Slices {
  /** One for each dialect. */
  readonly projects: readonly { readonly project: Project; readonly units: readonly Unit[] }[];
  /** Why a file is not among the units although it may use DMA, by its name. */
  readonly skipped: ReadonlyMap<string, string>;
  /** Of the files that have any, by name. */
  readonly suppressions: ReadonlyMap<string, FileSuppressions>;
  /** Of the files that name a DMA API. */
  readonly calls: CallGraph;
  readonly macros: Macros;
}

/** A directory read and sliced. */
export interface Directory extends Slices {
  /** Names, as in reports, of all files that are there. */
  readonly files: ReadonlySet<string>;
}

export interface DirectoryOptions {
  /** Absolute; files are named relative to it in reports. */
  readonly root: string;
  /** null = each file tells. */
  readonly dialect: Dialect | null;
  /** Texts that go before what is on disk, by absolute path. */
  readonly texts?: ReadonlyMap<string, string>;
}

/** Reads and slices the C sources and headers of one directory. Never rejects. */
export async function readDirectory(directory: string, options: DirectoryOptions, tools: Tools): Promise<Directory> {
  const sources: SourceFile[] = [];
  const files = new Set<string>();
  const unreadable = new Map<string, string>();
  for await (const { path, source } of readSources(directory)) {
    const name = nameIn(options.root, path);
    files.add(name);
    const text = options.texts?.get(path) ?? (source.ok ? source.text : null);
    if (text !== null)
      sources.push(new SourceFile(name, text, options.dialect ?? detectDialect(path, text), tools.models));
    else if (!source.ok) unreadable.set(name, source.reason);
  }
  const slices = sliceFiles(sources, tools);
  return { ...slices, files, skipped: new Map([...unreadable, ...slices.skipped]) };
}

/** Slices what must be. `before`: what came of the same files before an edit; what did not change is taken from there. */
export function sliceFiles(files: readonly SourceFile[], { models, parser }: Tools, before?: Slices): Slices {
  const macros = new Macros(files.filter(isRead), before?.macros);
  const units: Unit[] = [];
  const skipped = new Map<string, string>();
  let length = 0;
  const add = ({ name, text, dialect }: SourceFile): void => {
    length += text.length;
    if (length > MAX_TEXT_LENGTH) {
      skipped.set(name, 'too much text in one directory');
      return;
    }
    try {
      const known = before?.projects.map(({ project }) => project.unit(name)).find((unit) => unit !== undefined);
      const isSame = known?.text === text && known.dialect === dialect && known.agreesWith(macros);
      units.push(isSame ? known : new Unit(name, text, models, dialect, known, macros));
    } catch (error) {
      skipped.set(name, `internal error: ${error instanceof Error ? error.message : error}`);
    }
  };
  for (const file of files) if (file.namesApi) add(file);
  const calls = CallGraph.of(units, models, before?.calls);
  if (units.length > 0) {
    // The others: headers tell of structures, sources may call what uses a DMA API.
    const wrappers = new Set(calls.relevantNodes.flatMap(({ name, content }) => (content.item.isStatic ? [] : [name])));
    for (const file of files) {
      if (file.namesApi || !isRead(file)) continue;
      if (file.isHeader || file.usesOneOf(wrappers)) add(file);
    }
  }
  const projects = (['linux', 'edk2'] as const).map((one, i) => {
    const ofDialect = units.filter((unit) => unit.dialect === one);
    return { project: new Project(ofDialect, models, parser, before?.projects[i]?.project, macros), units: ofDialect };
  });
  const suppressions = new Map(files.flatMap((file) => (file.suppressions ? [[file.name, file.suppressions]] : [])));
  return { projects, skipped, suppressions, calls, macros };
}

const isRead = ({ namesApi, text }: SourceFile): boolean => namesApi || text.length < MAX_HEADER_LENGTH;

/** How a file is named in reports: relative to the root, with slashes. */
export function nameIn(root: string, path: string): string {
  return relative(root, path).split(sep).join('/');
}

/** The C sources and headers of one directory, in order. */
export async function* readSources(
  directory: string,
): AsyncGenerator<{ readonly path: string; readonly source: SourceText }> {
  const paths = await sourcesOf(directory);
  for (let at = 0; at < paths.length; at += READ_AHEAD) {
    const some = paths.slice(at, at + READ_AHEAD);
    const sources = await Promise.all(some.map(readSource));
    for (const [i, path] of some.entries()) {
      const source = sources[i];
      if (source) yield { path, source };
    }
  }
}
