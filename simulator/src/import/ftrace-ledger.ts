/** What a kernel did against what the simulator says that it does. */

export interface TraceDifference {
  /** 1-based line of the trace; 0 = the totals. */
  readonly line: number;
  readonly what: string;
  readonly recorded: number | string;
  readonly computed: number | string;
}

export class TraceLedger {
  private count = 0;
  private wrong = 0;
  private firstWrong: TraceDifference | null = null;

  /** Comparisons made. */
  get compared(): number {
    return this.count;
  }

  get mismatches(): number {
    return this.wrong;
  }

  get first(): TraceDifference | null {
    return this.firstWrong;
  }

  /** `tolerance`: part of the recorded value by which the computed one may be off. */
  compare(line: number, what: string, recorded: number, computed: number, tolerance = 0): void {
    this.count++;
    if (Math.abs(recorded - computed) <= Math.abs(recorded) * tolerance) return;
    this.wrong++;
    this.firstWrong ??= { line, what, recorded, computed };
  }
}
