import type { Diagnostic, FunctionReport } from './diagnostic.ts';
import type { FileSuppressions } from './suppress.ts';
import type { FilesResult, SkippedFile } from './task.ts';

export interface AuditResult {
  /** Names of the files asked for. */
  readonly checked: readonly string[];
  /** Files that were looked at, those included that never name a DMA API. */
  readonly files: number;
  readonly functions: { readonly analysed: number; readonly degraded: number; readonly skipped: number };
  /** Functions that were analysed in part or not at all, with the reasons. */
  readonly incomplete: readonly FunctionReport[];
  readonly skippedFiles: readonly SkippedFile[];
  /** Everything that was found: `settle` tells what of it is to be reported. */
  readonly diagnostics: readonly Diagnostic[];
  readonly suppressions: readonly FileSuppressions[];
}

/** Puts the results of tasks together, in an order that does not depend on theirs. */
export function resultOf(checked: readonly string[], results: readonly FilesResult[]): AuditResult {
  const skippedFiles = results.flatMap((one) => one.skippedFiles);
  return ordered({
    checked,
    files: checked.length - skippedFiles.length,
    functions: { ...NO_FUNCTIONS, analysed: results.reduce((sum, { analysed }) => sum + analysed, 0) },
    incomplete: results.flatMap((one) => one.incomplete),
    skippedFiles,
    diagnostics: results.flatMap((one) => one.diagnostics),
    suppressions: results.flatMap((one) => one.suppressions),
  });
}

/** Puts the results of all shards together: the same as that of one machine. */
export function mergeResults(results: readonly AuditResult[]): AuditResult {
  return ordered({
    checked: results.flatMap((one) => one.checked),
    files: results.reduce((sum, { files }) => sum + files, 0),
    functions: { ...NO_FUNCTIONS, analysed: results.reduce((sum, { functions }) => sum + functions.analysed, 0) },
    incomplete: results.flatMap((one) => one.incomplete),
    skippedFiles: results.flatMap((one) => one.skippedFiles),
    diagnostics: results.flatMap((one) => one.diagnostics),
    suppressions: results.flatMap((one) => one.suppressions),
  });
}

const NO_FUNCTIONS = { analysed: 0, degraded: 0, skipped: 0 } as const;

function ordered(result: AuditResult): AuditResult {
  const { checked, functions, incomplete, skippedFiles, diagnostics, suppressions } = result;
  const inState = (wanted: FunctionReport['state']) => incomplete.filter(({ state }) => state === wanted).length;
  const byFile = new Map(suppressions.map((one) => [one.file, one]));
  return {
    ...result,
    checked: checked.toSorted(compare),
    functions: { analysed: functions.analysed, degraded: inState('degraded'), skipped: inState('skipped') },
    incomplete: incomplete.toSorted((a, b) => compare(a.file, b.file) || compare(a.function, b.function)),
    skippedFiles: skippedFiles.toSorted((a, b) => compare(a.file, b.file)),
    diagnostics: diagnostics.toSorted(inTotalOrder).filter(isNew),
    suppressions: [...byFile.values()].toSorted((a, b) => compare(a.file, b.file)),
  };
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

const DOUBTS: readonly Diagnostic['doubt'][] = [null, 'nursery', 'guess'];

/** Whichever thread was first, of several ways to one fault the same one is told: a sure one if there is any. */
function inTotalOrder(a: Diagnostic, b: Diagnostic): number {
  return (
    inOrder(a, b) || DOUBTS.indexOf(a.doubt) - DOUBTS.indexOf(b.doubt) || compare(JSON.stringify(a), JSON.stringify(b))
  );
}

/** By code units: the same order on every machine, whatever its language. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Two callers may lead to the same fault in one callee. */
function isNew(diagnostic: Diagnostic, i: number, sorted: readonly Diagnostic[]): boolean {
  const before = sorted[i - 1];
  return before === undefined || inOrder(before, diagnostic) !== 0;
}
