import { type Hint, hints, type Platform } from '@dma-audit/simulator';
import { platformSaving, savingWords } from '../rules/index.ts';
import type { DmaPath, Exploration, SourcePlace } from '../sequence/index.ts';
import type { RawFinding } from './findings.ts';

/** A hint, with the path that it is about and the place where it is told. */
export interface PlacedHint {
  readonly hint: Hint;
  readonly path: DmaPath;
  readonly place: SourcePlace;
}

/** What could cost less in a function, as findings. */
export const hintFindings = (exploration: Exploration, platforms: readonly Platform[]): readonly RawFinding[] =>
  functionHints(exploration, exploration.paths, platforms).map((one) => findingOf(one, exploration, platforms));

/**
 * What could cost less in a function: its paths that work, rewritten and executed again. One hint for each rule and place.
 * `executed`: the paths as they are to be executed, with sizes assumed or not.
 */
export function functionHints(
  exploration: Exploration,
  executed: readonly DmaPath[],
  platforms: readonly Platform[],
): readonly PlacedHint[] {
  if (platforms.length === 0) return [];
  const found = new Map<string, PlacedHint>();
  const working = executed.filter(({ complete, failing }) => complete && failing !== true);
  const kept = keptSites(working);
  const isWide = triesWideMask(executed);
  for (const path of working) {
    for (const hint of hints(path.program, platforms)) {
      const operation = path.program.operations[hint.violation.index];
      if (operation === undefined || (isWide && operation.op === 'set-mask')) continue;
      if (isCalleesOwn(hint, path, exploration) || isKept(hint, path, kept) || !repeats(hint, path, exploration))
        continue;
      const key = `${hint.violation.kind}@${operation.site}`;
      if (!found.has(key)) found.set(key, { hint, path, place: exploration.place(operation.site) });
    }
  }
  return [...found.values()];
}

/** Places at which some path allocates what it does not free: where another one frees it, that is a way out of a failure. */
function keptSites(paths: readonly DmaPath[]): ReadonlySet<number> {
  const kept = new Set<number>();
  for (const { program } of paths) {
    const freed = new Set<number>();
    for (const one of program.operations.toReversed()) {
      if (one.op === 'free' && one.target.to === 'buffer') freed.add(one.target.id);
      else if (one.op === 'allocate' && one.outcome === 'ok' && !freed.has(one.buffer)) kept.add(one.site);
    }
  }
  return kept;
}

function isKept({ violation: { kind, index } }: Hint, { program }: DmaPath, kept: ReadonlySet<number>): boolean {
  const site = program.operations[index]?.site;
  return kind === 'conversion-churn' && site !== undefined && kept.has(site);
}

/** On some path a mask of more than 32 bits is set: the narrow one is for machines, or devices, that need it. */
const triesWideMask = (paths: readonly DmaPath[]): boolean =>
  paths.some(({ program }) =>
    program.operations.some((one) => one.op === 'set-mask' && one.mode !== 'common' && one.bits > 32),
  );

/** Several calls of one function are no loop. */
function repeats({ violation: { kind, index } }: Hint, { program }: DmaPath, exploration: Exploration): boolean {
  const operation = program.operations[index];
  return kind !== 'map-in-loop' || (operation?.op === 'map' && exploration.isInLoop(operation.mapping));
}

/**
 * All of it lies in one function that is entered: that may have failed and cleaned up, and is looked at by itself. Or in several
 * of a Linux driver, where most such pairs are ways out of a failure.
 */
function isCalleesOwn({ violation: { index, related } }: Hint, path: DmaPath, exploration: Exploration): boolean {
  const functions = new Set(
    [index, ...related.map((one) => one.index)].flatMap((i) => {
      const site = path.program.operations[i]?.site;
      const place = site === undefined ? undefined : exploration.place(site);
      return place === undefined ? [] : [`${place.file}:${place.function}`];
    }),
  );
  if (functions.has(`${exploration.file}:${exploration.function}`)) return false;
  return functions.size === 1 || path.program.dialect === 'linux';
}

function findingOf(
  { hint: { violation, savings }, path, place }: PlacedHint,
  exploration: Exploration,
  platforms: readonly Platform[],
): RawFinding {
  const saving = savings[0] === undefined ? '' : savingWords(savings[0]);
  return {
    violation: { ...violation, detail: { ...violation.detail, saving } },
    path,
    exploration,
    breaks: savings.map((one) => ({ platform: one.platform.id, consequence: platformSaving(one) })),
    works: platforms.filter((one) => savings.every(({ platform }) => platform !== one)).map(({ id }) => id),
    place,
    // By the counters of what was executed: nothing was guessed.
    certain: true,
  };
}
