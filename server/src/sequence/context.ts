import type { Contents, Direction, MemoryKind, Operation, Reference, Size } from '@dma-audit/simulator';
import type { Expression, Span } from '../flow/index.ts';
import type { ApiModel } from '../models/index.ts';
import type { Code } from './code.ts';
import { Conditions } from './conditions.ts';
import { Evaluator } from './evaluate.ts';
import { expressionName, type Frame } from './frame.ts';
import type { MadeElsewhere } from './made-elsewhere.ts';
import { memberOf } from './member.ts';
import { Memory } from './memory.ts';
import type { State } from './state.ts';
import { StoppedChannels } from './stopped-channels.ts';
import { type ResourceInfo, Resources, Sites } from './tables.ts';
import { extend } from './trace.ts';
import {
  isWithin,
  lastField,
  numberValue,
  pointee,
  rootSymbol,
  type SymbolRole,
  Symbols,
  symbolValue,
  type Value,
  valueKey,
} from './values.ts';

/** Ordinary memory in which the handle of a resource was, and the pointer to it. */
export interface Owner {
  readonly memory: ResourceInfo;
  readonly symbol: number;
}

/** The local variable at a place: of the function that is explored in the frame `f0`, or of a callee. */
const localName = (place: string): string | null => /^f\d+:([A-Za-z_]\w*)/.exec(place)?.[1] ?? null;

/** Where the direction that a call is given comes from: it stands there, is chosen there by a conditional, or comes from elsewhere. */
export type DirectionSource = 'constant' | 'here' | 'elsewhere';

/** Everything that one exploration shares: tables, evaluation, and how operations get into a path. */
export class Context {
  readonly code: Code;
  readonly symbols = new Symbols();
  readonly sites = new Sites();
  readonly resources = new Resources();
  /** By the sites of calls that are given one. */
  readonly directions = new Map<number, DirectionSource>();
  readonly memory: Memory;
  readonly conditions: Conditions;
  readonly evaluator: Evaluator;
  /** Places of memory that was mapped on some path: CPU accesses to them are of interest. */
  private readonly mappedPlaces = new Set<string>();

  constructor(code: Code) {
    this.code = code;
    this.memory = new Memory(this.symbols);
    this.conditions = new Conditions(this.symbols, this.resources, {
      onWrongTest: (state, resource, test) => this.onTest(state, resource, test, false),
      onRightTest: (state, resource, test) => this.onTest(state, resource, test, true),
    });
    this.evaluator = new Evaluator(code, this.symbols, this.memory, this.conditions, {
      onAccess: (state, frame, location, what, at) => this.onAccess(state, frame, location, what, at),
    });
  }

  site(frame: Frame, at: Span): number {
    return this.sites.intern({ file: frame.file, function: frame.graph.name, start: at.start, end: at.end });
  }

  emit(state: State, operation: Operation): void {
    state.trace = extend(state.trace, operation);
  }

  /** Resources on whose outcome that of an operation depends, which names none itself. */
  readonly outcomes = new WeakMap<Operation, number>();

  /** Buffers that are scatterlists. */
  readonly lists = new Set<number>();

  /** Symbols of the statuses that calls returned. */
  readonly statuses = new WeakMap<Operation, number>();
  /** Local variables by the mappings whose NumberOfBytes they receive. */
  readonly lengthNames = new Map<number, string>();

  readonly stopped = new StoppedChannels(this.symbols);

  /** Mappings of memory that is freed by itself when the device goes. */
  readonly ofManaged = new Set<number>();
  /** Mappings whose device address and host address some call gets together. */
  readonly bothGiven = new Set<number>();

  /** Buffers by the mappings that were made of them. */
  readonly mappedBuffers = new Map<number, number>();

  /** Memory that was freed with handles in it, by what they are of. */
  readonly owners = new Map<number, Owner>();

  /** Symbols that point to the beginning of ordinary memory, by that. */
  readonly pointers = new Map<number, number>();

  /** The explored function is a handler of ExitBootServices: changes of the memory map are of interest. */
  atExitBootServices = false;

  /** What the host can write is of interest. */
  distrustsHost = false;

  /** Place of the branch that is being decided: tests are reported there. */
  testSite: number | null = null;

  private onTest(state: State, resource: number, test: string, right: boolean): void {
    if (state.resource(resource)?.outcome !== 'pending') return;
    if (!right) state.update(resource, { wronglyChecked: true });
    const info = this.resources.info(resource);
    if (info.kind === 'event') return;
    this.emit(state, {
      op: 'check',
      site: this.testSite ?? info.site,
      api: test,
      target: { to: info.kind === 'mapping' ? 'mapping' : 'buffer', id: resource, how: 'exact' },
      right,
      test,
    });
  }

  private onAccess(state: State, frame: Frame, location: string, what: 'read' | 'write', at: Expression): void {
    if (this.distrustsHost) this.accessShared(state, frame, location, what, at);
    this.accessAllocated(state, frame, location, what, at);
    this.accessEntry(state, frame, location, at);
    for (const place of this.mappedPlaces) {
      if (!isWithin(location, place)) continue;
      const mapping = state.get(`B:${place}`);
      if (mapping?.kind !== 'symbol') continue;
      const resource = this.symbols.info(mapping.symbol).resource;
      const life = resource === undefined ? undefined : state.resource(resource);
      // What an unmap has brought in EDK2 is only there if it says so.
      const isBrought =
        life?.life === 'gone' &&
        what === 'read' &&
        (this.code.dialect === 'edk2' || (resource !== undefined && this.unfilled.has(resource)));
      if (resource === undefined || !life || life.outcome === 'failed' || !(life.life === 'live' || isBrought))
        continue;
      const buffer = this.memoryAt(place, frame, at);
      this.emit(state, {
        op: what === 'read' ? 'cpu-read' : 'cpu-write',
        site: this.site(frame, at),
        api: expressionName(at),
        target: { to: 'buffer', id: buffer.id, how: 'exact' },
      });
      return;
    }
  }

  /** Lists by the places of those entries whose length for the device was read. */
  private readonly entriesRead = new Map<string, number>();

  /** The length that an entry at this place has for the device is read, though the path has not mapped the list. */
  noteLengthRead(state: State, entry: string, list: number): void {
    this.entriesRead.set(entry, list);
    state.note(`length:${entry}`);
  }

  /** The CPU itself reaches what such an entry names. */
  private accessEntry(state: State, frame: Frame, location: string, at: Expression): void {
    const root = rootSymbol(location);
    const entry = root === null ? undefined : this.symbols.info(root).entryMemory;
    const list = entry === undefined ? undefined : this.entriesRead.get(entry);
    if (list === undefined || !state.hasNote(`length:${entry}`)) return;
    const site = this.site(frame, at);
    const target = { to: 'buffer', id: list, how: 'other-role' } as const;
    this.emit(state, { op: 'cpu-read', site, api: expressionName(at), target, entry: 'memory' });
  }

  private accessShared(state: State, frame: Frame, location: string, what: 'read' | 'write', at: Expression): void {
    for (const [, symbol] of location.matchAll(/\[s(\d+)[^\]]*\]/g))
      this.useValue(state, symbolValue(Number(symbol)), 'index', this.site(frame, at), expressionName(at));
    if (what === 'write' || !this.isHostWritable(location)) return;
    this.emit(state, {
      op: 'cpu-read',
      site: this.site(frame, at),
      api: expressionName(at),
      target: { to: 'buffer', id: this.memoryAt(location, frame, at).id, how: 'exact' },
      value: location,
    });
  }

  /** In memory that was allocated for the device, which the host can write. */
  private isHostWritable(location: string): boolean {
    const root = rootSymbol(location);
    if (root === null || location === `*${root}`) return false;
    const { resource, role, loadedFrom } = this.symbols.info(root);
    if (resource !== undefined) return role === 'cpu-address' && this.resources.info(resource).kind === 'buffer';
    // A parameter may be named as a field is.
    return loadedFrom?.includes('.') === true && this.code.sharedFields.has(lastField(loadedFrom));
  }

  /** Where the number was read, if the host could write it there. */
  private hostValues(value: Value, depth = 2): readonly string[] {
    if (value.kind === 'test') return [...this.hostValues(value.left, depth), ...this.hostValues(value.right, depth)];
    if (value.kind !== 'symbol') return [];
    const { key, loadedFrom } = this.symbols.info(value.symbol);
    if (loadedFrom !== undefined) return this.isHostWritable(loadedFrom) ? [loadedFrom] : [];
    if (depth === 0) return [];
    return [...key.matchAll(/\bs(\d+)\b/g)].flatMap(([, part]) =>
      this.hostValues(symbolValue(Number(part)), depth - 1),
    );
  }

  testValue(state: State, value: Value, site: number): void {
    if (!this.distrustsHost) return;
    for (const of of new Set(this.hostValues(value)))
      this.emit(state, { op: 'test-value', site, api: 'test', value: of });
  }

  useValue(state: State, value: Value, as: 'index' | 'length', site: number, api: string): void {
    if (!this.distrustsHost) return;
    // What is made of it by a mask or a minimum is bounded.
    for (const of of this.hostValues(value, 0)) this.emit(state, { op: 'use-value', site, api, value: of, as });
  }

  /** Memory of an allocation is touched before anybody asked whether it worked; or by its device address. */
  private accessAllocated(state: State, frame: Frame, location: string, what: 'read' | 'write', at: Expression): void {
    const root = rootSymbol(location);
    const { resource, role } = root === null ? {} : this.symbols.info(root);
    if (resource === undefined) return;
    const now = state.resource(resource);
    const info = this.resources.info(resource);
    if (info.foreign || now?.life !== 'live') return;
    if (
      role === 'cpu-address' &&
      info.kind === 'buffer' &&
      now.outcome === 'pending' &&
      !state.hasNote(`used:${resource}`)
    ) {
      state.note(`used:${resource}`);
      this.emit(state, {
        op: what === 'read' ? 'cpu-read' : 'cpu-write',
        site: this.site(frame, at),
        api: expressionName(at),
        target: this.toResource(resource, 'exact'),
      });
    }
  }

  /** CPU access to what `pointer` points to. */
  access(state: State, frame: Frame, pointer: Value, what: 'read' | 'write', at: Expression): void {
    const place = pointee(pointer);
    if (place !== null) this.onAccess(state, frame, place, what, at);
  }

  /** Mappings for the device to read of memory that nothing was put into. */
  readonly unfilled = new Set<number>();

  /** Something is put where `pointer` points to, or may be. */
  fill(state: State, pointer: Value, depth = 3): void {
    const symbol = pointer.kind === 'symbol' ? pointer.symbol : pointee(pointer) && rootSymbol(pointee(pointer) ?? '');
    if (typeof symbol !== 'number' || state.hasNote(`filled:${symbol}`)) return;
    const { key, memory, resource } = this.symbols.info(symbol);
    if (memory !== undefined || resource !== undefined) return state.note(`filled:${symbol}`);
    // A place inside, by an offset that is not known.
    if (depth > 0 && key.startsWith('('))
      for (const [, part] of key.matchAll(/\bs(\d+)\b/g)) this.fill(state, symbolValue(Number(part)), depth - 1);
  }

  /** What the path has put into memory that it has got itself; null where that is not known. */
  contents(state: State, pointer: Value | undefined): Contents | null {
    const place = pointer ? pointee(pointer) : null;
    const root = place === null ? null : rootSymbol(place);
    if (root === null || place !== `*${root}`) return null;
    const { key, memory, resource, role, zeroed } = this.symbols.info(root);
    const isOwn =
      resource === undefined
        ? key.startsWith('object:') && (memory === 'heap' || memory === 'pages')
        : role === 'cpu-address' && !this.resources.info(resource).foreign;
    if (!isOwn || state.get(`E:${root}`) || state.get(`H:${root}`)) return null;
    if (state.hasNote(`filled:${root}`)) return 'filled';
    return zeroed || state.get(`Z:${place}`) ? 'cleared' : 'fresh';
  }

  /** Does `pointer` point to the beginning of memory that is mapped? */
  isMapped(state: State, pointer: Value): boolean {
    const place = pointee(pointer);
    return place !== null && this.mappedPlaces.has(place) && state.get(`B:${place}`) !== undefined;
  }

  /** Lengths of mappings that are variables: mapping → symbol. */
  readonly mappedLengths = new Map<number, number>();

  /** Mappings that were made elsewhere, with the memory and direction that are known of them. */
  readonly knownMappings = new Map<
    number,
    { readonly buffer: Reference; readonly direction: Direction; readonly made?: MadeElsewhere }
  >();

  /** Memory that was allocated elsewhere, where it is known how. */
  readonly knownBuffers = new Map<number, MadeElsewhere>();

  /** Remembers that the memory at `pointer` is mapped by `mapping`, and, if it is not shared, that CPU accesses matter. */
  noteMapped(state: State, pointer: Value, mapping: Value, isStreaming: boolean): void {
    const place = pointee(pointer);
    if (place === null) return;
    if (isStreaming) this.mappedPlaces.add(place);
    state.set(`B:${place}`, mapping);
  }

  size(value: Value | undefined, scale: Value | undefined = undefined): Size {
    if (!value) return { bytes: null, key: '?' };
    if (scale && !(scale.kind === 'number' && scale.value === 1)) {
      if (value.kind === 'number' && scale.kind === 'number')
        return { bytes: value.value * scale.value, key: `${value.value * scale.value}` };
      const size = { bytes: null, key: `${valueKey(value)}*${valueKey(scale)}` };
      return scale.kind === 'number' ? { ...size, ...this.multiple(value, scale.value) } : size;
    }
    const key =
      value.kind === 'symbol'
        ? `${this.symbols.info(value.symbol).key}${value.offset > 0 ? '+' : ''}${value.offset || ''}`
        : valueKey(value);
    return { bytes: value.kind === 'number' ? value.value : null, key, ...this.multiple(value, 1) };
  }

  /** What the number is a multiple of. */
  multiple(value: Value, factor: number): Pick<Size, 'multiple'> {
    if (value.kind !== 'symbol' || value.offset) return {};
    const known = this.symbols.info(value.symbol).multiple;
    return { multiple: known ? { of: known.of, factor: known.factor * factor } : { of: valueKey(value), factor } };
  }

  /** The ordinary memory that starts at a place, as a buffer of the program. */
  memoryAt(place: string, frame: Frame, at: Expression): ResourceInfo {
    const root = rootSymbol(place);
    const info = root === null ? undefined : this.symbols.info(root);
    if (info?.resource !== undefined && info.role === 'cpu-address') return this.resources.info(info.resource);
    const memory = this.resources.intern(`memory:${place}`, () => ({
      kind: 'memory',
      site: this.site(frame, at),
      model: null,
      foreign: true,
      memory: this.memoryKind(place, frame),
      name: (frame.depth > 0 ? localName(place) : null) ?? expressionName(at),
      within: this.owner(place, frame, at),
      embedded: this.isEmbedded(place, frame, at),
      depth: place.startsWith('f0:') ? 0 : frame.depth,
      outputs: [],
      inLoop: false,
      nonzero: [],
    }));
    if (root !== null && place === `*${root}`) this.pointers.set(memory.id, root);
    return memory;
  }

  /** Where `pointer` points to inside a buffer. */
  memoryInside(buffer: number, pointer: Value, frame: Frame, at: Expression): ResourceInfo {
    const computedAt = pointer.kind === 'symbol' ? this.symbols.info(pointer.symbol).computedAt : undefined;
    return this.resources.intern(`inside:${buffer}:${valueKey(pointer)}`, () => ({
      kind: 'memory',
      site: computedAt ? this.sites.intern(computedAt) : this.site(frame, at),
      model: null,
      foreign: true,
      memory: 'unknown',
      name: expressionName(at),
      within: buffer,
      depth: frame.depth,
      outputs: [],
      inLoop: false,
      nonzero: [],
    }));
  }

  /** An array that is a field of an object, whose lines other fields share. */
  private isEmbedded(place: string, frame: Frame, at: Expression): boolean {
    const field = /^\*\d+(?:\.\w+)*\.(\w+)$/.exec(place)?.[1];
    // Others may have a field of that name that is a pointer: skb->data.
    return field !== undefined && memberOf(this.code, frame, at) === 'array';
  }

  private memoryKind(place: string, frame: Frame): MemoryKind {
    if (place.startsWith('R:')) return 'rodata';
    if (place.startsWith('G:') || place.startsWith('F:')) return 'static';
    if (localName(place) !== null) return 'stack';
    const root = rootSymbol(place);
    const kind = root === null ? undefined : this.symbols.info(root).memory;
    void frame;
    return (kind as MemoryKind | undefined) ?? 'unknown';
  }

  /** The object that memory at `place` is part of: for `*7.field` the one at `*7`, for a pointer loaded from `*5.data` the one at `*5`. */
  private owner(place: string, frame: Frame, at: Expression): number | null {
    const root = rootSymbol(place);
    if (root === null) return null;
    const outer = place === `*${root}` ? this.symbols.info(root).loadedFrom : `*${root}`;
    const outerRoot = outer === undefined ? null : rootSymbol(outer);
    return outerRoot === null ? null : this.memoryAt(`*${outerRoot}`, frame, at).id;
  }

  /** What `value` refers to, when a value of `role` is wanted. Unknown handles become foreign resources. */
  reference(state: State, frame: Frame, value: Value, wanted: SymbolRole, at: Expression): Reference {
    if (value.kind === 'number') return value.value === 0 ? { to: 'null' } : { to: 'unknown' };
    if (value.kind === 'uninitialised') return { to: 'uninitialised', name: value.name };
    if (value.kind === 'symbol') {
      const { low, high } = state.domain(value.symbol);
      if (low === high && low + value.offset === 0) return { to: 'null' };
      const info = this.symbols.info(value.symbol);
      if (info.resource !== undefined && state.resource(info.resource)) {
        const how = info.role !== wanted ? 'other-role' : value.offset !== 0 ? 'offset' : 'exact';
        if (!info.derived) return this.toResource(info.resource, how);
        this.handOver(state, info.resource, 'computed handle');
        return { to: 'unknown' };
      }
    }
    if (value.kind === 'test') return { to: 'unknown' };
    const place = pointee(value);
    const held = place === null ? undefined : state.get(place);
    if (held?.kind === 'symbol') {
      // A pointer to the variable that holds the handle.
      const info = this.symbols.info(held.symbol);
      if (info.resource !== undefined && info.role === wanted && !info.derived && state.resource(info.resource))
        return this.toResource(info.resource, 'address-of');
    }
    return this.toResource(this.foreign(state, frame, value, wanted, at).id, 'exact');
  }

  toResource(id: number, how: 'exact' | 'offset' | 'address-of' | 'other-role'): Reference {
    return { to: this.resources.info(id).kind === 'mapping' ? 'mapping' : 'buffer', id, how };
  }

  /** A handle that this path did not make: from a parameter, a field, an unknown call. */
  private foreign(state: State, frame: Frame, value: Value, wanted: SymbolRole, at: Expression): ResourceInfo {
    const info = this.resources.intern(`foreign:${wanted}:${valueKey(value)}`, () => ({
      kind:
        wanted === 'mapping' || wanted === 'device-address' || wanted === 'count'
          ? 'mapping'
          : wanted === 'channel'
            ? 'channel'
            : 'buffer',
      site: this.site(frame, at),
      model: null,
      foreign: true,
      memory: 'unknown',
      name: expressionName(at),
      within: null,
      depth: frame.depth,
      outputs: [],
      inLoop: false,
      nonzero: [],
    }));
    if (!state.resource(info.id)) state.update(info.id, { outcome: 'ok', escaped: true });
    return info;
  }

  /** Somebody else may have released the resource, or keeps it: nothing is claimed about it any more. */
  handOver(state: State, id: number, api: string): void {
    if (state.resource(id)?.life === 'released-maybe') return;
    state.update(id, { escaped: true, life: 'released-maybe' });
    this.emit(state, {
      op: 'hand-over',
      site: this.resources.info(id).site,
      api,
      target: this.toResource(id, 'exact'),
    });
  }

  /** The answer of a function that only looks at its arguments: the same whenever it is asked the same. */
  asked(state: State, name: string, values: readonly Value[]): Value {
    const [owner] = values;
    // The driver's part of a fresh object is as empty as the object.
    const isPrivate = owner?.kind === 'symbol' && /priv/.test(name) && !state.get(`H:${owner.symbol}`);
    const zeroed = isPrivate && this.symbols.info(owner.symbol).zeroed;
    return this.evaluator.constant(`${name}(${values.map(valueKey).join()})`, zeroed ? { zeroed } : {});
  }

  /** A symbol that stands for one of the results of `resource`. */
  result(resource: ResourceInfo, role: SymbolRole, extra: { readonly asked?: Value } = {}): Value {
    return symbolValue(this.symbols.intern(`${role}:${resource.id}`, { resource: resource.id, role, ...extra }));
  }

  /** `&dmabuf->umem`, where `dmabuf` stands for a mapping: a part of the object stands for it too. */
  partOf(state: State, value: Value): number | null {
    const place = value.kind === 'address' ? pointee(value) : null;
    const root = place?.includes('.') ? rootSymbol(place) : null;
    const whole = root === null ? undefined : state.get(`M:s${root}`);
    return whole ? this.resourceOf(whole) : null;
  }

  resourceOf(value: Value): number | null {
    return value.kind === 'symbol' ? (this.symbols.info(value.symbol).resource ?? null) : null;
  }
}

/** The pointer without its offset: `skb->data + 2` maps the buffer that starts at `skb->data`. */
export function basePointer(value: Value): Value {
  return (value.kind === 'symbol' || value.kind === 'address') && value.offset ? { ...value, offset: 0 } : value;
}

export function argument(model: ApiModel, values: readonly Value[], role: ApiModel['args'][number]): Value | undefined {
  const index = model.args.indexOf(role);
  return index < 0 ? undefined : values[index];
}

export const EFI_PAGE_SIZE = numberValue(4096);
