import {
  type CompiledProgram,
  type DmaseqRun,
  describeParts,
  type ExpectStatement,
  expectationText,
  printStatement,
} from '@dma-audit/simulator';
import { jsonText } from '../terminal.ts';
import { NAME, VERSION } from '../version.ts';
import { messageOf } from './run-words.ts';

/** The report of `dma-audit run --format json`, as docs/schema/run.json describes it. Lines are those of the program. */
export function runJson(
  file: string,
  compiled: CompiledProgram,
  runs: readonly DmaseqRun[],
  missed: readonly ExpectStatement[],
): string {
  const { program, statements } = compiled;
  const lineOf = (index: number): number => program.operations[index]?.site ?? 0;
  const platforms = runs.map((one) => ({
    id: one.platform.id,
    title: one.platform.title,
    parts: describeParts(one.platform.description),
    passed: one.passed,
    violations: one.run.violations.map((violation) => ({
      kind: violation.kind,
      line: lineOf(violation.index),
      message: messageOf(violation, compiled),
      consequence: violation.consequence,
      expected: !one.unexpected.includes(violation),
      related: violation.related.map(({ index, role }) => ({ line: lineOf(index), role })),
    })),
    refusals: one.run.refusals.map(({ index, reason }) => ({ line: lineOf(index), reason })),
    expectations: one.expectations.map(({ statement, holds, found }) => ({
      line: statement.at.line,
      text: expectationText(statement.what),
      holds,
      found,
    })),
    counters: one.run.counters,
    startup: one.startup,
    cost: one.cost,
    timeline: one.timeline.map(({ index, address, refused, changes, violations }) => {
      const statement = statements[index];
      return {
        line: lineOf(index),
        operation: statement === undefined ? '' : printStatement(statement),
        address,
        refused,
        changes,
        violations: violations.map(({ kind }) => kind),
      };
    }),
  }));
  const notLookedAt = missed.map(({ at, what, on }) => ({ line: at.line, text: expectationText(what), on }));
  const { name, dialect, operations } = program;
  return jsonText({
    tool: { name: NAME, version: VERSION },
    file,
    program: { name, dialect, operations: operations.length },
    platforms,
    notLookedAt,
  });
}
