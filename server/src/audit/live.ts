import { basename, dirname, join } from 'node:path';
import type { Dialect } from '../models/index.ts';
import type { Baseline } from './baseline.ts';
import { type CheckOptions, functionsToCheck, type UnitResult, unitResult } from './check.ts';
import type { SeverityOf } from './config.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Tools } from './directory.ts';
import type { FunctionResult, OperationPlace } from './function-check.ts';
import { LiveDirectory, type LiveUnit } from './live-directory.ts';
import { resultOf } from './result.ts';
import { settle } from './settle.ts';
import type { Notice } from './suppress.ts';
import type { FilesResult } from './task.ts';
import type { Unit } from './unit.ts';

export interface LiveOptions extends CheckOptions {
  /** null = each file tells. */
  readonly dialect: Dialect | null;
  /** Files by their absolute paths. */
  readonly severityOf: SeverityOf;
  /** What is known of the files of a directory, named by their last part; null = there is no baseline. */
  readonly baselineOf: (directory: string) => Baseline | null;
}

export interface LiveDiagnostic extends Diagnostic {
  /** It is in the baseline. */
  readonly isKnown: boolean;
}

/** What is known of a file in an editor. */
export interface LiveResult {
  /** Absolute. */
  readonly path: string;
  /** Files are named by their last part: all lie in one directory. */
  readonly diagnostics: readonly LiveDiagnostic[];
  /** Suppressions that are not understood or suppress nothing. */
  readonly notices: readonly Notice[];
  readonly functions: readonly LiveFunction[];
  /** Code that names a DMA API and lies in no function that can be analysed. */
  readonly unseen: Unit['unseen'];
  /** Functions whose results are old or missing. */
  readonly pending: number;
  readonly dialect: Dialect | null;
}

export interface LiveFunction {
  readonly name: string;
  /** Offset of its name's line and of its end. */
  readonly start: number;
  readonly end: number;
  readonly state: UnitResult['functions'][number]['state'];
  readonly reasons: readonly string[];
  readonly operations: readonly OperationPlace[];
  /** Mappings that it begins and ends, both in what it calls. */
  readonly completed: number;
}

/** A function that is to be explored. */
interface Task {
  readonly live: LiveUnit;
  readonly name: string;
  /** The function by its absolute path. */
  readonly key: string;
  /** Its own text has been edited: the author looks at it. */
  readonly edited: boolean;
  /** Milliseconds that it took the last time; null = not known. */
  readonly cost: number | null;
}

export interface Pause {
  /** Asked often: has something come in that makes this work old? */
  readonly isStale: () => boolean;
  /** Functions that took longer than this, in milliseconds, are left for later. */
  readonly limit: number;
}

const NOTHING: FilesResult = {
  files: 0,
  analysed: 0,
  incomplete: [],
  skippedFiles: [],
  diagnostics: [],
  suppressions: [],
};

/** Analyses the files that are open in an editor, function by function, while they change. */
export class LiveAudit {
  readonly #tools: Tools;
  readonly #options: LiveOptions;
  readonly #directories = new Map<string, LiveDirectory>();
  readonly #costs = new Map<string, number>();
  /** What is to be explored, in order; null when that must be found out anew. */
  #queue: Task[] | null = null;
  /** Path of the file that was edited last. */
  #recent = '';

  constructor(options: LiveOptions, tools: Tools) {
    this.#options = options;
    this.#tools = tools;
  }

  /** Opens a file or takes its new text. Paths are absolute; the directory is read when its first file is opened. */
  async setBuffer(path: string, text: string): Promise<void> {
    this.#recent = path;
    this.#queue = null;
    const directory = dirname(path);
    const known = this.#directories.get(directory);
    if (known) return known.setBuffer(path, text);
    const live = new LiveDirectory(directory, this.#options.dialect, this.#options, this.#tools);
    this.#directories.set(directory, live);
    live.setBuffer(path, text);
    await live.load();
    this.#queue = null;
  }

  async closeBuffer(path: string): Promise<void> {
    const directory = this.#directories.get(dirname(path));
    if (!directory) return;
    await directory.closeBuffer(path);
    this.#queue = null;
    if (directory.buffers.length === 0) this.#directories.delete(directory.path);
  }

  /** The file has changed on disk. */
  async refresh(path: string): Promise<void> {
    await this.#directories.get(dirname(path))?.refresh(path);
    this.#queue = null;
  }

  /** Explores the function that matters most. False when there is none left within the limit, or when the work was given up. */
  step({ isStale, limit }: Pause): boolean {
    const [task] = this.#tasks();
    if (!task || (task.cost ?? 0) > limit) return false;
    const start = performance.now();
    const result = task.live.memo.explore(task.live.unit, task.name, isStale);
    const cost = performance.now() - start;
    this.#costs.set(task.key, Math.max(cost, result ? 0 : (task.cost ?? 0)));
    if (result) this.#queue?.shift();
    else this.#queue = null;
    return result !== null;
  }

  /** Whether a function whose own text was edited waits to be explored. */
  get isEditPending(): boolean {
    return this.#tasks().some(({ edited }) => edited);
  }

  get paths(): readonly string[] {
    return [...this.#directories.values()].flatMap(({ buffers }) => buffers);
  }

  /** What is known of the open files of the directory of `path`, each with all that was found from any of them. */
  results(path: string): readonly LiveResult[] {
    const directory = this.#directories.get(dirname(path));
    if (!directory) return [];
    const about = directory.buffers.map((buffer) => this.#about(buffer, directory.live(buffer)));
    const audited = resultOf(
      directory.buffers.map((buffer) => basename(buffer)),
      about.map(({ diagnostics }) => ({ ...NOTHING, files: 1, diagnostics, suppressions: directory.suppressions })),
    );
    const settled = settle(audited, {
      severityOf: (rule, file, doubt) => this.#options.severityOf(rule, join(directory.path, file), doubt),
      baseline: this.#options.baselineOf(directory.path),
      scope: about.some(({ pending }) => pending > 0) ? 'files' : 'root',
    });
    const isIn =
      (buffer: string) =>
      ({ file }: { readonly file: string }): boolean =>
        file === basename(buffer);
    return about.map((one) => ({
      ...one,
      diagnostics: [
        ...settled.diagnostics.filter(isIn(one.path)).map((fresh) => ({ ...fresh, isKnown: false })),
        ...settled.known.filter(isIn(one.path)).map((known) => ({ ...known, isKnown: true })),
      ],
      notices: settled.notices.filter(isIn(one.path)),
    }));
  }

  /** An open file and the code around it; null when it has nothing to do with DMA. */
  at(path: string): LiveUnit | null {
    return this.#directories.get(dirname(path))?.live(path) ?? null;
  }

  #about(
    path: string,
    live: LiveUnit | null,
  ): Omit<LiveResult, 'notices' | 'diagnostics'> & Pick<UnitResult, 'diagnostics'> {
    if (!live) return { path, diagnostics: [], functions: [], unseen: [], pending: 0, dialect: null };
    const { unit, project, memo } = live;
    const names = functionsToCheck(project, unit);
    const last = names.flatMap((name) => memo.last(unit, name) ?? []);
    return {
      path,
      diagnostics: unitResult(project, unit, this.#options, last).diagnostics,
      functions: last.flatMap((result) => liveFunction(live, result)),
      unseen: unit.unseen,
      pending: names.filter((name) => !memo.has(unit, name)).length,
      dialect: unit.dialect,
    };
  }

  /** What the author edits comes first; then what is soon done. */
  #tasks(): readonly Task[] {
    this.#queue ??= this.paths.flatMap((path) => this.#tasksOf(path)).sort(inOrder);
    return this.#queue;
  }

  #tasksOf(path: string): readonly Task[] {
    const live = this.at(path);
    if (!live) return [];
    const { project, unit, memo } = live;
    return functionsToCheck(project, unit)
      .filter((name) => !memo.has(unit, name))
      .map((name) => {
        const key = `${path}:${name}`;
        const edited = path === this.#recent && memo.isEdited(unit, name);
        return { live, name, key, edited, cost: this.#costs.get(key) ?? null };
      });
  }
}

const inOrder = (a: Task, b: Task): number => Number(b.edited) - Number(a.edited) || estimate(a) - estimate(b);

/** Milliseconds, about: before a function has been explored, its size and that of what it calls tell. */
function estimate({ live: { project, unit }, name, cost }: Task): number {
  return cost ?? (project.function(name, unit.path)?.weight ?? 0) / 1000;
}

function liveFunction({ unit }: LiveUnit, { report, operations, completed }: FunctionResult): readonly LiveFunction[] {
  const item = unit.functions.get(report.function)?.item;
  if (!item) return [];
  const { function: name, state, reasons } = report;
  return [{ name, start: item.start, end: item.end, state, reasons, operations, completed }];
}
