import { dirname } from 'node:path';
import type { Dialect } from '../models/index.ts';
import type { CheckOptions } from './check.ts';
import type { Diagnostic, FunctionReport } from './diagnostic.ts';
import { nameIn } from './directory.ts';
import { runTasks } from './pool.ts';
import type { FilesTask, SkippedFile } from './task.ts';

export interface AuditRequest {
  /** Absolute; files are named relative to it in reports. */
  readonly root: string;
  /** Absolute paths of the files to report on. Each is analysed with its directory as context. */
  readonly files: readonly string[];
  readonly options: CheckOptions;
  /** null = each file tells. */
  readonly dialect: Dialect | null;
  /** Worker threads, at least 1. */
  readonly jobs: number;
  /** The bundled worker; null = everything runs in this thread. */
  readonly worker: URL | null;
}

export interface AuditEvents {
  /** Files done and files in all. */
  readonly progress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface AuditResult {
  /** Files that were looked at, those included that never name a DMA API. */
  readonly files: number;
  readonly functions: { readonly analysed: number; readonly degraded: number; readonly skipped: number };
  /** Functions that were analysed in part or not at all, with the reasons. */
  readonly incomplete: readonly FunctionReport[];
  readonly skippedFiles: readonly SkippedFile[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Below this number of files per thread, starting the thread takes longer than it saves. */
const FILES_PER_THREAD = 8;

/** Files of one task. Each thread that gets some of a directory reads all of it: not too few; and never all in one: not too many. */
const GROUP = 16;

/**
 * Checks files. The result is the same for any number of jobs. Rejects with the signal's reason when that is aborted;
 * a file that cannot be read and a function that cannot be analysed are part of the result.
 */
export async function audit(request: AuditRequest, events: AuditEvents = {}): Promise<AuditResult> {
  const tasks = tasksOf(request);
  const total = tasks.reduce((sum, task) => sum + task.files.length, 0);
  const jobs = Math.min(request.jobs, Math.ceil(total / FILES_PER_THREAD));
  const diagnostics: Diagnostic[] = [];
  const incomplete: FunctionReport[] = [];
  const skippedFiles: SkippedFile[] = [];
  let done = 0;
  let analysed = 0;
  await runTasks(tasks, { jobs, worker: request.worker, signal: events.signal ?? null }, (result) => {
    for (const diagnostic of result.diagnostics) diagnostics.push(diagnostic);
    for (const report of result.incomplete) incomplete.push(report);
    skippedFiles.push(...result.skippedFiles);
    analysed += result.analysed;
    done += result.files;
    events.progress?.(done, total);
  });
  return {
    files: total - skippedFiles.length,
    functions: {
      analysed,
      degraded: incomplete.filter(({ state }) => state === 'degraded').length,
      skipped: incomplete.filter(({ state }) => state === 'skipped').length,
    },
    incomplete: incomplete.sort((a, b) => compare(a.file, b.file) || compare(a.function, b.function)),
    skippedFiles: skippedFiles.sort((a, b) => compare(a.file, b.file)),
    diagnostics: wanted(diagnostics, request).sort(inTotalOrder).filter(isNew),
  };
}

/** By directory, in groups, the largest directories first, so that no thread is left alone with one at the end. */
function tasksOf({ root, files, options, dialect }: AuditRequest): readonly FilesTask[] {
  const byDirectory = new Map<string, string[]>();
  for (const file of new Set(files)) {
    const directory = dirname(file);
    const known = byDirectory.get(directory);
    if (known) known.push(file);
    else byDirectory.set(directory, [file]);
  }
  const ordered = [...byDirectory].sort(([, a], [, b]) => b.length - a.length);
  return ordered.flatMap(([directory, all]) =>
    groupsOf(all).map((group) => ({ root, directory, files: group, options, dialect })),
  );
}

function groupsOf(files: readonly string[]): readonly (readonly string[])[] {
  const groups: (readonly string[])[] = [];
  for (let at = 0; at < files.length; at += GROUP) groups.push(files.slice(at, at + GROUP));
  return groups;
}

function inOrder(a: Diagnostic, b: Diagnostic): number {
  return (
    compare(a.file, b.file) ||
    a.line - b.line ||
    a.column - b.column ||
    compare(a.rule, b.rule) ||
    compare(a.message, b.message)
  );
}

/** Whichever thread was first, of several ways to one fault the same one is told. */
function inTotalOrder(a: Diagnostic, b: Diagnostic): number {
  return inOrder(a, b) || compare(JSON.stringify(a), JSON.stringify(b));
}

/** By code units: the same order on every machine, whatever its language. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A fault may lie in a callee of another file: it is reported if that file is one of those asked for. */
function wanted(diagnostics: readonly Diagnostic[], { root, files }: AuditRequest): Diagnostic[] {
  const names = new Set(files.map((file) => nameIn(root, file)));
  return diagnostics.filter(({ file }) => names.has(file));
}

/** Two callers may lead to the same fault in one callee. */
function isNew(diagnostic: Diagnostic, i: number, sorted: readonly Diagnostic[]): boolean {
  const before = sorted[i - 1];
  return before === undefined || inOrder(before, diagnostic) !== 0;
}
