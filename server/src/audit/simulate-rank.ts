import { type Counters, costOf, type Platform, type Program, run, type Violation } from '@dma-audit/simulator';
import { ruleById } from '../rules/index.ts';
import type { DmaPath } from '../sequence/index.ts';

/** How a path ends: `returns` = the function does not say whether it failed; `stops` = it does not come to a return. */
export type Ending = 'succeeds' | 'fails' | 'returns' | 'stops';

export const endingOf = ({ complete, failing }: DmaPath): Ending =>
  !complete ? 'stops' : failing === null ? 'returns' : failing ? 'fails' : 'succeeds';

/** What a path costs over all platforms; compared part by part, from the first. */
type Work = readonly number[];

/** A result that is not known, of the last call often, may be a success as well as one that is. */
const RANK: Readonly<Record<Ending, number>> = { succeeds: 0, returns: 0, fails: 1, stops: 2 };

export interface RankedPath {
  readonly path: DmaPath;
  readonly program: Program;
  readonly ending: Ending;
  /** Faults on any platform. */
  readonly faults: number;
  /** Part played among the others. */
  readonly marks: readonly ('success' | 'worst')[];
}

/**
 * Puts the path on which everything works first, the most expensive one second, then the others: those that may succeed before
 * those that fail, and the longer ones first. Of paths with the same operations only one is kept.
 */
export function rankPaths(
  paths: readonly { readonly path: DmaPath; readonly program: Program }[],
  platforms: readonly Platform[],
): readonly RankedPath[] {
  const measured = distinct(paths).map(({ path, program }) => ({
    path,
    program,
    ending: endingOf(path),
    ...measure(program, platforms),
  }));
  const success = best(measured, bySuccess);
  const worst = best(measured, (a, b) => compare(b.work, a.work));
  const first = [...new Set([success, worst])].filter((one) => one !== undefined);
  const others = measured.filter((one) => !first.includes(one)).sort(bySuccess);
  return [...first, ...others].map((one) => ({
    path: one.path,
    program: one.program,
    ending: one.ending,
    faults: one.faults,
    marks: [...(one === success ? (['success'] as const) : []), ...(one === worst ? (['worst'] as const) : [])],
  }));
}

/** Paths whose operations are the same, at the same places and with the same outcomes, differ in nothing that is shown. */
function distinct<T extends { readonly path: DmaPath; readonly program: Program }>(paths: readonly T[]): readonly T[] {
  const byShape = new Map<string, T>();
  for (const one of paths) {
    const key = `${endingOf(one.path)} ${unnumbered(one.program)}`;
    if (!byShape.has(key)) byShape.set(key, one);
  }
  return [...byShape.values()];
}

/** A program's operations with what they work on numbered as it comes up: each path has numbers of its own. */
function unnumbered({ operations }: Program): string {
  const numbers = new Map<string, number>();
  return JSON.stringify(operations).replace(
    /("(?:id|buffer|mapping|within)":|\bs)(\d+)\b/g,
    (_, before: string, number: string) => {
      const name = `${before === 's' ? 's' : ''}${number}`;
      const known = numbers.get(name) ?? numbers.size;
      numbers.set(name, known);
      return `${before}${known}`;
    },
  );
}

interface Told {
  readonly ending: Ending;
  readonly program: Program;
}

const bySuccess = (a: Told, b: Told): number =>
  RANK[a.ending] - RANK[b.ending] ||
  compare(shape(b.program), shape(a.program)) ||
  Number(a.ending === 'returns') - Number(b.ending === 'returns');

/** Operations that did what they were meant to: what a success path has most of. */
function shape({ operations }: Program): Work {
  const worked = operations.filter((one) =>
    'outcome' in one ? one.outcome === 'ok' : one.op === 'unmap' || one.op === 'free',
  ).length;
  const unseen = operations.filter(({ op }) => op === 'hand-over').length;
  return [worked, -unseen, operations.length];
}

function measure(program: Program, platforms: readonly Platform[]): { readonly work: Work; readonly faults: number } {
  const faults = new Set<string>();
  let work: Work = [0, 0, 0];
  for (const platform of platforms) {
    const { counters, violations } = run(program, platform);
    for (const { kind, index } of violations) if (isTold(kind)) faults.add(`${kind}@${index}`);
    const { known } = costOf(counters, platform.description.costs);
    work = sum(work, [known.high, events(counters), counters.bytesToBounce + counters.bytesFromBounce]);
  }
  return { work: [...work, program.operations.length], faults: faults.size };
}

/** Rules in the nursery rest in simulations too: too many of what they tell is wrong. */
export const isTold = (kind: Violation['kind']): boolean => ruleById(kind)?.nursery !== true;

const events = ({ conversions, invalidations, hypercalls, cacheMaintenance }: Counters): number =>
  conversions + invalidations + hypercalls + cacheMaintenance;

const sum = (a: Work, b: Work): Work => a.map((value, i) => value + (b[i] ?? 0));

function compare(a: Work, b: Work): number {
  for (const [i, value] of a.entries()) if (value !== b[i]) return value - (b[i] ?? 0);
  return 0;
}

function best<T>(all: readonly T[], order: (a: T, b: T) => number): T | undefined {
  return all.reduce<T | undefined>(
    (least, one) => (least === undefined || order(one, least) < 0 ? one : least),
    undefined,
  );
}
