import type { Dialect, Models } from '../models/index.ts';
import type { Code, FunctionSource } from '../sequence/index.ts';
import type { Parser, SyntaxNode } from '../syntax/index.ts';
import { CallGraph, type CallNode } from './call-graph.ts';
import { Constants } from './constants.ts';
import { type ArrayKind, DataFacts, type FieldKind } from './data-facts.ts';
import { Macros } from './macros.ts';
import { counterpartsOf, rolesOf, sequelsOf } from './roles.ts';
import { Unit, type UnitFunction } from './unit.ts';
import { weights } from './weights.ts';

/** In characters. */
const WEIGHT_STEP = 512;

/** Files that are looked at together: one file, or the files of a driver's directory. */
export class Project implements Code {
  readonly dialect: Dialect;
  readonly models: Models;
  /** Who calls whom; the same object as long as nothing of it changes. */
  readonly calls: CallGraph;
  /** What the texts tell; the same object as long as nothing of it changes. */
  readonly data: DataFacts;
  /** The same object as long as nothing of it changes. */
  readonly constants: Constants;
  private readonly macros: Macros;
  private readonly units: ReadonlyMap<string, Unit>;
  private readonly parser: Parser;
  private weights: ReadonlyMap<CallNode, number> | null = null;
  private readonly sources = new Map<CallNode, FunctionSource>();

  /** `before`: the same files before an edit. `macros`: those of the files around them too. */
  constructor(
    units: readonly Unit[],
    models: Models,
    parser: Parser,
    before?: Project,
    macros = new Macros(units.map(({ path, text }) => ({ name: path, text }))),
  ) {
    this.models = models;
    this.parser = parser;
    this.macros = macros;
    this.dialect = units[0]?.dialect ?? 'linux';
    this.units = new Map(units.map((u) => [u.path, u]));
    this.calls = CallGraph.of(units, models, before?.calls);
    this.data = before?.tellsTheSame(units) ? before.data : new DataFacts(units.flatMap(({ facts }) => facts));
    this.constants = Constants.of(macros, this.data, models, this.dialect, before?.constants);
  }

  private tellsTheSame(units: readonly Unit[]): boolean {
    return this.units.size === units.length && units.every((unit) => this.units.get(unit.path)?.data === unit.data);
  }

  /** The same files but for one, in which somebody has changed something. */
  with(path: string, text: string): Project {
    const macros = this.macros.with({ name: path, text });
    const units = [...this.units.values()].map((one) =>
      one.path === path ? new Unit(path, text, this.models, this.dialect, one, macros) : one,
    );
    return new Project(units, this.models, this.parser, this, macros);
  }

  /** The tree of one of its functions. */
  parse({ content, item }: UnitFunction): SyntaxNode {
    return this.parser.parse(content.masked, item.start);
  }

  /** Functions that call this one; of several definitions of a name in one file, the one that the name means is called. */
  callers(name: string, file: string): readonly UnitFunction[] {
    const node = this.calls.find(name, file);
    if (node?.file !== file) return [];
    return this.calls.callersOf(node).flatMap((one) => this.units.get(one.file)?.functions.get(one.name) ?? []);
  }

  unit(path: string): Unit | undefined {
    return this.units.get(path);
  }

  /** Can a DMA API be reached from a function of this name? */
  isRelevant(name: string): boolean {
    return this.calls.relevant.has(name);
  }

  get all(): Iterable<Unit> {
    return this.units.values();
  }

  function(name: string, file: string): FunctionSource | null {
    const node = this.calls.find(name, file);
    if (!node) return null;
    const known = this.sources.get(node);
    if (known) return known;
    const unit = this.units.get(node.file);
    const found = unit?.functions.get(name);
    if (!unit || !found) return null;
    const source = lazySource(node, this.isRelevant(name), {
      graph: () => unit.graph(found, this.parser),
      weight: () => this.roundedWeight(node),
      assigns: () => this.calls.assignsOf(node),
      releases: () => this.calls.releasesOf(node),
      releasedFields: () => this.calls.releasedFieldsOf(node),
    });
    this.sources.set(node, source);
    return source;
  }

  startsLife(name: string): boolean | null {
    const roles = rolesOf(this, name);
    if (!roles.length) return null;
    return roles.every((role) => role === 'probe' || role === 'open' || role === 'binding-start');
  }

  counterpartsOf(name: string): readonly FunctionSource[] {
    return counterpartsOf(this, name);
  }

  sequelsOf(name: string): readonly FunctionSource[] {
    return sequelsOf(this, name);
  }

  releasersIn(file: string): ReadonlyMap<string, 'makers' | 'others'> {
    return this.calls.releasersIn(file);
  }

  get checkedFields(): ReadonlySet<string> {
    return this.data.checkedFields;
  }

  get testedFields(): ReadonlySet<string> {
    return this.data.testedFields;
  }

  get entryBounds(): ReadonlySet<string> {
    return this.data.entryBounds;
  }

  get mappedBeside(): ReadonlyMap<string, string> {
    return this.data.mappedBeside;
  }

  get exitBootHandlers(): readonly FunctionSource[] {
    if (!this.data.exitBootHandlers.size) return [];
    return [...this.units.values()].flatMap(({ path, data }) =>
      [...data.exitBootHandlers].flatMap((name) => this.function(name, path) ?? []),
    );
  }

  containerField(macro: string): string | null {
    return this.data.containers.get(macro) ?? null;
  }

  releasersOf(field: string): readonly FunctionSource[] {
    return this.calls.releasersOf(field).flatMap(({ name, file }) => this.function(name, file) ?? []);
  }

  get sharedFields(): ReadonlySet<string> {
    return this.data.sharedFields;
  }

  get asksForWideAddresses(): boolean {
    return this.data.wideAttributes.size > 0;
  }

  /** Functions that put something into a field of this name, or hand out its address. */
  writers(field: string): readonly UnitFunction[] {
    const address = new RegExp(`&[\\w\\s()>.[\\]-]*(?:->|\\.)\\s*${field}\\b`);
    return [...this.units.values()].flatMap((unit) =>
      [...unit.functions.values()].filter(
        ({ content }) => content.assigns.has(field) || (content.fields.has(field) && address.test(content.masked)),
      ),
    );
  }

  writersOf(field: string): readonly FunctionSource[] {
    return this.writers(field).flatMap(({ name, file }) => this.function(name, file) ?? []);
  }

  callersOf(name: string, file: string): readonly FunctionSource[] {
    return this.callers(name, file).flatMap((caller) => this.function(caller.name, caller.file) ?? []);
  }

  isCalledThrough(member: string, name: string): boolean {
    return this.calls.through(member).includes(name);
  }

  constant(name: string, file: string): number | null {
    return this.constants.find(name, file);
  }

  isArray(name: string, file: string): boolean {
    return this.units.get(file)?.data.arrays.has(name) ?? false;
  }

  mappedBy(field: string): readonly string[] {
    return this.data.mappedFields.get(field) ?? [];
  }

  countedBy(macro: string): number | null {
    return this.data.countingMacros.get(macro) ?? null;
  }

  arrayField(field: string): ArrayKind {
    return this.data.fields.get(field) ?? 'never';
  }

  fieldType(field: string): string | null {
    return this.data.fieldTypes.get(field) ?? null;
  }

  fieldOf(struct: string, field: string): FieldKind | null {
    const known = this.data.fieldsOf.get(`${struct}.${field}`);
    if (!known) return null;
    const type = /(\w+)$/.exec(known.type)?.[1] ?? '';
    return known.kind === 'array' && this.data.alignedTypes.has(type) ? 'aligned-array' : known.kind;
  }

  /** Of a function and what it calls in turn; null when there is none. */
  weight(name: string, file: string): number | null {
    const node = this.calls.find(name, file);
    return node ? this.roundedWeight(node) : null;
  }

  /** In steps, so that a keystroke seldom changes what is entered. */
  private roundedWeight(node: CallNode): number {
    this.weights ??= weights(
      this.calls.relevantNodes,
      (one) => this.lengthOf(one),
      (caller) => this.calls.relevantCallees(caller),
    );
    return Math.round((this.weights.get(node) ?? this.lengthOf(node)) / WEIGHT_STEP) * WEIGHT_STEP;
  }

  private lengthOf({ name, file }: CallNode): number {
    return this.units.get(file)?.functions.get(name)?.content.text.length ?? 0;
  }
}

type Lazy = 'graph' | 'weight' | 'assigns' | 'releases' | 'releasedFields';

/** Most of what may be asked of a function never is. */
function lazySource(
  { name, file }: CallNode,
  relevant: boolean,
  make: { readonly [K in Lazy]: () => FunctionSource[K] },
): FunctionSource {
  const known: { -readonly [K in Lazy]?: FunctionSource[K] } = {};
  return {
    name,
    file,
    relevant,
    get graph() {
      return (known.graph ??= make.graph());
    },
    get weight() {
      return (known.weight ??= make.weight());
    },
    get assigns() {
      return (known.assigns ??= make.assigns());
    },
    get releases() {
      return (known.releases ??= make.releases());
    },
    get releasedFields() {
      return (known.releasedFields ??= make.releasedFields());
    },
  };
}
