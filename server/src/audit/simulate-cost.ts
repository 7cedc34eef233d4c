import {
  type CostFigure,
  type CostId,
  type Counters,
  costOf,
  type Platform,
  type PlatformCost,
  type Program,
  run,
  subtract,
} from '@dma-audit/simulator';
import { type Budget, type DmaPath, type Exploration, sequences } from '../sequence/index.ts';
import type { Project } from './project.ts';
import { functionHints } from './simulate-hints.ts';
import { isOnce } from './simulate-once.ts';
import { type Ending, rankPaths } from './simulate-rank.ts';
import { assumeSizes, type Sizes } from './simulate-sizes.ts';
import { functionText, positionOf } from './simulate-source.ts';
import type { Unit } from './unit.ts';

/** What one call of a function costs on each platform. */
export interface FunctionCost {
  readonly file: string;
  readonly function: string;
  /** From 1. */
  readonly line: number;
  readonly paths: number;
  readonly degraded: readonly string[];
  /** Sizes that the code does not tell, on the path where everything works. */
  readonly assumed: number;
  readonly success: PathCost;
  /** The most expensive path over all platforms. */
  readonly worst: PathCost;
  /** What each hint at cost would save. */
  readonly savings: readonly HintSaving[];
}

/** What one call saves where a hint is followed; for one in a loop, the turns that are followed. */
export interface HintSaving {
  readonly rule: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Those on which it saves anything. */
  readonly platforms: readonly { readonly id: string; readonly counters: Counters; readonly cost: PlatformCost }[];
}

export interface PathCost {
  readonly ending: Ending;
  readonly platforms: readonly { readonly id: string; readonly counters: Counters; readonly cost: PlatformCost }[];
}

/** Costs of the functions of one file that reach DMA; those in which nothing is ever counted are left out. */
export function unitCosts(
  project: Project,
  unit: Unit,
  platforms: readonly Platform[],
  sizes: Sizes,
  budget: Budget,
  figures: Readonly<Record<CostId, CostFigure>>,
): readonly FunctionCost[] {
  return [...unit.functions.keys()].flatMap((name) => {
    const source = project.isRelevant(name) ? project.function(name, unit.path) : null;
    const own = functionText(project, unit.path, name);
    if (source === null || own === null || source.file !== unit.path) return [];
    const exploration = sequences(project, source, budget, {
      atExitBootServices: unit.data.exitBootHandlers.has(name),
    });
    const sized = exploration.paths
      .filter(({ complete, program }) => complete && program.operations.length > 0)
      .map((path) => ({ path, ...assumeSizes(path.program, exploration, project, sizes) }));
    const ranked = rankPaths(sized, platforms);
    const success = ranked.find(({ marks }) => marks.includes('success'));
    const worst = ranked.find(({ marks }) => marks.includes('worst'));
    if (success === undefined || worst === undefined) return [];
    const costs = { success: pathCost(success, platforms, figures), worst: pathCost(worst, platforms, figures) };
    if (![...costs.success.platforms, ...costs.worst.platforms].some(({ counters }) => isMoved(counters))) return [];
    return [
      {
        file: unit.path,
        function: name,
        line: own.line,
        paths: ranked.length,
        degraded: exploration.degraded,
        assumed: sized.find(({ path }) => path === success.path)?.assumptions.length ?? 0,
        ...costs,
        savings: savingsOf(project, exploration, sized, platforms, figures),
      },
    ];
  });
}

function savingsOf(
  project: Project,
  exploration: Exploration,
  sized: readonly { readonly path: DmaPath; readonly program: Program }[],
  platforms: readonly Platform[],
  figures: Readonly<Record<CostId, CostFigure>>,
): readonly HintSaving[] {
  const executed = sized.map(({ path, program }) => ({ ...path, program }));
  return functionHints(exploration, executed, platforms)
    .filter(({ hint: { violation } }) => !isOnce(project, violation.kind, exploration))
    .map(({ hint, place }) => ({
      rule: hint.violation.kind,
      file: place.file,
      line: positionOf(project, place).line,
      platforms: hint.savings.map(({ platform, now, instead }) => {
        const counters = subtract(now, instead);
        return { id: platform.id, counters, cost: costOf(counters, platform.description.costs, figures) };
      }),
    }));
}

function pathCost(
  { program, ending }: { readonly program: Program; readonly ending: Ending },
  platforms: readonly Platform[],
  figures: Readonly<Record<CostId, CostFigure>>,
): PathCost {
  return {
    ending,
    platforms: platforms.map((platform) => {
      const { counters } = run(program, platform);
      return { id: platform.id, counters, cost: costOf(counters, platform.description.costs, figures) };
    }),
  };
}

const isMoved = (counters: Counters): boolean => Object.values(counters).some((value) => value !== 0);
