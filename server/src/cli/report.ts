import type { AuditResult, Settled } from '../audit/index.ts';

/** What there is to tell after a check. */
export interface Report {
  readonly result: AuditResult;
  readonly settled: Settled;
  /** Absolute; the files are named relative to it. */
  readonly root: string;
  /** Milliseconds of wall clock. */
  readonly elapsedMs: number;
}
