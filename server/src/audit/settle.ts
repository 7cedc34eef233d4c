import type { Severity } from '../rules/index.ts';
import { type Baseline, type BaselineEntry, compareWithBaseline } from './baseline.ts';
import type { Diagnostic } from './diagnostic.ts';
import { withPlaces } from './fingerprint.ts';
import type { AuditResult } from './result.ts';
import { applySuppressions, type Notice, type SuppressedDiagnostic } from './suppress.ts';

/**
 * What was checked: everything below the root, whole directories, or only some files. What is missing then may well be
 * elsewhere: a fault in a callee is found where it is called.
 */
export type Scope = 'root' | 'directories' | 'files';

/** What a team wants to hear of. */
export interface Policy {
  /** null = the rule is off for this file. */
  readonly severityOf: (rule: string, file: string) => Severity | null;
  readonly baseline: Baseline | null;
  readonly scope: Scope;
}

export interface Settled {
  /** To be reported. */
  readonly diagnostics: readonly Diagnostic[];
  readonly suppressed: readonly SuppressedDiagnostic[];
  /** In the baseline. */
  readonly known: readonly Diagnostic[];
  /** Entries of the baseline whose finding is no longer there, in files that were checked. */
  readonly gone: readonly BaselineEntry[];
  readonly notices: readonly Notice[];
}

/** Applies severities, suppressions and the baseline to what an audit found. */
export function settle(result: AuditResult, { severityOf, baseline, scope }: Policy): Settled {
  const checked = new Set(result.checked);
  const found = withPlaces(result.diagnostics).flatMap((diagnostic) => {
    const severity = severityOf(diagnostic.rule, diagnostic.file);
    return severity === null ? [] : { ...diagnostic, severity };
  });
  const isApplied = (rule: string, file: string): boolean =>
    scope !== 'files' && checked.has(file) && severityOf(rule, file) !== null;
  const { kept, suppressed, notices } = applySuppressions(found, result.suppressions, isApplied);
  const { fresh, known, gone } = baseline ? compareWithBaseline(kept, baseline) : { fresh: kept, known: [], gone: [] };
  return {
    diagnostics: fresh,
    suppressed,
    known,
    gone: gone.filter(({ file }) => scope === 'root' || checked.has(file)),
    notices: notices.filter(({ file }) => checked.has(file)),
  };
}
