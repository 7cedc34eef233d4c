import type { Dialect, Models } from '../models/index.ts';
import type { Code, FunctionSource } from '../sequence/index.ts';
import type { Parser, SyntaxNode } from '../syntax/index.ts';
import { CallGraph, type CallNode } from './call-graph.ts';
import { rolesOf } from './roles.ts';
import { type ArrayKind, combine } from './section.ts';
import { plainName, type Unit, type UnitFunction } from './unit.ts';
import { weights } from './weights.ts';

/** In characters. */
const WEIGHT_STEP = 512;

const NOTHING: ReadonlySet<string> = new Set();

/** Files that are looked at together: one file, or the files of a driver's directory. */
export class Project implements Code {
  readonly dialect: Dialect;
  readonly models: Models;
  readonly checkedFields: ReadonlySet<string>;
  readonly handlesExitBootServices: boolean;
  private readonly mappedFields = new Map<string, readonly string[]>();
  readonly testedFields: ReadonlySet<string>;
  readonly mappedBeside: ReadonlyMap<string, string>;
  readonly alignedFields: ReadonlySet<string>;
  private readonly arrayFields = new Map<string, ArrayKind>();
  private readonly units: ReadonlyMap<string, Unit>;
  private readonly parser: Parser;
  private readonly calls: CallGraph;
  private releasedFields: ReadonlySet<string> | null = null;
  private releasersByFamily: ReadonlyMap<string, 'makers' | 'others'> | null = null;
  private weights: ReadonlyMap<CallNode, number> | null = null;
  private readonly sources = new Map<CallNode, FunctionSource>();

  /** `before`: the same files before an edit. */
  constructor(units: readonly Unit[], models: Models, parser: Parser, before?: Project) {
    this.models = models;
    this.parser = parser;
    this.dialect = units[0]?.dialect ?? 'linux';
    this.units = new Map(units.map((u) => [u.path, u]));
    this.calls = CallGraph.of(units, before?.calls);
    const checked = new Set<string>();
    const tested = new Set<string>();
    const mapped = new Map<string, string>();
    const aligned = new Set<string>();
    for (const unit of units) {
      for (const field of unit.checkedFields) checked.add(field);
      for (const { token, memory } of unit.mappedFields) {
        const known = this.mappedFields.get(token) ?? [];
        if (!known.includes(memory)) this.mappedFields.set(token, [...known, memory]);
      }
      for (const field of unit.alignedFields) aligned.add(field);
      for (const field of unit.testedFields) tested.add(field);
      for (const [handle, memory] of unit.mappedBeside) mapped.set(handle, memory);
      for (const [field, isArray] of unit.fields)
        this.arrayFields.set(field, combine(this.arrayFields.get(field), isArray));
    }
    this.checkedFields = checked;
    this.testedFields = tested;
    this.mappedBeside = mapped;
    this.alignedFields = aligned;
    this.handlesExitBootServices = units.some(({ exitBootHandlers }) => exitBootHandlers.size > 0);
  }

  /** The same files but for one, in which somebody has changed something. */
  with(unit: Unit): Project {
    const units = [...this.units.values()].map((one) => (one.path === unit.path ? unit : one));
    return new Project(units, this.models, this.parser, this);
  }

  /** The tree of one of its functions. */
  parse({ content, item }: UnitFunction): SyntaxNode {
    return this.parser.parse(content.masked, item.start);
  }

  /** Functions that call one of this name and reach a DMA API. */
  callers(name: string): readonly UnitFunction[] {
    const plain = plainName(name);
    return [...this.units.values()].flatMap((unit) =>
      [...unit.functions.values()].filter((one) => one.calls.has(plain) && this.isRelevant(one.name)),
    );
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
      weight: () => roundedWeight(this.weightOf(node)),
      assigns: () => this.calls.assignsOf(node),
      releases: () => this.calls.releasesOf(node, this.models),
      releasedFields: () => this.releasedFieldsOf(node),
    });
    this.sources.set(node, source);
    return source;
  }

  startsLife(name: string): boolean {
    const roles = rolesOf(this, name);
    return roles.length > 0 && roles.every((role) => role === 'probe' || role === 'open' || role === 'binding-start');
  }

  get releasers(): ReadonlyMap<string, 'makers' | 'others'> {
    this.releasersByFamily ??= this.calls.releasers(this.models);
    return this.releasersByFamily;
  }

  releasesField(field: string): boolean {
    this.releasedFields ??= new Set(this.calls.relevantNodes.flatMap((node) => [...this.fieldsIn(node)]));
    return this.releasedFields.has(field);
  }

  callersOf(name: string, file: string): readonly FunctionSource[] {
    const node = this.calls.find(name, file);
    if (node?.file !== file) return [];
    return this.calls.callersOf(node).flatMap((caller) => this.function(caller.name, caller.file) ?? []);
  }

  private releasedFieldsOf(node: CallNode): ReadonlySet<string> {
    const fields = new Set<string>();
    for (const one of this.calls.releasingBelow(node, this.models))
      for (const field of this.fieldsIn(one)) fields.add(field);
    return fields;
  }

  /** Field names in the text of a function that may release something. */
  private fieldsIn(node: CallNode): ReadonlySet<string> {
    if (!this.calls.releasesOf(node, this.models).size) return NOTHING;
    return this.units.get(node.file)?.functions.get(node.name)?.content.fields ?? NOTHING;
  }

  isArray(name: string, file: string): boolean {
    return this.units.get(file)?.arrays.has(name) ?? false;
  }

  mappedBy(field: string): readonly string[] {
    return this.mappedFields.get(field) ?? [];
  }

  arrayField(field: string): ArrayKind {
    return this.arrayFields.get(field) ?? 'never';
  }

  private weightOf(node: CallNode): number {
    this.weights ??= weights(
      this.calls.relevantNodes,
      (one) => this.lengthOf(one),
      (caller) => this.calls.relevantCallees(caller),
    );
    return this.weights.get(node) ?? this.lengthOf(node);
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

/** In steps, so that a keystroke seldom changes what is entered. */
const roundedWeight = (weight: number): number => Math.round(weight / WEIGHT_STEP) * WEIGHT_STEP;
