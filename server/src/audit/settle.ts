import { type Baseline, type BaselineEntry, compareWithBaseline } from './baseline.ts';
import { isAskedFor, type SeverityOf } from './config.ts';
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
  readonly severityOf: SeverityOf;
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

/**
 * Applies severities, suppressions and the baseline to what an audit found. Comments and baseline meet what is doubtful as well,
 * so that one that is needed only when more is asked for does not look superfluous today.
 */
export function settle(result: AuditResult, { severityOf, baseline, scope }: Policy): Settled {
  const checked = new Set(result.checked);
  const told = new Set<Diagnostic>();
  const found = withPlaces(result.diagnostics).flatMap((diagnostic) => {
    const { rule, file, doubt } = diagnostic;
    const severity = severityOf(rule, file, null);
    if (severity === null) return [];
    const one = { ...diagnostic, severity };
    if (severityOf(rule, file, doubt) !== null) told.add(one);
    return one;
  });
  const isTold = (one: Diagnostic): boolean => told.has(one);
  const isApplied = (rule: string, file: string): boolean =>
    scope !== 'files' && checked.has(file) && isAskedFor(severityOf, rule, file);
  const { kept, suppressed, notices } = applySuppressions(found, result.suppressions, isApplied);
  const { fresh, known, gone } = baseline ? compareWithBaseline(kept, baseline) : { fresh: kept, known: [], gone: [] };
  return {
    diagnostics: fresh.filter(isTold),
    suppressed: suppressed.filter(({ diagnostic }) => isTold(diagnostic)),
    known: known.filter(isTold),
    gone: gone.filter(
      ({ rule, file }) => (scope === 'root' || checked.has(file)) && isAskedFor(severityOf, rule, file),
    ),
    notices: notices.filter(({ file }) => checked.has(file)),
  };
}
