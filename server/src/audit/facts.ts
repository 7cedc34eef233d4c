import {
  COSTS,
  type CostFigure,
  type Counters,
  costOf,
  type MappingAddress,
  noCounters,
  type Operation,
  type Outcome,
  type Platform,
  type PlatformCost,
  trace,
} from '@dma-audit/simulator';
import { type Budget, type Exploration, sequences } from '../sequence/index.ts';
import type { Project } from './project.ts';
import { type LaneState, laneStates, planLanes } from './simulate-lanes.ts';
import { type Ending, type RankedPath, rankPaths } from './simulate-rank.ts';
import { type Assumption, assumeSizes } from './simulate-sizes.ts';
import type { Unit } from './unit.ts';

/** What one call of a function does to memory on one platform, and what each operation in its own text adds. Plain data. */
export interface FunctionFacts {
  readonly platform: string;
  readonly encrypted: boolean;
  /** Of the path on which everything works; null when no path has an operation. */
  readonly success: PathFacts | null;
  readonly paths: number;
  readonly degraded: readonly string[];
  readonly places: readonly PlaceFacts[];
}

export interface PathFacts {
  readonly ending: Ending;
  readonly counters: Counters;
  readonly cost: PlatformCost;
  /** Sizes that the code does not tell. */
  readonly assumptions: readonly Assumption[];
}

/** An operation at a place in the function's own text, on the best path that comes there. */
export interface PlaceFacts {
  /** Offsets from the beginning of the function. */
  readonly start: number;
  readonly end: number;
  readonly op: Operation['op'];
  readonly api: string;
  readonly outcome: Outcome | null;
  readonly ending: Ending;
  /** Step of the path, from 1, and how many it has. */
  readonly step: number;
  readonly steps: number;
  /** What the device was given, and why the platform would have refused it. */
  readonly address: MappingAddress | null;
  readonly refused: string | null;
  /** The memory that it is about; null = none is seen. */
  readonly before: LaneState | null;
  readonly after: LaneState | null;
  readonly changes: Readonly<Partial<Counters>>;
  readonly cost: PlatformCost;
  /** By which the time was estimated. */
  readonly figures: readonly CostFigure[];
  /** That it is about; null = nobody knows. */
  readonly bytes: number | null;
  /** The code does not tell the size. */
  readonly isAssumed: boolean;
}

/** The facts of a function of the project; null when there is none of this name. */
export function functionFacts(
  project: Project,
  unit: Unit,
  name: string,
  platform: Platform,
  budget: Budget,
): FunctionFacts | null {
  const source = project.function(name, unit.path);
  const own = unit.functions.get(name);
  if (!source || !own || source.file !== unit.path) return null;
  const entry = { atExitBootServices: unit.data.exitBootHandlers.has(name) };
  return factsOf(sequences(project, source, budget, entry), project, platform, own.item.start);
}

interface SizedPath extends RankedPath {
  readonly assumptions: readonly Assumption[];
}

function factsOf(exploration: Exploration, project: Project, platform: Platform, origin: number): FunctionFacts {
  const sized = exploration.paths
    .filter(({ program }) => program.operations.length > 0)
    .map((path) => ({ path, ...assumeSizes(path.program, exploration, project, new Map()) }));
  const assumptions = new Map(sized.map((one) => [one.path, one.assumptions]));
  const ranked: SizedPath[] = rankPaths(sized, [platform])
    .map((one) => ({ ...one, assumptions: assumptions.get(one.path) ?? [] }))
    .sort((a, b) => Number(isSuccess(b)) - Number(isSuccess(a)));
  const places = new Map<number, PlaceFacts>();
  const isOwn = (site: number): boolean => {
    const place = exploration.place(site);
    return place.function === exploration.function && place.file === exploration.file;
  };
  for (const one of ranked) {
    const isNew = one.program.operations.some(({ site }) => !places.has(site) && isOwn(site));
    if (!isNew) continue;
    for (const facts of placesOn(one, platform, exploration, origin))
      if (!places.has(facts.site) && isOwn(facts.site)) places.set(facts.site, facts.about);
  }
  const [first] = ranked;
  return {
    platform: platform.id,
    encrypted: platform.traits.encrypted,
    success: first ? pathFacts(first, platform) : null,
    paths: ranked.length,
    degraded: exploration.degraded,
    places: [...places.values()],
  };
}

const isSuccess = ({ marks }: RankedPath): boolean => marks.includes('success');

function pathFacts({ program, ending, assumptions }: SizedPath, platform: Platform): PathFacts {
  const { counters } = trace(program, platform, { keep: false }).run;
  return { ending, counters, cost: costOf(counters, platform.description.costs), assumptions };
}

/** Every operation of a path, in order. */
function placesOn(
  { path, program, ending }: SizedPath,
  platform: Platform,
  exploration: Exploration,
  origin: number,
): readonly { readonly site: number; readonly about: PlaceFacts }[] {
  const plan = planLanes(program, () => '');
  const { timeline } = trace(program, platform);
  const lanes = laneStates(program, plan, timeline, platform.traits.encrypted);
  return timeline.flatMap(({ index, address, refused, changes }) => {
    const operation = program.operations[index];
    if (!operation) return [];
    const place = exploration.place(operation.site);
    const lane = plan.laneOf(operation);
    const bytes = bytesOf(operation);
    const cost = costOf({ ...noCounters(), ...changes }, platform.description.costs);
    const about: PlaceFacts = {
      start: place.start - origin,
      end: place.end - origin,
      op: operation.op,
      api: operation.api,
      outcome: 'outcome' in operation ? operation.outcome : null,
      ending,
      step: index + 1,
      steps: program.operations.length,
      address,
      refused,
      before: lane === null ? null : (lanes[index - 1]?.[lane] ?? ABSENT),
      after: lane === null ? null : (lanes[index]?.[lane] ?? null),
      changes,
      cost,
      figures: cost.sources.map((id) => COSTS[id]),
      bytes,
      isAssumed: bytes !== null && bytesOf(path.program.operations[index]) === null,
    };
    return [{ site: operation.site, about }];
  });
}

const ABSENT: LaneState = { owner: 'absent', shared: false, bounced: false };

const bytesOf = (operation: Operation | undefined): number | null =>
  operation && 'size' in operation ? operation.size.bytes : null;
