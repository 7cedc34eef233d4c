import { setImmediate } from 'node:timers/promises';
import { platformsFor } from '@dma-audit/simulator';
import { type Directory, readDirectory, type Tools } from '../../server/src/audit/directory.ts';
import { faultKey, operationAt } from '../../server/src/audit/findings.ts';
import { checkFunction } from '../../server/src/audit/function-check.ts';
import { DEFAULT_CHECK, type Project, type Unit } from '../../server/src/audit/index.ts';
import { ruleById } from '../../server/src/rules/index.ts';
import type { Found } from './find.ts';
import { applied, before, type Edit } from './mutant.ts';

/**
 * - `default`: there is a new report of a rule that is on by default, and not doubtful, there or where the function is called;
 *   `all`: only with all rules and what is doubtful.
 * - `unfit`: the mutant is no C any more, or its function was not found again.
 */
export interface Verdict {
  readonly mutant: Found;
  readonly outcome: 'default' | 'all' | 'survived' | 'unfit';
  /** The original has a report about the same mapping or buffer already, doubtful perhaps: of each only the first fault is told. */
  readonly isReported: boolean;
  /** Rules of the new reports; of a survivor none. */
  readonly rules: readonly string[];
  /** Why the function was not analysed to its end. */
  readonly degraded: readonly string[];
}

interface Fault {
  readonly rule: string;
  readonly byDefault: boolean;
}

/** By key, with places as in the original. */
type Faults = ReadonlyMap<string, Fault>;

interface Checked {
  readonly faults: Faults;
  /** Where that was made which the faults are about: `file:offset`. */
  readonly involved: ReadonlySet<string>;
  readonly degraded: readonly string[];
}

/** Callers, and their callers. */
const CALLER_DEPTH = 2;
const MAX_CALLERS = 12;

/** Judges mutants of one directory. */
export class Judge {
  readonly #directory: Directory;
  readonly #tools: Tools;
  readonly #originals = new Map<string, Checked>();

  private constructor(directory: Directory, tools: Tools) {
    this.#directory = directory;
    this.#tools = tools;
  }

  static async of(directory: string, mutants: readonly Found[], tools: Tools): Promise<Judge> {
    const root = mutants[0]?.root ?? directory;
    return new Judge(await readDirectory(directory, { root, dialect: null }, tools), tools);
  }

  async judge(mutant: Found): Promise<Verdict> {
    await setImmediate();
    const { file, edit } = mutant;
    const unfit: Verdict = { mutant, outcome: 'unfit', isReported: false, rules: [], degraded: [] };
    const here = this.#directory.projects.find(({ project }) => project.unit(file));
    const old = here?.project.unit(file);
    if (!here || !old) return unfit;
    const project = here.project.with(file, applied(old.text, edit));
    const unit = project.unit(file);
    const changed = unit?.functions.get(mutant.function);
    if (!unit || !changed || this.#isBroken(changed.content.masked)) return unfit;
    const original = this.#original(here.project, old, mutant.function);
    const { faults, degraded } = check(project, unit, mutant.function, edit);
    const fresh = [...added(original.faults, faults)];
    for (const [name, callerFile] of callers(here.units, mutant.function)) {
      if (fresh.some(({ byDefault }) => byDefault)) break;
      await setImmediate();
      const place = project.unit(callerFile);
      const oldPlace = here.project.unit(callerFile);
      if (!place || !oldPlace) continue;
      const first = this.#original(here.project, oldPlace, name);
      fresh.push(...added(first.faults, check(project, place, name, edit, file).faults));
    }
    const told = fresh.filter(({ byDefault }) => byDefault);
    const outcome = told.length ? 'default' : fresh.length ? 'all' : 'survived';
    const rules = [...new Set((told.length ? told : fresh).map(({ rule }) => rule))];
    return { mutant, outcome, isReported: original.involved.has(`${file}:${mutant.origin}`), rules, degraded };
  }

  #original(project: Project, unit: Unit, name: string): Checked {
    const key = `${unit.path}:${name}`;
    const known = this.#originals.get(key) ?? check(project, unit, name, null);
    this.#originals.set(key, known);
    return known;
  }

  #isBroken(masked: string): boolean {
    return this.#tools.parser.parse(masked, 0).hasError;
  }
}

/** Checks one function. With an edit of `file`, places are told as they were before it. */
function check(project: Project, unit: Unit, name: string, edit: Edit | null, file: string = unit.path): Checked {
  const platforms = platformsFor(project.dialect).slice(0, 1);
  const { findings, report } = checkFunction(project, unit, name, DEFAULT_CHECK.budget, platforms);
  const faults = new Map<string, Fault>();
  const involved = new Set<string>();
  for (const finding of findings) {
    const rule = ruleById(finding.violation.kind);
    if (!rule?.dialects.includes(project.dialect)) continue;
    const key = edit ? unedited(faultKey(finding), file, edit) : faultKey(finding);
    const isOn = !rule.nursery && !rule.nurseryIn.includes(project.dialect) && finding.certain;
    for (const { index } of finding.violation.related) {
      const operation = operationAt(finding, index);
      const place = operation && finding.exploration.place(operation.site);
      if (place) involved.add(`${place.file}:${place.start}`);
    }
    faults.set(key, { rule: rule.id, byDefault: isOn || (faults.get(key)?.byDefault ?? false) });
  }
  return { faults, involved, degraded: report.reasons };
}

function unedited(key: string, file: string, edit: Edit): string {
  return key.replaceAll(/(?<=@)(.+):(\d+)/g, (place, path: string, offset: string) =>
    path === file ? `${path}:${before(edit, Number(offset)) ?? 'edit'}` : place,
  );
}

/** Faults of the mutant that the original does not show, or not by default. */
function added(original: Faults, mutant: Faults): readonly Fault[] {
  return [...mutant].flatMap(([key, fault]) => {
    const known = original.get(key);
    return !known || (fault.byDefault && !known.byDefault) ? [fault] : [];
  });
}

/** Functions that call one of this name, directly first. */
function callers(units: readonly Unit[], name: string): readonly (readonly [string, string])[] {
  const found = new Map<string, readonly [string, string]>();
  let wanted = new Set([name]);
  for (let depth = 0; depth < CALLER_DEPTH && wanted.size; depth++) {
    const next = new Set<string>();
    for (const unit of units)
      for (const one of unit.functions.values()) {
        const key = `${unit.path}:${one.name}`;
        if (one.name === name || found.has(key) || ![...one.calls].some((callee) => wanted.has(callee))) continue;
        found.set(key, [one.name, unit.path]);
        next.add(one.name);
      }
    wanted = next;
  }
  return [...found.values()].slice(0, MAX_CALLERS);
}
