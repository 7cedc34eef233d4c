import { COSTS, PLATFORMS, type Platform } from '@dma-audit/simulator';
import {
  COST_BUDGET,
  calleeAt,
  type FunctionFacts,
  functionFacts,
  GivenUp,
  interruptible,
  type LiveUnit,
  mend,
  type PlaceFacts,
  readCall,
  simulate,
  simulationBudget,
  unitCosts,
} from '../audit/index.ts';
import type { Fix } from '../fixes/index.ts';
import type { Budget } from '../sequence/index.ts';
import type { Answers, CallQuery, CostQuery, FactsQuery, FixQuery, Query, SimulationQuery } from './messages.ts';

/** Answers questions about open files. What was found out of a function is kept until something that it rests on changes. */
export class Answerer {
  readonly #facts = new WeakMap<object, Map<string, FunctionFacts>>();
  /** By project: asked for again and again while the text stays the same. */
  readonly #fixes = new WeakMap<object, Map<string, Fix | null>>();

  /** `isStale` is asked often; when it says so, the work is given up: null. */
  answer(query: Query, live: LiveUnit, budget: Budget, isStale: () => boolean): Answers[Query['ask']] | null {
    try {
      return this.#answer(query, live, budget, isStale);
    } catch (error) {
      if (error instanceof GivenUp) return null;
      throw error;
    }
  }

  #answer(query: Query, live: LiveUnit, budget: Budget, isStale: () => boolean): Answers[Query['ask']] | null {
    const watched = { ...live, project: interruptible(live.project, isStale) };
    switch (query.ask) {
      case 'simulation':
        return simulationOf(query, watched);
      case 'cost':
        return costsOf(query, watched);
      case 'facts':
        return this.#factsOf(query, watched, budget);
      case 'call':
        return this.#callOf(query, watched, budget);
      case 'fix':
        return this.#fixOf(query, live, budget, isStale);
    }
  }

  #factsOf(query: FactsQuery, live: LiveUnit, budget: Budget): FunctionFacts | null {
    const { project, unit, memo } = live;
    const [platform] = platformsOf([query.platform], live);
    if (!platform) return null;
    const revision = memo.revision(unit, query.function);
    const known = revision && this.#facts.get(revision)?.get(platform.id);
    if (known) return known;
    const facts = functionFacts(project, unit, query.function, platform, budget);
    if (!facts || !revision) return facts;
    const kept = this.#facts.get(revision) ?? new Map<string, FunctionFacts>();
    this.#facts.set(revision, kept.set(platform.id, facts));
    return facts;
  }

  #fixOf({ path, diagnostic }: FixQuery, live: LiveUnit, budget: Budget, isStale: () => boolean): Fix | null {
    const { project, unit } = live;
    const key = JSON.stringify([path, diagnostic]);
    const fixes = this.#fixes.get(project) ?? new Map<string, Fix | null>();
    this.#fixes.set(project, fixes);
    const known = fixes.get(key);
    if (known !== undefined) return known;
    const fix = mend(project, unit, diagnostic, budget, isStale);
    if (fix || !isStale()) fixes.set(key, fix);
    return fix;
  }

  #callOf(query: CallQuery, live: LiveUnit, budget: Budget): Answers['call'] | null {
    const { project, unit } = live;
    const { offset, path, platform } = query;
    const around = [...unit.functions.values()].find(({ item }) => item.start <= offset && offset < item.end);
    if (!around) return null;
    const origin = around.item.start;
    const range = calleeAt(unit.text, origin, offset);
    const call = range && readCall(unit.text.slice(range.start, around.item.end), unit.dialect, project.models);
    if (!range || !call?.model) return null;
    const facts = project.isRelevant(around.name)
      ? this.#factsOf({ ask: 'facts', path, function: around.name, platform }, live, budget)
      : null;
    return {
      ...range,
      callee: call.callee,
      model: call.model,
      place: facts ? placeOf(facts, range.start - origin, call.callee) : null,
      degraded: facts?.degraded ?? [],
    };
  }
}

/** The operation that the callee at `start` stands for: its own place, or the smallest around it that names it. */
function placeOf({ places }: FunctionFacts, start: number, callee: string): PlaceFacts | null {
  const last = (name: string): string => /\w*$/.exec(name)?.[0] ?? '';
  const around = places.filter(
    (one) => one.start <= start && start < one.end && (one.start === start || last(one.api) === last(callee)),
  );
  return around.sort((a, b) => a.end - a.start - (b.end - b.start))[0] ?? null;
}

function simulationOf(query: SimulationQuery, live: LiveUnit): Answers['simulation'] | null {
  const platforms = platformsOf(query.platforms, live);
  const { project, unit } = live;
  const budget = simulationBudget();
  const options = { platforms, sizes: new Map(), paths: query.paths, budget, figures: COSTS };
  return simulate(project, unit.path, query.function, options);
}

const costsOf = (query: CostQuery, live: LiveUnit): Answers['cost'] =>
  unitCosts(live.project, live.unit, platformsOf(query.platforms, live), new Map(), COST_BUDGET, COSTS);

/** In the order in which they are asked for, without those that do not run code of the dialect. */
function platformsOf(ids: readonly string[], { unit }: LiveUnit): readonly Platform[] {
  return ids.flatMap(
    (id) => PLATFORMS.find((platform) => platform.id === id && platform.dialects.includes(unit.dialect)) ?? [],
  );
}
