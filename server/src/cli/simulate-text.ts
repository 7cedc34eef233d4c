import { COUNTER_NAMES, COUNTERS, type CostFigure, type CounterName, renderCell } from '@dma-audit/simulator';
import pc from 'picocolors';
import type {
  LaneState,
  PathOverview,
  SimulatedEntry,
  SimulatedPath,
  SimulatedRun,
  SimulatedStep,
  Simulation,
} from '../audit/index.ts';
import { costText } from './commands/figures.ts';
import { aligned, counted, cut, grouped } from './commands/table.ts';
import { printable } from './terminal.ts';

export interface SimulationTextOptions {
  readonly colour: boolean;
  /** Decisions and calls are shown between the operations. */
  readonly decisions: boolean;
}

const TEXT_WIDTH = 58;
/** Paths that are listed; of the others, those with faults, as many again. The JSON report has them all. */
const LISTED_PATHS = 12;
/** Platforms whose counters stand beside each other. */
const SIDE_BY_SIDE = 7;
/** Lanes that are drawn beside each other. */
const LANES = 12;

/** The report of `dma-audit simulate` for people. */
export function simulationText(simulation: Simulation, options: SimulationTextOptions): string {
  const writer = new Writer(simulation, pc.createColors(options.colour), options.decisions);
  return `${[writer.head(), ...simulation.paths.map((path) => writer.path(path)), writer.list(), writer.sources()]
    .filter((section) => section !== '')
    .join('\n\n')}\n`;
}

class Writer {
  readonly #simulation: Simulation;
  readonly #paint: ReturnType<typeof pc.createColors>;
  readonly #decisions: boolean;

  constructor(simulation: Simulation, paint: ReturnType<typeof pc.createColors>, decisions: boolean) {
    this.#simulation = simulation;
    this.#paint = paint;
    this.#decisions = decisions;
  }

  head(): string {
    const { function: name, file, line, dialect, degraded } = this.#simulation;
    const { bold, dim, yellow } = this.#paint;
    return [
      `${bold(name)}  ${dim(printable(`${file}:${line}, ${dialect}`))}`,
      ...degraded.map((reason) => yellow(`not explored in full: ${reason}`)),
    ].join('\n');
  }

  path(path: SimulatedPath): string {
    const [first] = path.runs;
    const { bold, dim } = this.#paint;
    const total = this.#simulation.overview.length;
    const isIdle =
      path.lanes.length === 0 && path.steps.every(({ operation, what }) => operation === null || what === 'return');
    const told = isIdle ? 'no DMA operation' : endingText(path);
    const title = `Path ${path.number} of ${total}: ${told}${isIdle && this.#simulation.degraded.length > 0 ? ' in the part that was explored' : ''}`;
    if (isIdle && !this.#decisions) return bold(title);
    return [
      bold(title) + dim(path.decisions.length > 0 ? `  … ${path.decisions.map(printable).join(', ')}` : ''),
      ...this.#assumptions(path),
      '',
      ...(first === undefined ? [] : this.#timeline(path, first)),
      ...path.runs.slice(0, 1).flatMap((run) => this.#faults(path, run)),
      '',
      ...this.#platforms(path),
    ].join('\n');
  }

  /** All paths, so that another one can be asked for. */
  list(): string {
    const { overview, paths } = this.#simulation;
    if (overview.length <= paths.length) return '';
    const { bold, dim } = this.#paint;
    const others = overview.slice(LISTED_PATHS).filter(({ faults }) => faults > 0);
    const listed = [...overview.slice(0, LISTED_PATHS), ...others.slice(0, LISTED_PATHS)];
    const rows = listed.map((one) => [
      `${one.number}`,
      endingText(one),
      counted(one.operations, 'operation'),
      one.faults > 0 ? counted(one.faults, 'fault') : '',
      cut(one.decisions.map(printable).join(', '), 90),
    ]);
    const more = overview.length - listed.length;
    const faulty = others.length - LISTED_PATHS;
    return [
      bold('Paths'),
      ...aligned(rows, [true]).map((row) => `  ${row}`),
      ...(more > 0
        ? [
            dim(
              `  … and ${counted(more, 'path')} more${faulty > 0 ? `, ${faulty} of them with faults` : ''}; --path N shows one`,
            ),
          ]
        : []),
    ].join('\n');
  }

  sources(): string {
    const { figures } = this.#simulation;
    if (figures.length === 0) return '';
    const { bold, dim } = this.#paint;
    const rows = aligned(figures.map((figure) => [figure.id, printable(figureLine(figure))]));
    return [bold('Cost figures'), ...rows.map((row) => dim(`  ${row}`))].join('\n');
  }

  #assumptions({ assumptions, guesses }: SimulatedPath): readonly string[] {
    if (assumptions.length + guesses.length === 0) return [];
    const { dim, yellow } = this.#paint;
    const sizes = assumptions.map(({ name, bytes, unit, from, file, line }) => [
      printable(name),
      `= ${grouped(bytes)} bytes${unit > 1 ? ` (${counted(bytes / unit, 'page')})` : ''}`,
      FROM[from],
      this.#place(file, line),
    ]);
    const others = guesses.map(({ what, value, text, file, line }) => [
      `${what} of ${printable(text)}`,
      `= ${value}`,
      what === 'loop' ? '--count sets the most' : 'assumed',
      this.#place(file, line),
    ]);
    const times = new Map<string, number>();
    const lines = aligned([...sizes, ...others]);
    for (const row of lines) times.set(row, (times.get(row) ?? 0) + 1);
    const told = assumptions.some(({ from }) => from === 'page') ? dim('  set with --size name=value') : '';
    return [yellow('Assumptions') + told, ...[...times].map(([row, n]) => `  ${row}${n > 1 ? dim(`  ×${n}`) : ''}`)];
  }

  #timeline(path: SimulatedPath, run: SimulatedRun): readonly string[] {
    const { bold, dim, red, yellow } = this.#paint;
    const platform = this.#simulation.platforms.find(({ id }) => id === run.platform);
    const parts = platform?.parts;
    const lanes = path.lanes.slice(0, LANES);
    const legend = lanes.map(({ label, kind }, i) => `${letter(i)} ${kind === 'mapping' ? 'mapping of ' : ''}${label}`);
    const steps = path.steps.filter((step) => this.#isShown(step, run));
    const rows = steps.map((step) => {
      const entry = step.operation === null ? undefined : run.entries[step.operation];
      return [
        this.#place(step.file, step.line),
        entry === undefined ? stepText(step) : operationText(step),
        ...(entry === undefined ? lanes.map(() => ' ') : lanes.map((_, i) => glyph(entry.lanes[i], step.lane === i))),
        entry === undefined ? '' : changesText(entry),
      ];
    });
    const head = ['line', 'operation', ...lanes.map((_, i) => letter(i)), 'what it took'];
    const [top = '', ...lines] = aligned([head, ...rows], [true]);
    const told = steps.map((step) => {
      const entry = step.operation === null ? undefined : run.entries[step.operation];
      if (entry === undefined) return '';
      const faults = [...new Set(entry.violations.map(({ kind }) => kind))].map((kind) => red(`  ✗ ${kind}`));
      return [...faults, ...(entry.refused === null ? [] : [yellow(`  ✗ refused`)])].join('');
    });
    return [
      `${bold(run.platform)}  ${platform?.title ?? ''}`,
      ...(parts === undefined
        ? []
        : [dim(`  memory ${parts.memory} · bounce ${parts.bounce} · IOMMU ${parts.iommu} · device ${parts.device}`)]),
      ...(legend.length === 0 ? [] : [dim(`  ${legend.join(' · ')}`), dim(`  ${LEGEND}`)]),
      ...(path.lanes.length > LANES ? [dim(`  … and ${path.lanes.length - LANES} more, in the JSON report`)] : []),
      '',
      dim(`  ${top}`),
      ...lines.map((line, i) => `  ${steps[i]?.operation === null ? dim(line) : line}${told[i] ?? ''}`),
    ];
  }

  #isShown({ operation, what }: SimulatedStep, run: SimulatedRun): boolean {
    if (operation === null) return this.#decisions;
    const entry = run.entries[operation];
    if (entry !== undefined && (entry.violations.length > 0 || entry.refused !== null)) return true;
    if (entry !== undefined && Object.keys(entry.changes).length > 0) return true;
    return !QUIET.has(what);
  }

  #faults(path: SimulatedPath, run: SimulatedRun): readonly string[] {
    const { bold, dim, red, green, yellow } = this.#paint;
    return path.steps.flatMap(({ operation, file, line }) => {
      const entry = operation === null ? undefined : run.entries[operation];
      if (entry === undefined) return [];
      const refused =
        entry.refused === null ? [] : [`  ${yellow('refused')} at ${this.#place(file, line)}: ${entry.refused}`];
      const faults = entry.violations.flatMap(({ kind, message, consequence }) => [
        `  ${bold(red(kind))} at ${this.#place(file, line)}: ${printable(message)}`,
        consequence === null ? `    ${green('here it happens to work')}` : `    ${dim('here:')} ${consequence}`,
      ]);
      return [...refused, ...faults];
    });
  }

  /** Counters that any platform moved, side by side, and the time that they take. */
  #platforms({ runs }: SimulatedPath): readonly string[] {
    const { bold, dim } = this.#paint;
    const shown = COUNTER_NAMES.filter(
      (name) => !HIDDEN.has(name) && runs.some(({ counters }) => counters[name] !== 0),
    );
    const faults = runs.map(({ entries }) => entries.flatMap(({ violations }) => violations));
    const blocks: string[] = [];
    for (let from = 0; from < runs.length; from += SIDE_BY_SIDE) {
      const some = runs.slice(from, from + SIDE_BY_SIDE);
      const showing = faults.slice(from, from + SIDE_BY_SIDE).map((all) => {
        const breaks = all.filter(({ consequence }) => consequence !== null).length;
        return all.length === 0 ? '·' : `${breaks} of ${all.length}`;
      });
      const rows = [
        ...(faults.some((all) => all.length > 0) ? [['faults that show', ...showing]] : []),
        ...shown.map((name) => [
          titleOf(name),
          ...some.map(({ counters }) => grouped(counters[name]).replace(/^0$/, '·')),
        ]),
      ];
      const head = ['', ...some.map(({ platform }) => platform)];
      const [top = '', ...lines] = aligned([head, ...rows], [false, ...some.map(() => true)]);
      blocks.push(...(from > 0 ? [''] : []), `  ${bold(top)}`, ...lines.map((line) => `  ${line}`));
    }
    const times = runs.map(({ platform, cost, startup }) => [
      platform,
      costText(cost),
      startup.pagesShared > 0 ? `once at boot: ${grouped(startup.pagesShared)} pages made shared` : '',
    ]);
    return [...blocks, '', `  ${bold('Time')}`, ...aligned(times).map((line) => dim(`  ${line}`))];
  }

  /** Line only, where the file is the function's own. */
  #place(file: string, line: number): string {
    return file === this.#simulation.file ? `${line}` : `${/[^/]+$/.exec(file)?.[0] ?? file}:${line}`;
  }
}

/** Who says how large something is. */
const FROM = {
  page: 'assumed',
  user: 'as you said',
  comment: 'as a comment says',
  configuration: 'as the configuration says',
} as const;

/** Steps that only tell something when something happened at them. */
const QUIET: ReadonlySet<string> = new Set([
  'declare',
  'check',
  'cpu-read',
  'cpu-write',
  'memory-map-change',
  'atomic-enter',
  'atomic-leave',
]);

/** Follow from the others, or are told apart. */
const HIDDEN: ReadonlySet<CounterName> = new Set([
  'refusals',
  'slots',
  'bouncePages',
  'pendingInvalidations',
  'pvalidates',
  'pscEntries',
]);

/** How much, how it is known and where from. */
function figureLine({ operation, unit, low, typical, high, kind, source, hardware }: CostFigure): string {
  const values = [low, typical, high].filter((value) => value !== null);
  const range = [...new Set(values)].map((value) => (unit === 'ns' ? renderCell(value, 'ns') : `${value} ${unit}`));
  const origin = [kind, source, hardware].filter((part) => part !== '').join('; ');
  return `${operation}: ${range.length === 0 ? 'unknown' : range.join(' – ')} (${origin})`;
}

const titleOf = (name: CounterName): string => COUNTERS[name].title;

const LEGEND =
  '○ the CPU has it, ● the device has it, ◐ lent to the CPU, ▣ by a bounce buffer, ◆ shared with the host, × gone, ? unseen code has it';

function glyph(state: LaneState | undefined, here: boolean): string {
  if (state === undefined || state.owner === 'absent') return ' ';
  const mark = here ? '◂' : '';
  switch (state.owner) {
    case 'cpu':
      return (state.shared ? '○◆' : '○') + mark;
    case 'device':
      return (state.bounced ? '▣' : state.shared ? '●◆' : '●') + mark;
    case 'lent':
      return `◐${mark}`;
    case 'freed':
    case 'lost':
      return here ? `×${mark}` : '';
    case 'unseen':
      return here ? `?${mark}` : '';
  }
}

const letter = (i: number): string => String.fromCharCode(65 + i);

function endingText({ ending, marks, faults }: Pick<PathOverview, 'ending' | 'marks' | 'faults'>): string {
  const words = {
    succeeds: 'succeeds',
    fails: 'fails',
    returns: 'returns',
    stops: 'does not come to a return',
  } as const;
  const worst = marks.includes('worst') ? ', the most expensive' : '';
  return `${words[ending]}${worst}${faults > 0 && marks.includes('success') ? ', with faults' : ''}`;
}

function stepText({ what, text }: SimulatedStep): string {
  const words = {
    true: 'is true',
    false: 'is false',
    case: 'is the case',
    call: 'is entered',
    iterate: 'goes round',
    skip: 'is left',
  } as const;
  return `  ${cut(printable(text), TEXT_WIDTH - 12)} ${what in words ? words[what as keyof typeof words] : what}`;
}

function operationText({ what, text, outcome }: SimulatedStep): string {
  const failed = outcome === null || outcome === 'ok' ? '' : ` (${outcome})`;
  const words = what === 'hand-over' ? 'left to unseen code' : what;
  return `${words}${failed}  ${cut(printable(text), TEXT_WIDTH - words.length - failed.length)}`;
}

const ADDRESSES = {
  host: 'host address',
  offset: 'host address + offset',
  bounce: 'bounce buffer',
  translated: 'IOVA',
  none: 'nothing',
} as const;

function changesText({ address, changes }: SimulatedEntry): string {
  const words = COUNTER_NAMES.flatMap((name) => {
    const change = changes[name];
    if (change === undefined || change === 0 || name.endsWith('HighWater')) return [];
    return [`${titleOf(name)} ${change < 0 ? '−' : '+'}${grouped(Math.abs(change))}`];
  });
  return [...(address === null ? [] : [ADDRESSES[address]]), ...words].join(', ');
}
