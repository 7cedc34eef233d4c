import { type Platform, platformsFor } from '@dma-audit/simulator';
import type { Code, FunctionSource } from '../sequence/index.ts';
import { type CheckOptions, distrustsHost, internalError, weighingPlatforms } from './check.ts';
import { checkFunction, type FunctionResult } from './function-check.ts';
import type { Project } from './project.ts';
import { relocated, type Starts, startsOf } from './relocate.ts';
import type { FunctionContent } from './section.ts';
import type { Unit } from './unit.ts';

/** A question that an exploration asked of the code. Its answer holds until the code answers otherwise. */
interface Question {
  readonly ask: Ask;
  readonly answer: unknown;
  /** Keys of the results that rest on the answer. */
  readonly users: Set<string>;
}

/** A result, and where its functions were when it was found. */
interface Entry {
  readonly result: FunctionResult;
  readonly starts: Starts;
  readonly content: FunctionContent | undefined;
}

/**
 * Results of functions, kept over edits. While a function is explored, everything that it asks of the code is written down;
 * the result holds as long as the code gives the same answers. So an edit costs the functions that looked at what it changed.
 */
export class Memo {
  readonly #options: CheckOptions;
  readonly #platforms: readonly Platform[];
  readonly #weighing: readonly Platform[];
  readonly #distrusts: boolean;
  readonly #questions = new Map<string, Question>();
  readonly #results = new Map<string, Entry>();
  /** What was forgotten: better than nothing until the function has been explored again. */
  readonly #stale = new Map<string, Entry>();
  #project: Project;

  constructor(project: Project, options: CheckOptions) {
    this.#project = project;
    this.#options = options;
    this.#platforms = platformsFor(project.dialect, options.platforms);
    this.#weighing = weighingPlatforms(project, options);
    this.#distrusts = distrustsHost(project, options);
  }

  /** From now on the code is this. Forgets the results that rest on what has changed. */
  update(project: Project): void {
    const before = this.#project;
    this.#project = project;
    for (const [key, question] of this.#questions) {
      const { on, of } = question.ask;
      if (on(before) === on(project) || isEqual(of(project), question.answer)) continue;
      this.#questions.delete(key);
      for (const user of question.users) this.#forget(user);
    }
    for (const key of this.#results.keys()) if (!this.#exists(key)) this.#results.delete(key);
    for (const key of this.#stale.keys()) if (!this.#exists(key)) this.#stale.delete(key);
  }

  /** Whether the result is known and holds for the code of now. */
  has(unit: Unit, name: string): boolean {
    return this.#results.has(keyOf(unit, name));
  }

  /** Another object whenever something that the function rests on has changed; null while its result is not known. */
  revision(unit: Unit, name: string): object | null {
    return this.#results.get(keyOf(unit, name)) ?? null;
  }

  /** Whether its own text is another than when it was last explored; false if it never was. */
  isEdited(unit: Unit, name: string): boolean {
    const entry = this.#stale.get(keyOf(unit, name));
    return entry !== undefined && entry.content !== unit.functions.get(name)?.content;
  }

  /** The last result, if there ever was one. */
  last(unit: Unit, name: string): FunctionResult | undefined {
    const key = keyOf(unit, name);
    const entry = this.#results.get(key) ?? this.#stale.get(key);
    return entry && relocated(entry.result, entry.starts, this.#project);
  }

  /**
   * The result of a function of the project, explored if need be. `isStale` is asked often while that lasts; when it says so,
   * the exploration is given up: null.
   */
  explore(unit: Unit, name: string, isStale: () => boolean = () => false): FunctionResult | null {
    const key = keyOf(unit, name);
    const known = this.#results.get(key);
    if (known) return relocated(known.result, known.starts, this.#project);
    const asked = new Map<string, Ask>();
    asked.set(`handler ${key}`, isHandler(name, unit.path));
    const code = new RecordedCode(this.#project, asked, isStale);
    const found = this.#check(code, unit, name);
    if (!found) return null;
    // Without the paths on which nothing is wrong: they are most of what an exploration holds.
    const findings = found.findings.map((finding) => ({
      ...finding,
      exploration: { ...finding.exploration, paths: [], lifecycles: [] },
    }));
    const result: FunctionResult = { ...found, findings };
    for (const [question, ask] of asked) {
      const before = this.#questions.get(question);
      if (before) before.users.add(key);
      else this.#questions.set(question, { ask, answer: ask.of(this.#project), users: new Set([key]) });
    }
    const content = unit.functions.get(name)?.content;
    this.#results.set(key, { result, starts: startsOf(this.#project, result), content });
    this.#stale.delete(key);
    return result;
  }

  #check(code: Code, unit: Unit, name: string): FunctionResult | null {
    try {
      return checkFunction(code, unit, name, this.#options.budget, this.#platforms, this.#weighing, this.#distrusts);
    } catch (error) {
      return error instanceof Stale ? null : internalError(unit, name, error);
    }
  }

  #forget(key: string): void {
    const entry = this.#results.get(key);
    if (!entry) return;
    this.#results.delete(key);
    this.#stale.set(key, entry);
  }

  #exists(key: string): boolean {
    const at = key.lastIndexOf(':');
    return this.#project.unit(key.slice(0, at))?.functions.has(key.slice(at + 1)) ?? false;
  }
}

const keyOf = (unit: Unit, name: string): string => `${unit.path}:${name}`;

class Stale extends Error {}

/** A project that writes down what it is asked. */
class RecordedCode implements Code {
  readonly dialect: Project['dialect'];
  readonly models: Project['models'];
  readonly #project: Project;
  readonly #asked: Map<string, Ask>;
  readonly #isStale: () => boolean;
  readonly #sources = new Map<string, FunctionSource | null>();

  constructor(project: Project, asked: Map<string, Ask>, isStale: () => boolean) {
    this.dialect = project.dialect;
    this.models = project.models;
    this.#project = project;
    this.#asked = asked;
    this.#isStale = isStale;
  }

  releasersIn(file: string): ReadonlyMap<string, 'makers' | 'others'> {
    this.#asked.set(`releasers in ${file}`, releasersIn(file));
    return this.#project.releasersIn(file);
  }

  get checkedFields(): ReadonlySet<string> {
    this.#asked.set('checked fields', CHECKED_FIELDS);
    return this.#project.checkedFields;
  }

  get entryBounds(): ReadonlySet<string> {
    this.#asked.set('entry bounds', ENTRY_BOUNDS);
    return this.#project.entryBounds;
  }

  get testedFields(): ReadonlySet<string> {
    this.#asked.set('tested fields', TESTED_FIELDS);
    return this.#project.testedFields;
  }

  get mappedBeside(): ReadonlyMap<string, string> {
    this.#asked.set('mapped beside', MAPPED_BESIDE);
    return this.#project.mappedBeside;
  }

  function(name: string, file: string): FunctionSource | null {
    if (this.#isStale()) throw new Stale();
    const key = `function ${name} from ${file}`;
    const known = this.#sources.get(key);
    if (known !== undefined) return known;
    this.#asked.set(key, fileOf(name, file));
    const source = this.#project.function(name, file);
    const recorded = source && this.#record(source, key, name);
    this.#sources.set(key, recorded);
    return recorded;
  }

  startsLife(name: string): boolean | null {
    const key = `life of ${name}`;
    if (!this.#asked.has(key)) this.#asked.set(key, startsLife(name));
    return this.#project.startsLife(name);
  }

  counterpartsOf(name: string): readonly FunctionSource[] {
    this.#asked.set(`counterparts of ${name}`, counterpartsOf(name));
    return this.#project.counterpartsOf(name).flatMap((one) => this.function(one.name, one.file) ?? []);
  }

  sequelsOf(name: string): readonly FunctionSource[] {
    this.#asked.set(`sequels of ${name}`, sequelsOf(name));
    return this.#project.sequelsOf(name).flatMap((one) => this.function(one.name, one.file) ?? []);
  }

  releasersOf(field: string): readonly FunctionSource[] {
    const key = `releasers of field ${field}`;
    if (!this.#asked.has(key)) this.#asked.set(key, releasersOf(field));
    return this.#project.releasersOf(field).flatMap((one) => this.function(one.name, one.file) ?? []);
  }

  writersOf(field: string): readonly FunctionSource[] {
    this.#asked.set(`writers of ${field}`, writersOf(field));
    return this.#project.writersOf(field).flatMap((writer) => this.function(writer.name, writer.file) ?? []);
  }

  callersOf(name: string, file: string): readonly FunctionSource[] {
    this.#asked.set(`callers of ${name} in ${file}`, callersOf(name, file));
    return this.#project.callersOf(name, file).flatMap((caller) => this.function(caller.name, caller.file) ?? []);
  }

  isCalledThrough(member: string, name: string): boolean {
    this.#asked.set(`${name} through ${member}`, isCalledThrough(member, name));
    return this.#project.isCalledThrough(member, name);
  }

  constant(name: string, file: string): number | null {
    const key = `constant ${name} in ${file}`;
    if (!this.#asked.has(key)) this.#asked.set(key, constant(name, file));
    return this.#project.constant(name, file);
  }

  isArray(name: string, file: string): boolean {
    const key = `array ${name} in ${file}`;
    if (!this.#asked.has(key)) this.#asked.set(key, isArray(name, file));
    return this.#project.isArray(name, file);
  }

  get exitBootHandlers(): readonly FunctionSource[] {
    this.#asked.set('handlers of ExitBootServices', EXIT_BOOT_HANDLERS);
    return this.#project.exitBootHandlers.flatMap((one) => this.function(one.name, one.file) ?? []);
  }

  containerField(macro: string): string | null {
    const key = `container ${macro}`;
    if (!this.#asked.has(key)) this.#asked.set(key, containerField(macro));
    return this.#project.containerField(macro);
  }

  get sharedFields(): ReadonlySet<string> {
    this.#asked.set('shared fields', SHARED_FIELDS);
    return this.#project.sharedFields;
  }

  get asksForWideAddresses(): boolean {
    this.#asked.set('asks for wide addresses', ASKS_FOR_WIDE_ADDRESSES);
    return this.#project.asksForWideAddresses;
  }

  mappedBy(field: string): readonly string[] {
    const key = `mapped by ${field}`;
    if (!this.#asked.has(key)) this.#asked.set(key, mappedBy(field));
    return this.#project.mappedBy(field);
  }

  arrayField(field: string): 'always' | 'sometimes' | 'never' {
    const key = `array field ${field}`;
    if (!this.#asked.has(key)) this.#asked.set(key, arrayField(field));
    return this.#project.arrayField(field);
  }

  countedBy(macro: string): number | null {
    const key = `counted by ${macro}`;
    if (!this.#asked.has(key)) this.#asked.set(key, countedBy(macro));
    return this.#project.countedBy(macro);
  }

  fieldType(field: string): string | null {
    const key = `type of field ${field}`;
    if (!this.#asked.has(key)) this.#asked.set(key, fieldType(field));
    return this.#project.fieldType(field);
  }

  fieldOf(struct: string, field: string): 'array' | 'aligned-array' | 'other' | null {
    const key = `field ${struct}.${field}`;
    if (!this.#asked.has(key)) this.#asked.set(key, fieldOf(struct, field));
    return this.#project.fieldOf(struct, field);
  }

  /** Each property is a question of its own: who asks only for the weight of a function does not depend on its text. */
  #record(source: FunctionSource, key: string, name: string): FunctionSource {
    return new Proxy(source, {
      get: (target, property: keyof FunctionSource) => {
        this.#asked.set(`${property} of ${key}`, propertyOf(name, source.file, property));
        return target[property];
      },
    });
  }
}

/** A question, and what of the code the answer rests on: while that is the same object, it need not be asked again. */
interface Ask {
  readonly on: (project: Project) => object;
  readonly of: (project: Project) => unknown;
}

// Questions are kept for long: made out here, they hold nothing but what they ask for.
type Of = Ask['of'];
const onCalls = (of: Of): Ask => ({ on: callsOf, of });
const onData = (of: Of): Ask => ({ on: dataOf, of });
const onConstants = (of: Of): Ask => ({ on: constantsOf, of });
/** An edit may change the answer without changing calls or data. */
const onText = (of: Of): Ask => ({ on: textOf, of });

const callsOf = (project: Project): object => project.calls;
const dataOf = (project: Project): object => project.data;
const constantsOf = (project: Project): object => project.constants;
const textOf = (project: Project): object => project;

const releasersIn = (file: string): Ask => onCalls((project) => [...project.releasersIn(file)].join());
const CHECKED_FIELDS = onData((project) => project.checkedFields);
const MAPPED_BESIDE = onData((project) => [...project.mappedBeside].join());
const ENTRY_BOUNDS = onData((project) => project.entryBounds);
const TESTED_FIELDS = onData((project) => project.testedFields);
const EXIT_BOOT_HANDLERS = onData((project) => project.data.exitBootHandlers);
const ASKS_FOR_WIDE_ADDRESSES = onData((project) => project.asksForWideAddresses);
const SHARED_FIELDS = onData((project) => project.sharedFields);
const isHandler = (name: string, file: string): Ask =>
  onData((project) => project.unit(file)?.data.exitBootHandlers.has(name));
const fileOf = (name: string, file: string): Ask => onCalls((project) => project.calls.find(name, file)?.file ?? null);
const startsLife = (name: string): Ask => onText((project) => project.startsLife(name));
const counterpartsOf = (name: string): Ask => onText((project) => namesOf(project.counterpartsOf(name)));
const sequelsOf = (name: string): Ask => onText((project) => namesOf(project.sequelsOf(name)));
const containerField = (macro: string): Ask => onData((project) => project.containerField(macro));
const releasersOf = (field: string): Ask => onCalls((project) => namesOf(project.calls.releasersOf(field)));
const callersOf = (name: string, file: string): Ask => onCalls((project) => namesOf(project.callers(name, file)));
const isCalledThrough = (member: string, name: string): Ask =>
  onCalls((project) => project.isCalledThrough(member, name));
const namesOf = (functions: readonly { readonly name: string; readonly file: string }[]): ReadonlySet<string> =>
  new Set(functions.map(({ name, file }) => `${file}:${name}`));
const writersOf = (field: string): Ask => onText((project) => namesOf(project.writers(field)));
const constant = (name: string, file: string): Ask => onConstants((project) => project.constant(name, file));
const isArray = (name: string, file: string): Ask => onData((project) => project.isArray(name, file));
const countedBy = (macro: string): Ask => onData((project) => project.countedBy(macro));
const arrayField = (field: string): Ask => onData((project) => project.arrayField(field));
const fieldType = (field: string): Ask => onData((project) => project.fieldType(field));
const fieldOf = (struct: string, field: string): Ask => onData((project) => project.fieldOf(struct, field));
const mappedBy = (field: string): Ask => onData((project) => project.mappedBy(field).join());

function propertyOf(name: string, file: string, property: keyof FunctionSource): Ask {
  if (property === 'graph') return onText((project) => project.unit(file)?.functions.get(name)?.content);
  if (property === 'weight') return onText((project) => project.weight(name, file));
  return onCalls((project) => project.function(name, file)?.[property]);
}

function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!(a instanceof Set && b instanceof Set) || a.size !== b.size) return false;
  for (const one of a) if (!b.has(one)) return false;
  return true;
}
