import {
  type CostFigure,
  costOf,
  describeParts,
  type Operation,
  type Platform,
  type Program,
  trace,
  type Violation,
} from '@dma-audit/simulator';
import { ruleById } from '../rules/index.ts';
import { type DmaPath, type Exploration, type SourcePlace, sequences } from '../sequence/index.ts';
import type { Project } from './project.ts';
import { argumentOf, bare, readCall } from './simulate-call.ts';
import { guessesOf } from './simulate-guesses.ts';
import { type LanePlan, laneStates, planLanes } from './simulate-lanes.ts';
import { isTold, type RankedPath, rankPaths } from './simulate-rank.ts';
import type {
  PathOverview,
  SimulatedPath,
  SimulatedRun,
  SimulatedStep,
  SimulateOptions,
  Simulation,
  SourceExcerpt,
} from './simulate-result.ts';
import { type Assumption, assumeSizes } from './simulate-sizes.ts';
import { functionText, positionOf, snippet, sourceText, textBefore } from './simulate-source.ts';

export type { SimulateOptions, Simulation } from './simulate-result.ts';

/** Explores one function and executes its paths; null when the project has no such function. */
export function simulate(project: Project, file: string, name: string, options: SimulateOptions): Simulation | null {
  const source = project.function(name, file);
  const unit = project.unit(file);
  const own = functionText(project, file, name);
  if (source === null || unit === undefined || own === null || source.file !== file) return null;
  const { platforms, sizes, budget, figures } = options;
  const exploration = sequences(project, source, budget, { atExitBootServices: unit.data.exitBootHandlers.has(name) });
  const writer = new Writer(project, exploration, figures);
  const complete = exploration.paths.filter((path) => path.complete);
  const sized = (complete.length > 0 ? complete : exploration.paths).map((path) => ({
    path,
    ...assumeSizes(path.program, exploration, project, sizes, options.configuredSizes),
  }));
  const assumptions = new Map(sized.map((one) => [one.path, one.assumptions]));
  const ranked = rankPaths(sized, platforms);
  const overview = ranked.map((one, i) => writer.overview(one, i + 1));
  const paths = ranked.flatMap((one, i) => {
    const about = overview[i];
    if (about === undefined || !isWanted(about, options.paths)) return [];
    return [writer.path(one, about, assumptions.get(one.path) ?? [], platforms)];
  });
  return {
    function: name,
    file,
    line: own.line,
    dialect: project.dialect,
    degraded: exploration.degraded,
    platforms: platforms.map(({ id, title, description, traits }) => ({
      id,
      title,
      parts: describeParts(description),
      encrypted: traits.encrypted,
    })),
    overview,
    paths,
    sources: sourcesOf(project, file, name, paths),
    figures: figuresOf(paths, figures),
  };
}

function figuresOf(paths: readonly SimulatedPath[], figures: SimulateOptions['figures']): readonly CostFigure[] {
  const ids = paths.flatMap(({ runs }) => runs.flatMap(({ cost }) => cost.sources));
  return [...new Set(ids)].sort().map((id) => figures[id]);
}

/** The function itself first, then what its paths enter, as they come to it. */
function sourcesOf(project: Project, file: string, name: string, paths: readonly SimulatedPath[]): SourceExcerpt[] {
  const seen = new Set<string>();
  return [{ file, function: name }, ...paths.flatMap(({ steps }) => steps)].flatMap((step) => {
    const key = `${step.file}:${step.function}`;
    const excerpt = seen.has(key) ? null : functionText(project, step.file, step.function);
    seen.add(key);
    return excerpt === null ? [] : [{ file: step.file, function: step.function, ...excerpt }];
  });
}

function isWanted({ number, marks }: PathOverview, wanted: SimulateOptions['paths']): boolean {
  if (wanted === 'all') return true;
  return typeof wanted === 'string' ? marks.includes(wanted) : wanted.has(number);
}

/** Characters of source text in one step. */
const TEXT_WIDTH = 100;
const DECISIONS_TOLD = 4;

class Writer {
  readonly #project: Project;
  readonly #exploration: Exploration;
  readonly #figures: SimulateOptions['figures'];

  constructor(project: Project, exploration: Exploration, figures: SimulateOptions['figures']) {
    this.#project = project;
    this.#exploration = exploration;
    this.#figures = figures;
  }

  overview({ path, program, ending, marks, faults }: RankedPath, number: number): PathOverview {
    const taken = path.steps.filter(({ what }) => what === 'true' || what === 'false' || what === 'case');
    const decisions = taken.slice(-DECISIONS_TOLD).map((step) => {
      const text = snippet(this.#project, step.place, 40);
      return step.what === 'false' ? `not ${text}` : text;
    });
    return { number, ending, marks, operations: program.operations.length, faults, decisions };
  }

  path(
    { path, program }: RankedPath,
    about: PathOverview,
    assumptions: readonly Assumption[],
    platforms: readonly Platform[],
  ): SimulatedPath {
    const labels = new Set<string>();
    const plan = planLanes(program, (operation) => this.#label(operation, labels));
    return {
      ...about,
      assumptions,
      guesses: guessesOf(program, this.#exploration, this.#project),
      lanes: plan.lanes,
      steps: this.#steps(path, program, plan),
      runs: platforms.map((platform) => this.#run(program, platform, plan)),
      program,
    };
  }

  #run(program: Program, platform: Platform, plan: LanePlan): SimulatedRun {
    const { run, timeline, startup } = trace(program, platform);
    let slots = 0;
    let iovaPages = 0;
    const held = timeline.map(({ changes }) => {
      slots += (changes.slots ?? 0) + (changes.bouncePages ?? 0);
      iovaPages += (changes.iovaPages ?? 0) + (changes.tceEntries ?? 0);
      return { slots, iovaPages };
    });
    const lanes = laneStates(program, plan, timeline, platform.traits.encrypted);
    return {
      platform: platform.id,
      entries: timeline.map(({ index, address, refused, changes, violations }) => ({
        address,
        refused,
        changes,
        violations: violations
          .filter(({ kind }) => isTold(kind))
          .map((one) => ({
            kind: one.kind,
            message: this.#message(one, program),
            consequence: one.consequence,
          })),
        lanes: lanes[index] ?? [],
        slots: held[index]?.slots ?? 0,
        iovaPages: held[index]?.iovaPages ?? 0,
      })),
      counters: run.counters,
      startup,
      cost: costOf(run.counters, platform.description.costs, this.#figures),
    };
  }

  #steps(path: DmaPath, program: Program, plan: LanePlan): readonly SimulatedStep[] {
    const steps: SimulatedStep[] = [];
    let next = 0;
    const decisions = (index: number): void => {
      for (let step = path.steps[next]; step && step.before <= index; step = path.steps[++next])
        steps.push({
          what: step.what,
          operation: null,
          text: snippet(this.#project, step.place, TEXT_WIDTH),
          ...this.#position(step.place),
          lane: null,
          outcome: null,
        });
    };
    program.operations.forEach((operation, index) => {
      decisions(index);
      const place = this.#exploration.place(operation.site);
      steps.push({
        what: operation.op,
        operation: index,
        text: snippet(this.#project, place, TEXT_WIDTH),
        ...this.#position(place),
        lane: plan.laneOf(operation),
        outcome: 'outcome' in operation ? operation.outcome : null,
      });
    });
    decisions(Number.POSITIVE_INFINITY);
    return steps;
  }

  #position(place: SourcePlace): { file: string; line: number; column: number; function: string } {
    return { file: place.file, ...positionOf(this.#project, place), function: place.function };
  }

  /** The variable that people call a buffer by; with its line where another one is called so as well. */
  #label(operation: Operation, taken: Set<string>): string {
    const name = this.#name(operation);
    const { line } = this.#position(this.#exploration.place(operation.site));
    let label = taken.has(name) ? `${name}, ${line}` : name;
    for (let n = 2; taken.has(label); n++) label = `${name}, ${line} (${n})`;
    taken.add(label);
    return label;
  }

  #name(operation: Operation): string {
    const place = this.#exploration.place(operation.site);
    const call = readCall(sourceText(this.#project, place), this.#project.dialect, this.#project.models);
    if (operation.op === 'declare') return bare(snippet(this.#project, place, 24));
    const roles =
      operation.op === 'map'
        ? (['buffer', 'page', 'sg-table', 'scatterlist'] as const)
        : (['cpu-address-out', 'buffer', 'object'] as const);
    const argument = call && argumentOf(call, [...roles]);
    if (argument) return argument.text.slice(0, 24);
    const before = textBefore(this.#project, place, 80);
    const target = /([\w.>\-[\]]+)\s*=\s*(?:\([^()]*\)\s*)?$/.exec(before)?.[1];
    return (target ?? operation.api).slice(0, 24);
  }

  #message(violation: Violation, { operations, dialect }: Program): string {
    const rule = ruleById(violation.kind);
    if (!rule) return violation.kind;
    return rule.message({
      violation,
      detail: violation.detail,
      dialect,
      apiOf: (index) => operations[index]?.api ?? '',
      textOf: (index) => {
        const operation = operations[index];
        return operation === undefined ? '' : snippet(this.#project, this.#exploration.place(operation.site), 80);
      },
    });
  }
}
