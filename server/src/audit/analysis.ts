import { setImmediate } from 'node:timers/promises';
import { platformsFor } from '@dma-audit/simulator';
import { builtinModels, createModels, type ModelFile, type Models } from '../models/index.ts';
import { createParser, type Parser } from '../syntax/index.ts';
import { checkUnit } from './check.ts';
import type { Diagnostic, FunctionReport } from './diagnostic.ts';
import { type Directory, nameIn, readDirectory } from './directory.ts';
import { type FilesResult, type FilesTask, NO_PLATFORM } from './task.ts';
import { plainName } from './unit.ts';

/** Milliseconds of work between two turns of the event loop. */
const SLICE = 20;

/** Checks files, in one thread. The directory of the last ones is kept: the next ones are most often from there too. */
export class Analysis {
  readonly #parser: Parser;
  #models: { readonly key: string; readonly models: Models } | null = null;
  readonly #signal: AbortSignal | null;
  #last: { readonly key: string; readonly directory: Directory } | null = null;
  #turned = performance.now();

  private constructor(parser: Parser, signal: AbortSignal | null) {
    this.#parser = parser;
    this.#signal = signal;
  }

  static async create(signal: AbortSignal | null): Promise<Analysis> {
    return new Analysis(await createParser(), signal);
  }

  /** Rejects only with the reason of the signal, when that is aborted. */
  async check(task: FilesTask): Promise<FilesResult> {
    const { projects, files, skipped, suppressions } = await this.#directoryOf(task);
    const names = new Set(task.files.map((file) => nameIn(task.root, file)));
    const diagnostics: Diagnostic[] = [];
    const incomplete: FunctionReport[] = [];
    let analysed = 0;
    const withoutPlatform = new Set<string>();
    for (const { project, units } of projects) {
      const hasPlatform = platformsFor(project.dialect, task.options.platforms).length > 0;
      for (const unit of units) {
        if (!names.has(unit.path)) continue;
        if (!hasPlatform) {
          withoutPlatform.add(unit.path);
          continue;
        }
        const result = await checkUnit(project, unit, task.options, () => this.#turn());
        diagnostics.push(...result.diagnostics);
        for (const report of result.functions) {
          if (report.state === 'analysed') analysed++;
          else incomplete.push({ ...report, function: plainName(report.function) });
        }
      }
    }
    const skippedFiles = [...names].flatMap((file) => {
      const unusable = withoutPlatform.has(file) ? NO_PLATFORM : undefined;
      const reason = files.has(file) ? (skipped.get(file) ?? unusable) : 'not found in its directory';
      return reason === undefined ? [] : [{ file, reason }];
    });
    const concerned = new Set([...names, ...diagnostics.map(({ file }) => file)]);
    return {
      files: task.files.length,
      analysed,
      incomplete,
      skippedFiles,
      diagnostics,
      suppressions: [...concerned].flatMap((file) => suppressions.get(file) ?? []),
    };
  }

  async #directoryOf(task: FilesTask): Promise<Directory> {
    const key = JSON.stringify([task.root, task.directory, task.dialect, task.models, [...(task.texts ?? [])]]);
    if (this.#last?.key === key) return this.#last.directory;
    // Let go of the old one before the new one takes memory.
    this.#last = null;
    await this.#turn();
    const tools = { models: this.#modelsWith(task.models), parser: this.#parser };
    const directory = await readDirectory(task.directory, task, tools);
    this.#last = { key, directory };
    return directory;
  }

  #modelsWith(own: readonly ModelFile[]): Models {
    const key = JSON.stringify(own);
    if (this.#models?.key === key) return this.#models.models;
    const models = createModels([...builtinModels, ...own]);
    this.#models = { key, models };
    return models;
  }

  /** Lets the event loop turn now and then: cancellation arrives there, and the native parser frees its trees there. */
  async #turn(): Promise<void> {
    this.#signal?.throwIfAborted();
    if (performance.now() - this.#turned < SLICE) return;
    await setImmediate();
    this.#turned = performance.now();
    this.#signal?.throwIfAborted();
  }
}
