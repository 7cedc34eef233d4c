import { type Counters, noCounters } from '../machine/counters.ts';
import { type Trace, trace } from '../machine/timeline.ts';
import type { Violation } from '../machine/violation.ts';
import type { Platform } from '../platforms/platform.ts';
import { costOf, type PlatformCost } from '../platforms/platform-cost.ts';
import type { CompiledProgram } from './compile.ts';
import type { Comparison, ExpectStatement } from './document.ts';

/** What became of an `expect` line: once for a line, however often a loop met it. */
export interface ExpectationResult {
  readonly statement: ExpectStatement;
  readonly holds: boolean;
  /** What was found instead, or as well. */
  readonly found: string;
}

/** A program on one platform. */
export interface DmaseqRun extends Trace {
  readonly platform: Platform;
  readonly cost: PlatformCost;
  /** Those for this platform, in the order of their lines. */
  readonly expectations: readonly ExpectationResult[];
  /** Faults that no line expects. */
  readonly unexpected: readonly Violation[];
  /** All expectations hold, and nothing unexpected happened. */
  readonly passed: boolean;
}

/**
 * Runs a compiled program on a platform. The same program and platform give the same result. `keepTimeline` false leaves the
 * timeline empty.
 */
export function runDmaseq(compiled: CompiledProgram, platform: Platform, keepTimeline = true): DmaseqRun {
  const mine = compiled.expectations.filter(({ statement: { on } }) => on.length === 0 || on.includes(platform.id));
  const counted = new Map<ExpectStatement, ExpectationResult>();
  let next = 0;
  const meet = (operations: number, counters: () => Counters): void => {
    for (; next < mine.length; next += 1) {
      const met = mine[next];
      if (met === undefined || met.after > operations) return;
      const { statement } = met;
      const { what } = statement;
      if (what.kind !== 'counter' || counted.get(statement)?.holds === false) continue;
      const value = counters()[what.counter];
      counted.set(statement, { statement, holds: compare(value, what.comparison, what.value), found: `${value}` });
    }
  };
  meet(0, noCounters);
  const traced = trace(compiled.program, platform, {
    keep: keepTimeline,
    visit: (index, counters) => meet(index + 1, counters),
  });
  const { violations, refusals, counters } = traced.run;
  const statements = [...new Set(mine.map(({ statement }) => statement))];
  const expectations = statements.map(
    (statement) => counted.get(statement) ?? judge(statement, violations, refusals.length),
  );
  const kinds = new Set(statements.flatMap(({ what }) => (what.kind === 'violation' ? [what.violation] : [])));
  const unexpected = violations.filter(({ kind }) => !kinds.has(kind));
  const passed = unexpected.length === 0 && expectations.every(({ holds }) => holds);
  const cost = costOf(counters, platform.description.costs);
  return { ...traced, platform, cost, expectations, unexpected, passed };
}

function judge(statement: ExpectStatement, violations: readonly Violation[], refusals: number): ExpectationResult {
  const { what } = statement;
  switch (what.kind) {
    case 'clean':
      return { statement, holds: violations.length === 0, found: countOf(violations.length, 'violation') };
    case 'refusal':
      return { statement, holds: isRight(refusals, what.times), found: countOf(refusals, 'refusal') };
    case 'violation': {
      const same = violations.filter(({ kind }) => kind === what.violation);
      const right = same.filter(
        ({ consequence }) => what.verdict === null || (consequence === null) === (what.verdict === 'works'),
      );
      const breaking = same.filter(({ consequence }) => consequence !== null).length;
      const verdicts = same.length === 0 ? '' : `, ${breaking} of them show here`;
      const holds = isRight(same.length, what.times) && right.length === same.length;
      return { statement, holds, found: `${same.length}${verdicts}` };
    }
    case 'counter':
      throw new RangeError('a counter is compared where it stands');
  }
}

const isRight = (count: number, times: number | null): boolean => (times === null ? count > 0 : count === times);
const countOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

function compare(value: number, comparison: Comparison, wanted: number): boolean {
  switch (comparison) {
    case '=':
      return value === wanted;
    case '!=':
      return value !== wanted;
    case '<':
      return value < wanted;
    case '<=':
      return value <= wanted;
    case '>':
      return value > wanted;
    case '>=':
      return value >= wanted;
  }
}
