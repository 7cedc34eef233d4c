import { isRelease, type Models, releasableAs } from '../models/index.ts';
import type { Tables, Unit, UnitFunction } from './unit.ts';

/** A function as one that calls and is called, wherever it is in its file. */
export type CallNode = Pick<UnitFunction, 'name' | 'file' | 'calls' | 'content'>;

const NOTHING: ReadonlySet<string> = new Set();

/** Functions that are looked into for what a function may do in turn. */
const MAX_SEEN = 200;

/** Who calls whom in some files, and what follows from that. Most edits change nothing of it. */
export class CallGraph {
  readonly #nodes: readonly CallNode[];
  readonly #tables: readonly Tables[];
  readonly #models: Models;
  readonly #byName = new Map<string, CallNode[]>();
  /** Names of functions from which a DMA API can be reached. */
  readonly relevant: ReadonlySet<string>;
  #relevantNodes: readonly CallNode[] | null = null;
  #callers: ReadonlyMap<CallNode, readonly CallNode[]> | null = null;
  readonly #through = new Map<string, readonly string[]>();
  readonly #callees = new Map<CallNode, readonly CallNode[]>();
  readonly #assigns = new Map<CallNode, ReadonlySet<string>>();
  readonly #releases = new Map<CallNode, ReadonlySet<string>>();
  readonly #releasedFields = new Map<CallNode, ReadonlySet<string>>();
  #fieldReleasers: ReadonlyMap<string, readonly CallNode[]> | null = null;
  #links: Links | null = null;
  readonly #releasers = new Map<string, ReadonlyMap<string, 'makers' | 'others'>>();

  private constructor(nodes: readonly CallNode[], tables: readonly Tables[], models: Models) {
    this.#nodes = nodes;
    this.#tables = tables;
    this.#models = models;
    for (const node of nodes) {
      const others = this.#byName.get(node.name);
      if (others) others.push(node);
      else this.#byName.set(node.name, [node]);
    }
    this.relevant = this.#reaching();
  }

  /** `before` itself, if nothing has changed. */
  static of(units: readonly Unit[], models: Models, before?: CallGraph): CallGraph {
    const functions = units.flatMap((unit) => [...unit.functions.values()]);
    const tables = units.map((unit) => unit.ownTables);
    return before?.consistsOf(functions, tables, models) ? before : new CallGraph(functions, tables, models);
  }

  private consistsOf(functions: readonly CallNode[], tables: readonly Tables[], models: Models): boolean {
    return (
      models === this.#models &&
      functions.length === this.#nodes.length &&
      functions.every((one, i) => this.#isSame(one, this.#nodes[i])) &&
      tables.length === this.#tables.length &&
      tables.every((one, i) => isSameTables(one, this.#tables[i]))
    );
  }

  /** Whether two versions of a function are the same to all that is asked of a call graph. */
  #isSame(a: CallNode, b: CallNode | undefined): boolean {
    if (a.name !== b?.name || a.file !== b.file) return false;
    if (a.content === b.content) return true;
    const called = ({ calls }: CallNode): ReadonlySet<string> =>
      new Set([...calls].filter((name) => this.#isMeant(name)));
    return (
      a.content.item.isStatic === b.content.item.isStatic &&
      a.content.touchesApi === b.content.touchesApi &&
      isEqualSet(called(a), called(b)) &&
      isEqualSet(a.content.assigns, b.content.assigns) &&
      isEqualSet(a.content.fields, b.content.fields)
    );
  }

  /** Other names that are called are nothing to it. */
  #isMeant(callee: string): boolean {
    return (
      this.#meantBy(callee).length > 0 ||
      releasedFamilies(this.#models).has(callee) ||
      acquiredFamilies(this.#models).has(callee)
    );
  }

  get relevantNodes(): readonly CallNode[] {
    this.#relevantNodes ??= this.#nodes.filter(({ name }) => this.relevant.has(name));
    return this.#relevantNodes;
  }

  /** The definition of `name` as seen from `file`. */
  find(name: string, file: string): CallNode | undefined {
    const candidates = this.#byName.get(name);
    return candidates?.find((f) => f.file === file) ?? (candidates?.length === 1 ? candidates[0] : undefined);
  }

  /** Functions that may be meant when the member of a table is called, by name. */
  through(member: string): readonly string[] {
    const known = this.#through.get(member);
    if (known) return known;
    const names = new Set(this.#tables.flatMap((table) => [...(table.get(member) ?? [])]));
    const found = [...names].filter((name) => this.#byName.has(name));
    this.#through.set(member, found);
    return found;
  }

  /** Names of the functions that a call by this name may mean: its own, or those in tables that have such a member. */
  #meantBy(callee: string): readonly string[] {
    return this.#byName.has(callee) ? [callee] : this.through(callee);
  }

  callersOf(node: CallNode): readonly CallNode[] {
    this.#callers ??= this.#allCallers();
    return this.#callers.get(node) ?? [];
  }

  #allCallers(): ReadonlyMap<CallNode, readonly CallNode[]> {
    const callers = new Map<CallNode, CallNode[]>();
    const add = (callee: string, caller: CallNode): void => {
      const target = this.find(callee, caller.file);
      if (!target || target === caller) return;
      const known = callers.get(target);
      if (!known) callers.set(target, [caller]);
      else if (known.at(-1) !== caller) known.push(caller);
    };
    for (const caller of this.#nodes)
      for (const callee of caller.calls) for (const name of this.#meantBy(callee)) add(name, caller);
    return callers;
  }

  relevantCallees(node: CallNode): readonly CallNode[] {
    return remembered(this.#callees, node, () =>
      [...node.calls].flatMap((callee) => {
        const target = this.relevant.has(callee) ? this.find(callee, node.file) : undefined;
        return target && target !== node ? [target] : [];
      }),
    );
  }

  /** Names of fields that it, or what it calls in turn, may assign. */
  assignsOf(start: CallNode): ReadonlySet<string> {
    return remembered(this.#assigns, start, () => {
      const all = new Set<string>();
      for (const { content } of this.#below(start, () => true)) for (const field of content.assigns) all.add(field);
      return all;
    });
  }

  /** Families that it, or what it calls in turn, may release. */
  releasesOf(start: CallNode): ReadonlySet<string> {
    return remembered(this.#releases, start, () => {
      const families = new Set<string>();
      for (const { calls } of this.#below(start, (name) => this.relevant.has(name)))
        for (const callee of calls)
          for (const family of releasedFamilies(this.#models).get(callee) ?? []) families.add(family);
      return families;
    });
  }

  /** Names of fields in the text of it and of what it calls in turn, as far as that may release something. */
  releasedFieldsOf(start: CallNode): ReadonlySet<string> {
    return remembered(this.#releasedFields, start, () => {
      if (!this.releasesOf(start).size) return NOTHING;
      const fields = new Set<string>();
      for (const node of this.#below(start, (name) => this.relevant.has(name)))
        for (const field of this.#fieldsIn(node)) fields.add(field);
      return fields;
    });
  }

  /** Functions that may release something and have the field in their text. */
  releasersOf(field: string): readonly CallNode[] {
    this.#fieldReleasers ??= this.#allFieldReleasers();
    return this.#fieldReleasers.get(field) ?? [];
  }

  #allFieldReleasers(): ReadonlyMap<string, readonly CallNode[]> {
    const releasers = new Map<string, CallNode[]>();
    for (const node of this.relevantNodes)
      for (const field of this.#fieldsIn(node)) {
        const known = releasers.get(field);
        if (known) known.push(node);
        else releasers.set(field, [node]);
      }
    return releasers;
  }

  #fieldsIn(node: CallNode): ReadonlySet<string> {
    return this.releasesOf(node).size ? node.content.fields : NOTHING;
  }

  /**
   * Families that are released in the driver that the file is part of: each time by a function that makes something of them, or
   * for others as well.
   */
  releasersIn(file: string): ReadonlyMap<string, 'makers' | 'others'> {
    const known = this.#releasers.get(file) ?? this.#releasersOf(this.#driverOf(file));
    this.#releasers.set(file, known);
    return known;
  }

  #releasersOf(files: ReadonlySet<string>): ReadonlyMap<string, 'makers' | 'others'> {
    const families = new Map<string, 'makers' | 'others'>();
    const released = releasedFamilies(this.#models);
    const acquired = acquiredFamilies(this.#models);
    for (const { calls, file } of this.relevantNodes) {
      if (!files.has(file)) continue;
      const own = new Set([...calls].flatMap((callee) => acquired.get(callee) ?? []));
      for (const callee of calls)
        for (const family of released.get(callee) ?? [])
          families.set(family, own.has(family) ? (families.get(family) ?? 'makers') : 'others');
    }
    return families;
  }

  /**
   * Files that call something in it, directly or not, and all that these call: a directory may hold many drivers, which call the
   * same libraries.
   */
  #driverOf(file: string): ReadonlySet<string> {
    this.#links ??= this.#allLinks();
    const { calling, called } = this.#links;
    return reached(called, reached(calling, [file]));
  }

  #allLinks(): Links {
    const calling = new Map<string, Set<string>>();
    const called = new Map<string, Set<string>>();
    const add = (links: Map<string, Set<string>>, from: string, to: string): void =>
      void links.set(from, (links.get(from) ?? new Set()).add(to));
    for (const caller of this.#nodes)
      for (const callee of caller.calls) {
        const target = this.find(callee, caller.file);
        if (!target || target.file === caller.file) continue;
        add(calling, target.file, caller.file);
        add(called, caller.file, target.file);
      }
    return { calling, called };
  }

  *#below(start: CallNode, isWanted: (name: string) => boolean): Iterable<CallNode> {
    const seen = new Set<CallNode>();
    const work = [start];
    for (let node = work.pop(); node && seen.size < MAX_SEEN; node = work.pop()) {
      if (seen.has(node)) continue;
      seen.add(node);
      yield node;
      for (const callee of node.calls)
        for (const name of this.#meantBy(callee)) if (isWanted(name)) work.push(...(this.#byName.get(name) ?? []));
    }
  }

  #reaching(): Set<string> {
    const callers = new Map<string, string[]>();
    const reached = new Set<string>();
    const work: string[] = [];
    for (const { name, calls, content } of this.#nodes) {
      for (const callee of calls) {
        const list = callers.get(callee);
        if (list) list.push(name);
        else callers.set(callee, [name]);
      }
      if (content.touchesApi && !reached.has(name)) {
        reached.add(name);
        work.push(name);
      }
    }
    for (let name = work.pop(); name !== undefined; name = work.pop())
      for (const caller of callers.get(name) ?? [])
        if (!reached.has(caller)) {
          reached.add(caller);
          work.push(caller);
        }
    return reached;
  }
}

/** Of each file, those that call something in it, and those in which it calls something. */
interface Links {
  readonly calling: ReadonlyMap<string, ReadonlySet<string>>;
  readonly called: ReadonlyMap<string, ReadonlySet<string>>;
}

function reached(links: ReadonlyMap<string, ReadonlySet<string>>, from: Iterable<string>): ReadonlySet<string> {
  const found = new Set<string>();
  const work = [...from];
  for (let file = work.pop(); file !== undefined; file = work.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    work.push(...(links.get(file) ?? NOTHING));
  }
  return found;
}

function remembered<T>(known: Map<CallNode, T>, node: CallNode, make: () => T): T {
  const value = known.get(node) ?? make();
  known.set(node, value);
  return value;
}

function isSameTables(a: Tables, b: Tables | undefined): boolean {
  if (a === b) return true;
  return a.size === b?.size && [...a].every(([member, names]) => isEqualSet(names, b.get(member) ?? new Set()));
}

/** In the same order, too: it decides which functions are looked into when there are too many. */
function isEqualSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  const others = b.values();
  for (const one of a) if (others.next().value !== one) return false;
  return true;
}

const RELEASED = new WeakMap<Models, ReadonlyMap<string, ReadonlySet<string>>>();

/** Families that a call of each name may release. */
function releasedFamilies(models: Models): ReadonlyMap<string, ReadonlySet<string>> {
  const known = RELEASED.get(models);
  if (known) return known;
  const families = new Map<string, Set<string>>();
  for (const { name, action, family } of models.entries)
    if (isRelease(action)) families.set(name, (families.get(name) ?? new Set()).add(family ?? name));
  RELEASED.set(models, families);
  return families;
}

const ACQUIRED = new WeakMap<Models, ReadonlyMap<string, readonly string[]>>();

/** Families of which a call of each name makes something, or whose release it accepts. */
function acquiredFamilies(models: Models): ReadonlyMap<string, readonly string[]> {
  const known = ACQUIRED.get(models);
  if (known) return known;
  const families = new Map<string, readonly string[]>();
  for (const model of models.entries)
    if (model.action === 'allocate' || model.action === 'map')
      families.set(model.name, [...(families.get(model.name) ?? []), ...releasableAs(model)]);
  ACQUIRED.set(models, families);
  return families;
}
