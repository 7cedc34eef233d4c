import {
  COUNTER_NAMES,
  COUNTERS,
  type CompiledProgram,
  type Counters,
  type DmaseqRun,
  describeParts,
  type ExpectStatement,
  expectationText,
  type OperationStatement,
  printStatement,
  type Violation,
} from '@dma-audit/simulator';
import pc from 'picocolors';
import { printable } from '../terminal.ts';
import { costText } from './figures.ts';
import { messageOf } from './run-words.ts';
import { aligned, counted, cut, grouped } from './table.ts';

export interface RunTextOptions {
  readonly colour: boolean;
  /** The timeline of every platform, however many there are. */
  readonly timeline: boolean;
}

const STATEMENT_WIDTH = 56;
/** Violations that are told in full. */
const TOLD_VIOLATIONS = 20;
/** So many platforms stand beside each other in a table; more stand below each other. */
const TABLE_PLATFORMS = 5;

/** The report of `dma-audit run` for people: one platform in full, several compared. */
export function runText(
  file: string,
  compiled: CompiledProgram,
  runs: readonly DmaseqRun[],
  missed: readonly ExpectStatement[],
  options: RunTextOptions,
): string {
  const writer = new Writer(compiled, pc.createColors(options.colour));
  const { name, dialect, operations } = compiled.program;
  const [only] = runs;
  const on = runs.length === 1 && only !== undefined ? `on ${only.platform.id}` : `on ${runs.length} platforms`;
  const title = `${name}: ${counted(operations.length, 'operation')}, ${dialect}, ${on} (${file === '-' ? 'standard input' : file})`;
  const parts = [
    [writer.heading(printable(title))],
    ...(runs.length === 1 || options.timeline ? runs.map((one) => writer.timeline(one)) : []),
    writer.violations(runs),
    writer.refusals(runs),
    writer.expectations(runs),
    writer.missed(missed),
    runs.length === 1 && only !== undefined
      ? writer.figures(only)
      : runs.length <= TABLE_PLATFORMS
        ? writer.table(runs)
        : writer.list(runs),
  ];
  return `${parts.flatMap((lines) => (lines.length > 0 ? [lines.join('\n')] : [])).join('\n\n')}\n`;
}

/** Operations of one statement, however often a loop came by. */
interface Step {
  readonly statement: OperationStatement;
  times: number;
  readonly addresses: Set<string>;
  readonly refused: string[];
  readonly changes: Map<keyof Counters, number>;
  readonly violations: Violation[];
}

class Writer {
  readonly #compiled: CompiledProgram;
  readonly #paint: ReturnType<typeof pc.createColors>;

  constructor(compiled: CompiledProgram, paint: ReturnType<typeof pc.createColors>) {
    this.#compiled = compiled;
    this.#paint = paint;
  }

  heading(text: string): string {
    return this.#paint.bold(text);
  }

  /** Every statement with what it came to; what a loop repeats stands once. */
  timeline({ timeline, platform }: DmaseqRun): readonly string[] {
    const { bold, dim, red } = this.#paint;
    const steps = new Map<OperationStatement, Step>();
    for (const { index, address, refused, changes, violations } of timeline) {
      const statement = this.#compiled.statements[index];
      if (statement === undefined) continue;
      let step = steps.get(statement);
      if (step === undefined) {
        step = { statement, times: 0, addresses: new Set(), refused: [], changes: new Map(), violations: [] };
        steps.set(statement, step);
      }
      step.times += 1;
      if (address !== null) step.addresses.add(ADDRESS_WORDS[address]);
      if (refused !== null) step.refused.push(refused);
      for (const name of COUNTER_NAMES) {
        const change = changes[name];
        if (change !== undefined) step.changes.set(name, (step.changes.get(name) ?? 0) + change);
      }
      step.violations.push(...violations);
    }
    const rows = [...steps.values()].map((step) => [
      `${step.statement.at.line}`,
      step.times > 1 ? `×${grouped(step.times)}` : '',
      cut(printable(printStatement(step.statement)), STATEMENT_WIDTH),
      [...step.addresses].join(', '),
      [...step.changes]
        .flatMap(([name, change]) => (isShown(name, change) ? [changeText(name, change)] : []))
        .join(', '),
    ]);
    const head = ['line', '', 'operation', 'the device gets', 'what it took'];
    const [first = '', ...rest] = aligned([head, ...rows], [true, true]);
    const told = [...steps.values()].map(({ violations, refused }) => [
      ...new Set([...violations.map(({ kind }) => kind), ...(refused.length > 0 ? ['refused'] : [])]),
    ]);
    const lines = rest.map((line, i) => `  ${line}${(told[i] ?? []).map((kind) => red(`  ✗ ${kind}`)).join('')}`);
    return [bold(platform.id), dim(`  ${first}`), ...lines];
  }

  /** Silence would look like success. */
  missed(statements: readonly ExpectStatement[]): readonly string[] {
    return statements.map(({ at, what, on }) =>
      this.#paint.yellow(
        `not looked at: line ${at.line}, ${expectationText(what)} on ${on.join(', ')}, which did not run`,
      ),
    );
  }

  /** Faults do not depend on the platform; what they do there does. */
  violations(runs: readonly DmaseqRun[]): readonly string[] {
    const { bold, dim, green, red, yellow } = this.#paint;
    const [first] = runs;
    if (first === undefined) return [];
    const lines = first.run.violations.slice(0, TOLD_VIOLATIONS).flatMap((violation, i) => {
      const { kind, index, related } = violation;
      const tint = runs.some(({ unexpected }) => unexpected.some((one) => one.kind === kind)) ? red : yellow;
      const effects = groups(runs, ({ run }) => run.violations[i]?.consequence ?? '');
      const works = effects.get('');
      effects.delete('');
      const places = related.map((place) => `${place.role} at line ${this.#lineOf(place.index)}`);
      return [
        `${bold(tint(kind))} at line ${this.#lineOf(index)}: ${printable(messageOf(violation, this.#compiled))}`,
        ...[...effects].map(([effect, ids]) => `  ${red('breaks on:')} ${ids.join(', ')} ${dim(`— ${effect}`)}`),
        ...(works === undefined ? [] : [`  ${green('works on:')} ${works.join(', ')}`]),
        ...(places.length > 0 ? [dim(`  ${places.join(', ')}`)] : []),
      ];
    });
    const more = first.run.violations.length - TOLD_VIOLATIONS;
    return more > 0 ? [...lines, dim(`… and ${counted(more, 'violation')} more`)] : lines;
  }

  refusals(runs: readonly DmaseqRun[]): readonly string[] {
    const all = runs.flatMap(({ platform, run }) =>
      run.refusals.map(({ index, reason }) => ({ id: platform.id, line: this.#lineOf(index), reason })),
    );
    return [...new Set(all.map(({ reason }) => reason))].map((reason) => {
      const refusals = all.filter((one) => one.reason === reason);
      const lines = [...new Set(refusals.map(({ line }) => line))];
      const ids = [...new Set(refusals.map(({ id }) => id))];
      const where = `${lines.length === 1 ? 'line' : 'lines'} ${lines.join(', ')}`;
      return `${this.#paint.yellow('refused')} at ${where} on ${ids.join(', ')}: ${reason}`;
    });
  }

  /** Those that fail, and how many hold; on one platform all of them. */
  expectations(runs: readonly DmaseqRun[]): readonly string[] {
    const { dim, green, red } = this.#paint;
    const all = runs.flatMap(({ platform, expectations }) =>
      expectations.map((one) => ({ ...one, id: platform.id, line: one.statement.at.line })),
    );
    const told = runs.length === 1 ? all : all.filter(({ holds }) => !holds);
    const lines = told.map(({ statement, holds, found, id, line }) => {
      const where = runs.length === 1 ? '' : ` on ${id}`;
      const what = `line ${line}: expect ${expectationText(statement.what)}`;
      return holds ? `${green('✓')} ${dim(what)}` : `${red('✗')} ${what}: found ${found}${where}`;
    });
    const held = all.length - all.filter(({ holds }) => !holds).length;
    return runs.length === 1 || held === 0
      ? lines
      : [...lines, `${green('✓')} ${dim(`${counted(held, 'expectation')} hold`)}`];
  }

  figures({ platform, run, startup, cost }: DmaseqRun): readonly string[] {
    const { bold, dim } = this.#paint;
    const { memory, bounce, iommu, device } = describeParts(platform.description);
    const before = countersText(startup);
    return [
      `${bold(platform.id)}  ${platform.title}`,
      dim(`  memory ${memory} · bounce ${bounce} · IOMMU ${iommu} · device ${device}`),
      `  ${dim('counted')}  ${countersText(run.counters) || 'nothing'}`,
      ...(before === '' ? [] : [`  ${dim('before ')}  ${before} (once, not in the counts)`]),
      `  ${dim('time   ')}  ${costText(cost)}`,
    ];
  }

  /** A column for each platform, a row for each counter that one of them has. */
  table(runs: readonly DmaseqRun[]): readonly string[] {
    const shown = COUNTER_NAMES.filter((name) => runs.some(({ run }) => run.counters[name] !== 0));
    const rows = [
      ['', ...runs.map(({ platform, passed }) => `${passed ? '✓' : '✗'} ${platform.id}`)],
      ...shown.map((name) => [COUNTERS[name].title, ...runs.map(({ run }) => grouped(run.counters[name]))]),
    ];
    const [head = '', ...rest] = aligned(rows, [false, ...runs.map(() => true)]);
    const times = aligned(runs.map(({ platform, cost }) => [`time on ${platform.id}`, costText(cost)]));
    return [this.#paint.bold(head), ...rest, '', ...times];
  }

  /** Two lines for each platform. */
  list(runs: readonly DmaseqRun[]): readonly string[] {
    const { bold, dim, green, red } = this.#paint;
    const names = aligned(runs.map(({ platform }) => [platform.id, platform.title]));
    return runs.flatMap(({ passed, platform, run, cost }, i) => {
      const time = costText(cost);
      const took = countersText(run.counters);
      const id = platform.id;
      const rest = (names[i] ?? '').slice(id.length);
      return [
        `${passed ? green('✓') : red('✗')} ${bold(id)}${rest}`,
        ...(took === '' ? [] : [dim(`    ${took}${time === 'none' ? '' : `; time ${time}`}`)]),
      ];
    });
  }

  #lineOf(index: number): number {
    return this.#compiled.program.operations[index]?.site ?? 0;
  }
}

const ADDRESS_WORDS = {
  host: 'the host address',
  offset: 'host address + offset',
  bounce: 'a bounce buffer',
  translated: 'an IOVA',
  none: 'nothing',
} as const;

/** Platforms by what they have in common, in their order. */
function groups(runs: readonly DmaseqRun[], keyOf: (one: DmaseqRun) => string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const one of runs) {
    const key = keyOf(one);
    found.set(key, [...(found.get(key) ?? []), one.platform.id]);
  }
  return found;
}

/** High-water marks follow from what is held. */
const isShown = (name: keyof Counters, change: number): boolean => change !== 0 && !name.endsWith('HighWater');

const changeText = (name: keyof Counters, change: number): string =>
  `${COUNTERS[name].title} ${change < 0 ? '−' : '+'}${grouped(Math.abs(change))}`;

const countersText = (counters: Counters): string =>
  COUNTER_NAMES.filter((name) => counters[name] !== 0)
    .map((name) => `${COUNTERS[name].title} ${grouped(counters[name])}`)
    .join(', ');
