import { basename, join } from 'node:path';
import type { Dialect } from '../models/index.ts';
import { detectDialect } from '../source/index.ts';
import type { CheckOptions } from './check.ts';
import { readSources, type Slices, sliceFiles, type Tools } from './directory.ts';
import { readSource } from './files.ts';
import { Memo } from './memo.ts';
import type { Project } from './project.ts';
import { SourceFile } from './source-file.ts';
import type { FileSuppressions } from './suppress.ts';
import type { Unit } from './unit.ts';

/** A file as an editor has it at this moment: what is needed to check it. */
export interface LiveUnit {
  readonly project: Project;
  readonly unit: Unit;
  readonly memo: Memo;
}

/**
 * The sources of one directory while somebody edits them. Texts in the editor go before those on disk. Files are named by
 * their last part.
 */
export class LiveDirectory {
  readonly path: string;
  readonly #tools: Tools;
  readonly #dialect: Dialect | null;
  readonly #options: CheckOptions;
  readonly #files = new Map<string, SourceFile>();
  readonly #buffers = new Set<string>();
  readonly #memos = new Map<Dialect, Memo>();
  #slices: Slices | null = null;
  /** The last ones, which an edit may have made old. */
  #before: Slices | undefined;

  /** `dialect`: null = each file tells. */
  constructor(path: string, dialect: Dialect | null, options: CheckOptions, tools: Tools) {
    this.path = path;
    this.#dialect = dialect;
    this.#options = options;
    this.#tools = tools;
  }

  /** Reads all files from disk. Never rejects: a directory that cannot be read has the texts of the editor only. */
  async load(): Promise<void> {
    for await (const { path, source } of readSources(this.path))
      if (source.ok && !this.#buffers.has(basename(path))) this.#set(path, source.text);
  }

  /** Takes a file as it is on disk now, unless the editor has it. */
  async refresh(path: string): Promise<void> {
    if (this.#buffers.has(basename(path))) return;
    const source = await readSource(path);
    if (this.#buffers.has(basename(path))) return;
    if (source.ok) this.#set(path, source.text);
    else if (this.#files.delete(basename(path))) this.#slices = null;
  }

  setBuffer(path: string, text: string): void {
    this.#buffers.add(basename(path));
    this.#set(path, text);
  }

  /** The editor has closed the file: what is on disk counts again. */
  async closeBuffer(path: string): Promise<void> {
    this.#buffers.delete(basename(path));
    await this.refresh(path);
  }

  /** Absolute paths of the texts of the editor. */
  get buffers(): readonly string[] {
    return [...this.#buffers].map((name) => join(this.path, name));
  }

  /** Of the files that have any. */
  get suppressions(): readonly FileSuppressions[] {
    this.#slices ??= this.#slice();
    return [...this.#slices.suppressions.values()];
  }

  /** Null when the file has nothing to do with DMA. */
  live(path: string): LiveUnit | null {
    this.#slices ??= this.#slice();
    for (const { project } of this.#slices.projects) {
      const unit = project.unit(basename(path));
      const memo = this.#memos.get(project.dialect);
      if (unit && memo) return { project, unit, memo };
    }
    return null;
  }

  #slice(): Slices {
    const files = [...this.#files.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    const slices = sliceFiles(files, this.#tools, this.#before);
    this.#before = slices;
    const memos = new Map(this.#memos);
    this.#memos.clear();
    for (const { project, units } of slices.projects) {
      if (units.length === 0) continue;
      const memo = memos.get(project.dialect) ?? new Memo(project, this.#options);
      memo.update(project);
      this.#memos.set(project.dialect, memo);
    }
    return slices;
  }

  #set(path: string, text: string): void {
    const name = basename(path);
    const before = this.#files.get(name);
    if (before?.text === text) return;
    const dialect = this.#dialect ?? detectDialect(path, text);
    this.#files.set(name, new SourceFile(name, text, dialect, this.#tools.models));
    this.#slices = null;
  }
}
