import type { AuditResult, Settled } from '../audit/index.ts';

/** What there is to tell after a check. */
export interface Report {
  readonly result: AuditResult;
  readonly settled: Settled;
  /** Absolute; the files are named relative to it. */
  readonly root: string;
  /** Where a rule is described, with `{rule}` in it; null = where the package says, if it does. */
  readonly ruleHelp: string | null;
  /** Milliseconds of wall clock. */
  readonly elapsedMs: number;
}
