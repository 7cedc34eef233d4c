import { type Operation, PLATFORMS, type Platform } from '@dma-audit/simulator';
import { applyEdits, type Fix, FunctionText, isFixable, proposedFixes } from '../fixes/index.ts';
import { RULES } from '../rules/index.ts';
import { type Budget, type Exploration, sequences } from '../sequence/index.ts';
import type { Diagnostic } from './diagnostic.ts';
import { execute, faultKey, faultOrigin, type RawFinding } from './findings.ts';
import type { Project } from './project.ts';
import { plainName, type Unit, type UnitFunction } from './unit.ts';

/** Functions that are executed again to see whether a fix holds: the changed one, and the nearest of those that call it. */
const MAX_CONCERNED = 10;
/** Their size with all that they call, in characters: what is larger is left out, for somebody waits for the fix. */
const MAX_WEIGHT = 60_000;
/** Proposals that are tried for one fault. */
const MAX_TRIED = 12;

/** What must be known of a diagnostic. */
export type MendableDiagnostic = Pick<Diagnostic, 'rule' | 'function' | 'line' | 'column'>;

const RULE_BY_ID = new Map(RULES.map((rule) => [rule.id as string, rule.id]));

/**
 * The best change of the file that ends the fault of a diagnostic, or null. Each proposal is executed before it is given
 * out: in the changed text the fault is gone, nothing new is found in the function or in those that call it, by any rule, and
 * as much of it is understood as before. `diagnostic` must be of this text. `isStale` is asked between explorations; when it
 * says so, the work is given up: null.
 */
export function mend(
  project: Project,
  unit: Unit,
  diagnostic: MendableDiagnostic,
  budget: Budget,
  isStale: () => boolean = () => false,
): Fix | null {
  const own = unit.functions.get(diagnostic.function);
  if (!own || !isMendable(diagnostic.rule)) return null;
  const ways = waysOf(project, unit, diagnostic, own, budget);
  const [fault] = ways;
  if (!fault) return null;
  const { models, dialect } = project;
  const textOf = (one: UnitFunction): FunctionText =>
    new FunctionText(unit.path, unit.text, project.parse(one), one.item.returnType, dialect, models);
  const code = textOf(own);
  const caller = fault.exploration.file === unit.path ? unit.functions.get(fault.exploration.function) : undefined;
  const explored = caller === own ? code : caller ? textOf(caller) : null;
  const concerned = concernedBy(project, caller && caller !== own ? [own, caller] : [own]);
  const mended = keyOf(project, fault);
  const before = tally(project, concerned, budget);
  for (const fix of proposedFixes({ fault, ways, code, explored }).slice(0, MAX_TRIED)) {
    const changed = project.with(unit.path, applyEdits(unit.text, fix.edits));
    if (changed.unit(unit.path)?.functions.size !== unit.functions.size) continue;
    if (isStale()) return null;
    const after = tally(changed, concerned, budget);
    if (isBetter(before, after, mended)) return fix;
  }
  return null;
}

/** Whether a fault of this rule may have a fix. */
export function isMendable(rule: string): boolean {
  const id = RULE_BY_ID.get(rule);
  return id !== undefined && isFixable(id);
}

/** Functions, and those that call them in turn, the nearest first. */
function concernedBy(project: Project, start: readonly UnitFunction[]): readonly UnitFunction[] {
  const found = new Set(start);
  for (const one of found) {
    for (const caller of project.callers(plainName(one.name), one.file)) found.add(caller);
    if (found.size >= MAX_CONCERNED) break;
  }
  let weight = 0;
  return [...found].slice(0, MAX_CONCERNED).filter((one, i) => {
    const own = project.function(one.name, one.file)?.weight ?? 0;
    if (i >= start.length && weight + own > MAX_WEIGHT) return false;
    weight += own;
    return true;
  });
}

/** Any platform shows whether there is a fault. */
function platformsOf({ dialect }: Project): readonly Platform[] {
  return PLATFORMS.filter(({ dialects }) => dialects.includes(dialect)).slice(0, 1);
}

/** How the fault shows: in the function where it is reported, or in one that calls it. */
function waysOf(
  project: Project,
  unit: Unit,
  diagnostic: MendableDiagnostic,
  own: UnitFunction,
  budget: Budget,
): readonly RawFinding[] {
  const start = unit.lines.offset(diagnostic);
  for (const one of [own, ...project.callers(plainName(own.name), own.file)].slice(0, MAX_CONCERNED)) {
    const findings = explore(project, one, budget)?.findings ?? [];
    const shown = findings.find(
      ({ violation, place }) => violation.kind === diagnostic.rule && place.file === unit.path && place.start === start,
    );
    if (!shown) continue;
    const key = faultKey(shown);
    return [shown, ...findings.filter((other) => other !== shown && faultKey(other) === key)];
  }
  return [];
}

interface Explored {
  readonly exploration: Exploration;
  readonly findings: readonly RawFinding[];
}

function explore(project: Project, { name, file }: UnitFunction, budget: Budget): Explored | null {
  const source = project.function(name, file);
  if (source?.file !== file) return null;
  const atExitBootServices = project.unit(file)?.data.exitBootHandlers.has(name) ?? false;
  const exploration = sequences(project, source, budget, { atExitBootServices });
  return { exploration, findings: execute(exploration, platformsOf(project)) };
}

/** What is found in some functions, what they release, and how well they are understood. */
interface Tally {
  readonly counts: ReadonlyMap<string, number>;
  /** Functions that are not analysed as a whole, and parts that were not understood. */
  readonly gaps: number;
  /** What was made and is released again on some path; what is there still on another one when the function ends. */
  readonly released: ReadonlySet<string>;
  readonly kept: ReadonlySet<string>;
}

function tally(project: Project, functions: readonly UnitFunction[], budget: Budget): Tally {
  const counts = new Map<string, number>();
  const released = new Set<string>();
  const kept = new Set<string>();
  let gaps = 0;
  for (const file of new Set(functions.map((one) => one.file))) {
    const unit = project.unit(file);
    if (!unit) continue;
    const faults = new Map<string, string>();
    for (const one of functions.filter((own) => own.file === file)) {
      const { exploration, findings } = explore(project, one, budget) ?? {};
      gaps += (exploration?.degraded.length ?? 1) + (project.function(one.name, file)?.graph.problems.length ?? 0);
      if (exploration) addEnds(project, exploration, released, kept);
      for (const finding of findings ?? []) {
        const key = faultKey(finding);
        if (!faults.has(key)) faults.set(key, keyOf(project, finding));
      }
    }
    for (const key of faults.values()) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return { counts, gaps, released, kept };
}

/** Which of what the function makes it releases, and keeps, on its ways to an end: by the text of the call. */
function addEnds(project: Project, exploration: Exploration, released: Set<string>, kept: Set<string>): void {
  for (const { program, complete, failing } of exploration.paths) {
    const made = new Map<string, string>();
    for (const operation of program.operations) {
      const [kind, id] = resourceOf(operation);
      const key = `${kind} ${id}`;
      const text = made.get(key);
      if (operation.op === 'map' || operation.op === 'allocate') {
        if (operation.outcome !== 'failed') made.set(key, textOf(project, exploration, operation));
      } else if (text !== undefined && operation.op !== 'lose') {
        made.delete(key);
        if (operation.op !== 'hand-over') released.add(text);
      }
    }
    if (complete) for (const text of made.values()) kept.add(`${text} ${failing}`);
  }
}

/** What an operation makes, ends or gives away. */
function resourceOf(operation: Operation): readonly [kind: string, id: number | null] {
  switch (operation.op) {
    case 'map':
      return ['mapping', operation.mapping];
    case 'allocate':
      return ['buffer', operation.buffer];
    case 'unmap':
    case 'free':
    case 'hand-over':
      return 'id' in operation.target ? [operation.target.to, operation.target.id] : ['', null];
    default:
      return ['', null];
  }
}

function textOf(project: Project, exploration: Exploration, { site }: Operation): string {
  const { file, start, end } = exploration.place(site);
  const text = project.unit(file)?.text.slice(start, end).replace(/\s+/g, ' ');
  return `${exploration.function}: ${text}`;
}

/** The same fault in both texts: its kind, where it is found, and what is written where it comes from. */
function keyOf(project: Project, finding: RawFinding): string {
  const { violation, exploration } = finding;
  const place = faultOrigin(finding);
  const text = place && project.unit(place.file)?.text.slice(place.start, place.start + 60);
  return [violation.kind, exploration.function, place?.function, text?.split('\n')[0]?.trim()].join();
}

function isBetter(before: Tally, after: Tally, mended: string): boolean {
  const isGone = (after.counts.get(mended) ?? 0) < (before.counts.get(mended) ?? 0);
  const hasNew = [...after.counts].some(([one, count]) => count > (before.counts.get(one) ?? 0));
  // What the function cleaned up after itself it still must.
  const keepsMore = [...after.kept].some(
    (one) => !before.kept.has(one) && before.released.has(one.slice(0, one.lastIndexOf(' '))),
  );
  return isGone && !hasNew && !keepsMore && after.gaps <= before.gaps;
}
