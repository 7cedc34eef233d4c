import { dirname } from 'node:path';
import type { Dialect } from '../models/index.ts';
import type { CheckOptions } from './check.ts';
import type { Diagnostic, FunctionReport } from './diagnostic.ts';
import type { DirectoryTask, SkippedFile } from './directory.ts';
import { runTasks } from './pool.ts';

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
    diagnostics: unique(diagnostics.sort(inOrder)),
  };
}

function tasksOf({ root, files, options, dialect }: AuditRequest): readonly DirectoryTask[] {
  const byDirectory = new Map<string, Set<string>>();
  for (const file of files) {
    const directory = dirname(file);
    const known = byDirectory.get(directory);
    if (known) known.add(file);
    else byDirectory.set(directory, new Set([file]));
  }
  return [...byDirectory].map(([directory, wanted]) => ({ root, directory, files: [...wanted], options, dialect }));
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

/** By code units: the same order on every machine, whatever its language. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Two callers may lead to the same fault in one callee. */
function unique(sorted: readonly Diagnostic[]): readonly Diagnostic[] {
  return sorted.filter((d, i) => {
    const before = sorted[i - 1];
    return before === undefined || inOrder(before, d) !== 0;
  });
}
