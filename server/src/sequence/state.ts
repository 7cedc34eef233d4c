import type { Direction, Outcome } from '@dma-audit/simulator';
import { ANYTHING, type Domain, isUnconstrained, NOT_NEGATIVE } from './domain.ts';
import type { HandleIdentity, ResourceIdentity } from './identity.ts';
import { Layers } from './layers.ts';
import type { TraceNode } from './trace.ts';
import type { Symbols, Value } from './values.ts';

type SymbolValue = Value & { readonly kind: 'symbol' };

/**
 * A DMA resource (buffer, mapping, channel) as this path knows it.
 * `life`: `released-maybe` when code that is not seen may have released or kept it.
 */
export interface ResourceState {
  readonly outcome: Outcome | 'pending';
  readonly life: 'live' | 'gone' | 'released-maybe';
  /** Its handle was stored or passed where the analysis cannot follow: somebody else may own it now. */
  readonly escaped: boolean;
  /** A test of the result that is not the one the API defines. */
  readonly wronglyChecked: boolean;
  /** Mappings: the direction, where the path knows it. */
  readonly direction?: Direction;
}

export interface LoopCount {
  readonly loop: string;
  readonly count: number;
}

/** One path's knowledge at one point. Cheap to copy. */
export class State {
  private readonly symbols: Symbols;
  private store = new Layers<string, Value>();
  /** The part of the store whose values belong to a resource. */
  private handleStore = new Layers<string, SymbolValue>();
  private facts = new Layers<number, Domain>();
  private resources = new Layers<number, ResourceState>();
  /** Hold until handles or resources change; copies share them. */
  private ofHandles: HandleIdentity | null = null;
  private ofResources: ResourceIdentity | null = null;
  trace: TraceNode | null = null;
  loops: readonly LoopCount[] = [];
  /**
   * What happened on the way and still matters, though no resource or value tells: a lock held, a list read before its map.
   * Part of a state's identity, so that paths with and without it are not merged. Sorted.
   */
  marks: readonly string[] = [];
  /** The same, but of no interest when paths meet. */
  private notes: ReadonlySet<string> = new Set();
  /** Counts the times when unknown code may have changed memory: part of the identity of loaded values. */
  epoch = 0;

  constructor(symbols: Symbols) {
    this.symbols = symbols;
  }

  fork(): State {
    const copy = new State(this.symbols);
    copy.store = this.store.fork();
    copy.handleStore = this.handleStore.fork();
    copy.facts = this.facts.fork();
    copy.resources = this.resources.fork();
    copy.ofHandles = this.ofHandles;
    copy.ofResources = this.ofResources;
    copy.trace = this.trace;
    copy.loops = this.loops;
    copy.marks = this.marks;
    copy.notes = this.notes;
    copy.epoch = this.epoch;
    return copy;
  }

  /** How much there is to compare and to merge. */
  get size(): number {
    return this.store.size + this.resources.size;
  }

  get(location: string): Value | undefined {
    return this.store.get(location);
  }

  set(location: string, value: Value): void {
    this.store.set(location, value);
    if (value.kind === 'symbol' && this.symbols.info(value.symbol).resource !== undefined)
      this.setHandle(location, value);
    else if (this.handleStore.delete(location)) this.ofHandles = null;
  }

  remove(location: string): void {
    if (!this.store.delete(location)) return;
    if (this.handleStore.delete(location)) this.ofHandles = null;
  }

  private setHandle(location: string, value: SymbolValue): void {
    const before = this.handleStore.get(location);
    if (before && before.symbol === value.symbol && before.offset === value.offset) return;
    this.handleStore.set(location, value);
    this.ofHandles = null;
  }

  /** What keeps it apart by where its handles are; made by `make` when that has changed. */
  handleIdentity(make: (state: State) => HandleIdentity): HandleIdentity {
    return (this.ofHandles ??= make(this));
  }

  /** What keeps it apart by its resources. */
  resourceIdentity(make: (state: State) => ResourceIdentity): ResourceIdentity {
    return (this.ofResources ??= make(this));
  }

  locations(): Iterable<readonly [string, Value]> {
    return this.store.entries();
  }

  /** Those at which `other` does not hold the very same value: few, where two paths have most of their past in common. */
  differing(other: State): readonly (readonly [string, Value])[] {
    return this.store.differing(other.store);
  }

  /** Locations that pass are not held any more. */
  removeAll(test: (location: string) => boolean): void {
    for (const location of this.store.keysThat(test)) this.remove(location);
  }

  /** Locations that hold a value of some resource. */
  handles(): Iterable<readonly [string, SymbolValue]> {
    return this.handleStore.entries();
  }

  domain(symbol: number): Domain {
    return this.facts.get(symbol) ?? (this.symbols.info(symbol).unsigned ? NOT_NEGATIVE : ANYTHING);
  }

  learn(symbol: number, domain: Domain): void {
    if (isUnconstrained(domain)) this.facts.delete(symbol);
    else this.facts.set(symbol, domain);
  }

  /** What it knows of symbols of which `other` knows something else. */
  knowingOtherwise(other: State): readonly (readonly [number, Domain])[] {
    return this.facts.differing(other.facts).filter(([symbol, domain]) => other.domain(symbol) !== domain);
  }

  resource(id: number): ResourceState | undefined {
    return this.resources.get(id);
  }

  update(id: number, change: Partial<ResourceState>): void {
    const old = this.resources.get(id) ?? { outcome: 'pending', life: 'live', escaped: false, wronglyChecked: false };
    this.resources.set(id, { ...old, ...change });
    this.ofResources = null;
  }

  allResources(): Iterable<readonly [number, ResourceState]> {
    return this.resources.entries();
  }

  hasMark(mark: string): boolean {
    return this.marks.includes(mark);
  }

  hasNote(note: string): boolean {
    return this.notes.has(note);
  }

  note(note: string): void {
    this.notes = new Set([...this.notes, note]);
  }

  mark(mark: string): void {
    if (!this.hasMark(mark)) this.marks = [...this.marks, mark].sort();
  }

  unmark(mark: string): void {
    if (this.hasMark(mark)) this.marks = this.marks.filter((m) => m !== mark);
  }

  loopCount(loop: string): number {
    return this.loops.find((l) => l.loop === loop)?.count ?? 0;
  }

  /** Inside the loop, `count` turns done. */
  setLoopCount(loop: string, count: number): void {
    this.loops = [...this.loops.filter((l) => l.loop !== loop), { loop, count }];
  }

  leaveLoop(loop: string): void {
    if (this.loops.some((l) => l.loop === loop)) this.loops = this.loops.filter((l) => l.loop !== loop);
  }
}
