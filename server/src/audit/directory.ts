import { relative, sep } from 'node:path';
import type { Dialect, Models } from '../models/index.ts';
import { detectDialect } from '../source/index.ts';
import type { Parser } from '../syntax/index.ts';
import { type CheckOptions, checkUnit } from './check.ts';
import type { Diagnostic, FunctionReport } from './diagnostic.ts';
import { readSource, sourcesOf } from './files.ts';
import { Project } from './project.ts';
import { Unit } from './unit.ts';

/** Bytes of text held for one directory. Files beyond it are no longer looked at as context; wanted files always are. */
const MAX_CONTEXT_LENGTH = 24 << 20;

/** The unit of work: files of one directory, checked with the whole directory as context. Plain data, for workers. */
export interface DirectoryTask {
  /** Absolute; files are named relative to it in reports. */
  readonly root: string;
  /** Absolute. */
  readonly directory: string;
  /** Absolute paths of the wanted files, all in `directory`. */
  readonly files: readonly string[];
  readonly options: CheckOptions;
  /** null = each file tells. */
  readonly dialect: Dialect | null;
}

/** A file that was not looked at, and why. */
export interface SkippedFile {
  readonly file: string;
  readonly reason: string;
}

export interface DirectoryResult {
  readonly files: number;
  readonly analysed: number;
  /** Functions that were analysed in part or not at all. */
  readonly incomplete: readonly FunctionReport[];
  readonly skippedFiles: readonly SkippedFile[];
  readonly diagnostics: readonly Diagnostic[];
}

export interface Tools {
  readonly models: Models;
  readonly parser: Parser;
}

/** Checks the wanted files of one directory. Rejects only when `yieldNow` does. */
export async function checkDirectory(
  task: DirectoryTask,
  tools: Tools,
  yieldNow: () => Promise<void> | void,
): Promise<DirectoryResult> {
  const wanted = new Set(task.files);
  const skippedFiles: SkippedFile[] = [];
  const units = await readUnits(task, wanted, tools.models, skippedFiles);
  const diagnostics: Diagnostic[] = [];
  const incomplete: FunctionReport[] = [];
  let analysed = 0;
  const names = new Set(task.files.map((file) => nameIn(task.root, file)));
  for (const ofDialect of [units.filter((u) => u.dialect === 'linux'), units.filter((u) => u.dialect === 'edk2')]) {
    const project = new Project(ofDialect, tools.models, tools.parser);
    for (const unit of ofDialect) {
      if (!names.has(unit.path)) continue;
      const result = await checkUnit(project, unit, task.options, yieldNow);
      // A callee in another file is that file's matter.
      diagnostics.push(...result.diagnostics.filter((d) => names.has(d.file)));
      for (const report of result.functions) {
        if (report.state === 'analysed') analysed++;
        else incomplete.push(report);
      }
    }
  }
  return { files: task.files.length, analysed, incomplete, skippedFiles, diagnostics };
}

async function readUnits(
  task: DirectoryTask,
  wanted: ReadonlySet<string>,
  models: Models,
  skippedFiles: SkippedFile[],
): Promise<readonly Unit[]> {
  const triggers = { linux: models.triggerPattern('linux'), edk2: models.triggerPattern('edk2') };
  const units: Unit[] = [];
  let length = 0;
  // Wanted files first, so that what is beyond the limit is context; then in one order, so that results do not depend on it.
  const context = (await sourcesOf(task.directory)).filter((path) => !wanted.has(path));
  for (const path of [...[...wanted].sort(), ...context]) {
    const name = nameIn(task.root, path);
    if (length > MAX_CONTEXT_LENGTH && !wanted.has(path)) break;
    const source = await readSource(path);
    if (!source.ok) {
      if (wanted.has(path)) skippedFiles.push({ file: name, reason: source.reason });
      continue;
    }
    const dialect = task.dialect ?? detectDialect(path, source.text);
    // Most files never name a DMA API: they cost one search.
    if (!triggers[dialect].test(source.text)) continue;
    try {
      units.push(new Unit(name, source.text, models, dialect));
      length += source.text.length;
    } catch (error) {
      skippedFiles.push({ file: name, reason: `internal error: ${error instanceof Error ? error.message : error}` });
    }
  }
  return units.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** How a file is named in reports: relative to the root, with slashes. */
export function nameIn(root: string, path: string): string {
  return relative(root, path).split(sep).join('/');
}
