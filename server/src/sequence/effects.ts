import type { Direction, MappingMode, MemoryKind, Operation, Reference, Size } from '@dma-audit/simulator';
import type { Expression } from '../flow/index.ts';
import { type Action, type ApiModel, type ConstantModel, familyOf, type Role, releasableAs } from '../models/index.ts';
import { wholeOf } from './advanced.ts';
import { isGetter } from './calls.ts';
import { argument, basePointer, type Context, type DirectionSource, EFI_PAGE_SIZE } from './context.ts';
import { ANYTHING, decide, narrow } from './domain.ts';
import { callsName, expressionName, type Frame, isNull, namesIn, usesTemporary } from './frame.ts';
import { allocatedElsewhere, areIndependent, fieldBeside, fieldOf, madeElsewhere } from './made-elsewhere.ts';
import { narrowPlace } from './narrowed.ts';
import type { State } from './state.ts';
import type { ResourceInfo } from './tables.ts';
import {
  isWithin,
  lastField,
  pointee,
  rootSymbol,
  type SymbolRole,
  symbolValue,
  type Value,
  valueKey,
  ZERO,
} from './values.ts';

/** One call of a modelled API, with its arguments evaluated. */
export interface ModelledCall {
  readonly model: ApiModel;
  readonly name: string;
  readonly expressions: readonly Expression[];
  readonly values: readonly Value[];
  readonly at: Expression;
  readonly site: number;
  /** Identity of this execution: call chain and loop counts. */
  readonly key: string;
  readonly frame: Frame;
}

const PAGE = 4096;
/** Mark of a path on which a channel was started. */
export const RUNNING = 'running';
const NO_SIZE: Size = { bytes: null, key: '?' };
/** Marks of a path that holds so many locks. */
export const ATOMIC = 'atomic';

/** Mark of a path inside the walk of a loop over a scatterlist. */
export const walkMark = (loop: string, list: Value): string => `${loop}:walks:${valueKey(list)}`;

const MAY_SLEEP: ReadonlySet<Action> = new Set([
  'allocate',
  'free',
  'map',
  'unmap',
  'channel-request',
  'channel-release',
]);

const DIRECTIONS = {
  'to-device': 'DMA_TO_DEVICE',
  'from-device': 'DMA_FROM_DEVICE',
  bidirectional: 'DMA_BIDIRECTIONAL',
} as const;

const NOT_NULL = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, not: [0] };

/** The result of a call, or `null` when control does not come back. */
export type Effect = { readonly state: State; readonly value: Value } | null;

/** Executes what a model says on a state. */
export class Effects {
  private readonly context: Context;

  constructor(context: Context) {
    this.context = context;
  }

  apply(state: State, frame: Frame, call: ModelledCall): Effect {
    const { context } = this;
    const { model, values } = call;
    if (model.changesMemoryMap && context.atExitBootServices)
      context.emit(state, { op: 'memory-map-change', site: call.site, api: call.name });
    if (model.when) {
      const selector = values[model.when.argument];
      if (selector?.kind !== 'number' || selector.value !== model.when.value)
        return { state, value: context.evaluator.constant(`call:${call.key}`) };
    }
    if (model.action === 'sleep' || model.action === 'wait') this.letOthersRun(state, call);
    const give = (value: Value): Effect => ({ state, value });
    const fresh = () => context.evaluator.constant(`call:${call.key}`);
    const answer = () => (isGetter(call.name, values) ? context.asked(state, call.name, values) : fresh());
    const arg = (role: Role) => argument(model, values, role);
    this.sleep(state, call);
    switch (model.action) {
      case 'map':
        return give(this.map(state, frame, call));
      case 'unmap':
        return give(this.unmap(state, frame, call) ?? fresh());
      case 'transfer':
        this.transfer(state, frame, call);
        return give(answer());
      case 'allocate':
      case 'channel-request':
        return give(this.allocate(state, frame, call));
      case 'channel-release':
        // Whoever gives it back waits until it is done.
        this.power(state, call, 'device-stop');
        this.free(state, frame, call);
        return give(fresh());
      case 'free':
        this.free(state, frame, call);
        return give(fresh());
      case 'sync':
        this.sync(state, frame, call);
        return give(fresh());
      case 'check-mapping':
        this.checkNarrow(state, frame, call);
        return give({
          kind: 'test',
          operator: 'mapping-error',
          left: arg('device-address') ?? arg('value') ?? ZERO,
          right: ZERO,
        });
      case 'convert':
        return give(this.convert(state, frame, call));
      case 'allocate-memory':
        return give(this.allocateMemory(state, frame, call));
      case 'free-memory':
        this.freeMemory(state, frame, call);
        return give(fresh());
      case 'read-memory':
      case 'write-memory':
      case 'copy-memory':
        this.accessMemory(state, frame, call);
        return give((returnsDestination(model) ? arg('buffer') : undefined) ?? fresh());
      case 'give':
        this.give(state, frame, call);
        return give(fresh());
      case 'export':
        this.export(state, frame, call);
        return give(this.outputsOf(state, call) ?? fresh());
      case 'scale':
        return give(this.scaled(arg('value') ?? ZERO, model.from === 'pages' ? PAGE : 1 / PAGE));
      case 'pass':
        if (model.failure === 'err-pointer') this.learnError(state, arg('value') ?? values[0]);
        return give(arg('value') ?? values[0] ?? fresh());
      case 'part':
        return give(this.part(state, call));
      case 'is-error': {
        const value = arg('value') ?? values[0] ?? ZERO;
        const operator =
          model.failure === 'efi-error' || model.failure === 'nonzero'
            ? '!='
            : model.failure === 'err-pointer-or-null'
              ? '<='
              : '<';
        return give({ kind: 'test', operator, left: value, right: ZERO });
      }
      case 'assume':
      case 'assume-not': {
        const status = arg('status');
        const condition: Value | undefined = status
          ? { kind: 'test', operator: '==', left: status, right: ZERO }
          : (arg('condition') ?? arg('value') ?? values[0]);
        const next = condition ? context.conditions.assume(state, condition, model.action === 'assume') : state;
        return next && { state: next, value: fresh() };
      }
      case 'no-return':
        return null;
      case 'unmap-info-get':
      case 'unmap-info-set':
        return give(this.unmapInfo(state, frame, call) ?? fresh());
      case 'device-start':
      case 'device-stop':
        if (model.action === 'device-start') this.entrust(state, arg('channel'));
        this.power(state, call, model.action);
        return give(fresh());
      case 'wait':
        return give(this.wait(state, frame, call));
      case 'atomic-enter':
      case 'atomic-leave':
        this.atomic(state, call, model.action);
        return give(fresh());
      case 'set-attribute':
        return give(this.setAttribute(state, frame, call));
      case 'memory-map-change':
        if (!model.changesMemoryMap) context.emit(state, { op: 'memory-map-change', site: call.site, api: call.name });
        return give(fresh());
      case 'to-host-address':
        this.toHostAddress(state, call);
        return give(arg('value') ?? fresh());
      case 'to-device-address':
        return give(this.toDeviceAddress(state, call));
      case 'manage':
      case 'keep':
        this.escapeAll(state, call, model.action === 'manage');
        this.keep(state, call);
        return give(fresh());
      case 'kept':
        return give(this.kept(state, call) ?? answer());
      case 'container':
        return give(this.container(call) ?? fresh());
      case 'store':
        this.storeValue(state, call);
        return give(arg('value') ?? fresh());
      case 'mapped-address':
      case 'sg-address':
      case 'sg-length': {
        // The macro is an lvalue too: what was assigned to it is read back.
        const entry = arg('scatterlist') ?? values[0];
        const place = entry ? pointee(entry) : null;
        if (entry && place !== null) this.readMappedEntry(state, frame, call, entry, place);
        const mapped = entry && model.action === 'sg-address' ? this.entryAddress(state, entry) : null;
        if (mapped && !state.get(`${place}.${call.name}`)) return give(mapped);
        return give(place === null ? fresh() : context.memory.load(state, `${place}.${call.name}`));
      }
      case 'set-mask':
        return give(this.setMask(state, frame, call));
      case 'device-attributes':
        if (this.context.atExitBootServices) this.askToStop(state, call);
        return give(this.outputsOf(state, call) ?? answer());
      case 'register-callback': {
        const [object, kept] = [arg('object'), arg('buffer')];
        const place = object ? pointee(object) : null;
        if (model.keepsIn && place !== null && kept) state.set(`${place}.${model.keepsIn}`, kept);
        if (model.transfers) this.transfer(state, frame, call);
        return give(this.outputsOf(state, call) ?? answer());
      }
      case 'sg-virtual': {
        const entry = arg('scatterlist');
        const place = entry ? pointee(entry) : null;
        if (!entry || place === null) return give(answer());
        return give(context.evaluator.constant(`${call.name}(${valueKey(entry)})`, { entryMemory: place }));
      }
      case 'sg-init':
      case 'sleep':
      case 'none':
        for (const value of values) context.fill(state, value);
        if (model.stable) return give(this.lookUp(state, call));
        if (model.direction) return give(context.evaluator.constant(`const:${DIRECTIONS[model.direction]}`));
        return give(this.outputsOf(state, call) ?? answer());
    }
  }

  private resource(
    call: ModelledCall,
    frame: Frame,
    kind: ResourceInfo['kind'],
    outputs: ResourceInfo['outputs'],
  ): ResourceInfo {
    return this.context.resources.intern(`${kind}:${call.key}`, () => ({
      kind,
      site: call.site,
      model: call.model,
      foreign: false,
      memory: kind === 'buffer' ? 'dma' : 'unknown',
      name: call.name,
      within: null,
      depth: frame.depth,
      outputs,
      inLoop: call.key.includes('#'),
      nonzero: [
        ...call.model.args.flatMap((role, i) => {
          const value = call.values[i];
          return (role === 'entries' || role === 'size' || role === 'pages') &&
            value?.kind === 'symbol' &&
            !value.offset
            ? [value.symbol]
            : [];
        }),
        ...(call.model.fills ? [this.context.symbols.intern(`filled:${call.key}`)] : []),
      ],
    }));
  }

  /** Puts results into the places that the out-arguments name. */
  private outputs(
    state: State,
    call: ModelledCall,
    roles: readonly Role[],
  ): { location: string; before: Value | undefined; role: Role }[] {
    const found: { location: string; before: Value | undefined; role: Role }[] = [];
    for (const role of roles) {
      const pointer = argument(call.model, call.values, role);
      const location = pointer ? pointee(pointer) : null;
      if (location !== null) found.push({ location, before: state.get(location), role });
    }
    return found;
  }

  private deviceKey(call: ModelledCall): string | null {
    const device = argument(call.model, call.values, 'device') ?? argument(call.model, call.values, 'this');
    return device ? valueKey(device) : null;
  }

  private direction(call: ModelledCall): { direction: Direction; mode: MappingMode } {
    const { model } = call;
    const value = argument(model, call.values, 'direction') ?? argument(model, call.values, 'operation');
    const mode = model.mode ?? 'streaming';
    if (!value) return { direction: model.direction ?? 'unknown', mode };
    const at = call.expressions[Math.max(model.args.indexOf('direction'), model.args.indexOf('operation'))];
    this.context.directions.set(
      call.site,
      at?.kind === 'name' ? this.kindOfName(at.name) : at?.kind === 'temporary' ? 'here' : 'elsewhere',
    );
    const constant = this.constantOf(call, value);
    return { direction: constant?.direction ?? 'unknown', mode: constant?.mode ?? mode };
  }

  private kindOfName(name: string): DirectionSource {
    const { code } = this.context;
    return code.models.constant(name, code.dialect)?.direction ? 'constant' : 'elsewhere';
  }

  private constantOf(_call: ModelledCall, value: Value) {
    const { code, symbols } = this.context;
    if (value.kind === 'symbol') {
      const name = /^const:(\w+)$/.exec(symbols.info(value.symbol).key)?.[1];
      return name ? code.models.constant(name, code.dialect) : undefined;
    }
    // enum dma_data_direction as a number
    const byNumber = ['DMA_BIDIRECTIONAL', 'DMA_TO_DEVICE', 'DMA_FROM_DEVICE', 'DMA_NONE'];
    const name = value.kind === 'number' && code.dialect === 'linux' ? byNumber[value.value] : undefined;
    return name ? code.models.constant(name, code.dialect) : undefined;
  }

  /** The thing that is mapped, and the key under which an unmap without a handle finds the mapping again. */
  private mapped(call: ModelledCall): {
    pointer: Value | undefined;
    at: Expression;
    key: string | null;
    object: boolean;
  } {
    const { model, values, expressions } = call;
    // An address that the caller chose is what tells an IOMMU mapping from others, those of the same list by dma_map_sg () too.
    for (const role of ['iova', 'scatterlist', 'sg-table', 'object', 'buffer', 'page', 'cpu-address'] as const) {
      const index = model.args.indexOf(role);
      const pointer = values[index];
      if (index < 0 || !pointer) continue;
      const at = expressions[index] ?? call.at;
      if (role === 'scatterlist' || role === 'sg-table' || role === 'object')
        return { pointer, at, key: `M:${this.tableKey(pointer)}`, object: role === 'object' };
      if (role === 'iova') {
        // A list that is mapped there keeps the addresses that it has from elsewhere.
        const target = argument(model, values, 'page') ?? argument(model, values, 'buffer');
        return { pointer: target, at, key: `M:iova:${valueKey(pointer)}`, object: false };
      }
      return { pointer, at, key: null, object: false };
    }
    return { pointer: undefined, at: call.at, key: null, object: false };
  }

  /** A table and its `sgl` are one object. */
  private tableKey(pointer: Value): string {
    if (pointer.kind === 'symbol' && !pointer.offset) {
      const from = this.context.symbols.info(pointer.symbol).loadedFrom;
      if (from?.endsWith('.sgl')) return valueKey(this.context.memory.addressOf(from.slice(0, -4)));
    }
    return valueKey(pointer);
  }

  private size(state: State, call: ModelledCall) {
    const { model, values } = call;
    const inOut = argument(model, values, 'size-in-out');
    if (inOut) {
      const place = pointee(inOut);
      return this.context.size(place === null ? undefined : this.context.memory.load(state, place));
    }
    const pages = argument(model, values, 'pages');
    if (pages) return this.context.size(pages, EFI_PAGE_SIZE);
    return this.context.size(
      argument(model, values, 'size') ?? argument(model, values, 'entries'),
      argument(model, values, 'count'),
    );
  }

  private map(state: State, frame: Frame, call: ModelledCall): Value {
    const { context } = this;
    const { model } = call;
    const outs = this.outputs(state, call, ['mapping-out', 'device-address-out', 'cpu-address-out']);
    const resource = this.resource(call, frame, 'mapping', outs);
    const size = this.size(state, call);
    const { pointer, at, key, object } = this.mapped(call);
    const { direction, mode } = this.direction(call);
    // An object stands for the memory that was allocated for it, not for the structure itself.
    const target = object && pointer ? state.get(`A:${this.tableKey(pointer)}`) : pointer;
    const buffer: Reference = target ? this.bufferReference(state, frame, target, at) : { to: 'unknown' };
    if (buffer.to === 'buffer') context.mappedBuffers.set(resource.id, buffer.id);
    if (target?.kind === 'symbol' && context.symbols.info(target.symbol).managed) context.ofManaged.add(resource.id);
    // A list names the memory that is mapped; where the list itself lives does not matter.
    if (key && buffer.to === 'buffer' && !object) {
      context.lists.add(buffer.id);
      state.unmark(`sg${buffer.id}`);
    }
    const start = startOf(pointer, argument(model, call.values, 'offset'));
    const contents = object || key || start !== null ? null : context.contents(state, pointer);
    if (direction === 'to-device' && (contents === 'fresh' || contents === 'cleared'))
      context.unfilled.add(resource.id);
    context.emit(state, {
      op: 'map',
      site: call.site,
      api: call.name,
      mapping: resource.id,
      buffer,
      ...(start === null ? {} : { start }),
      ...(contents && { contents }),
      size,
      direction,
      mode,
      family: familyOf(model),
      releasedBy: releasableAs(model),
      device: this.deviceKey(call),
      outcome: 'ok',
      managed: model.managed ?? false,
      attributes: this.isWide(model) ? ['dual-address-cycle'] : [],
    });
    state.update(resource.id, {
      outcome: (model.failure ?? 'never') === 'never' ? 'ok' : 'pending',
      life: 'live',
      escaped: false,
      wronglyChecked: false,
      ...(direction === 'unknown' ? {} : { direction }),
    });
    const length = argument(model, call.values, 'size');
    if (length?.kind === 'symbol' && !length.offset) context.mappedLengths.set(resource.id, length.symbol);
    const handle = context.result(resource, 'device-address');
    for (const { location, role } of outs) {
      const value = context.result(resource, role === 'mapping-out' ? 'mapping' : 'device-address');
      state.set(location, value);
      // Where the call fails the place keeps what it held.
      if (value.kind === 'symbol') state.learn(value.symbol, NOT_NULL);
    }
    // Address 0 is valid in theory; drivers that use 0 for "not mapped" are right in practice.
    if (handle.kind === 'symbol') state.learn(handle.symbol, NOT_NULL);
    const bytes = argument(model, call.values, 'size-in-out');
    const bytesPlace = bytes ? pointee(bytes) : null;
    const asked = bytesPlace === null ? undefined : context.memory.load(state, bytesPlace);
    const lengthAt = call.expressions[model.args.indexOf('size-in-out')];
    // Common buffers are mapped whole or not at all. Whoever is handed the address alone cannot know how far it reaches.
    const isHandedOut = outs.some(({ location, role }) => role === 'device-address-out' && /^\*\d+$/.test(location));
    const isVaried = asked?.kind === 'symbol' && !/const:/.test(context.symbols.info(asked.symbol).key);
    if (
      mode === 'streaming' &&
      isVaried &&
      isHandedOut &&
      lengthAt?.kind === 'address-of' &&
      lengthAt.object.kind === 'name'
    )
      context.lengthNames.set(resource.id, lengthAt.object.name);
    if (bytesPlace !== null)
      state.set(
        bytesPlace,
        context.result(resource, 'mapped-bytes', { asked: context.memory.load(state, bytesPlace) }),
      );
    if (key) state.set(key, handle);
    const table = argument(model, call.values, 'sg-table');
    const tablePlace = table ? pointee(table) : null;
    if (tablePlace !== null) {
      const mapped = context.evaluator.constant(`entries:${resource.id}`);
      if (mapped.kind === 'symbol') state.learn(mapped.symbol, { ...NOT_NULL, low: 1, not: [] });
      state.set(`${tablePlace}.nents`, mapped);
    }
    if (pointer && !key) context.noteMapped(state, pointer, handle, mode === 'streaming');
    const returned = this.returned(resource, model);
    if (model.result === 'pointer') this.learnHowItFails(state, model, returned);
    // No more entries are mapped than were asked for: `!= 1` after one entry means none.
    const entries = argument(model, call.values, 'entries');
    if (model.result === 'count' && entries?.kind === 'number' && entries.value > 0 && returned.kind === 'symbol')
      state.learn(returned.symbol, { low: Number.NEGATIVE_INFINITY, high: entries.value, not: [] });
    // An object that stands for the mapping: ib_umem_get (), released by the same pointer.
    if (model.result === 'pointer') state.set(`M:${valueKey(returned)}`, handle);
    return returned;
  }

  /** PciIo passes 64-bit operations on where the driver has said that its device drives so many. */
  private isWide({ family, args }: ApiModel): boolean {
    const { dialect, asksForWideAddresses } = this.context.code;
    return dialect === 'edk2' && family === 'pci-io' && args.includes('operation') && asksForWideAddresses;
  }

  /** What is mapped and unmapped by whom the buffer is given to: memory from a DMA allocator needs neither. */
  private transfer(state: State, frame: Frame, call: ModelledCall): void {
    const index = call.model.args.indexOf('buffer');
    const pointer = call.values[index];
    const at = call.expressions[index] ?? call.at;
    const buffer: Reference = pointer ? this.bufferReference(state, frame, pointer, at) : { to: 'unknown' };
    if (buffer.to !== 'buffer' || this.context.resources.info(buffer.id).memory === 'dma') return;
    const { id } = this.resource(call, frame, 'mapping', []);
    const family = familyOf(call.model);
    const size = this.size(state, call);
    const { direction, mode } = this.direction(call);
    const common = { site: call.site, api: call.name, size, direction, family, device: this.deviceKey(call) };
    const made = { mapping: id, buffer, mode, releasedBy: [family], managed: false, attributes: [] } as const;
    this.context.emit(state, { op: 'map', ...common, ...made, outcome: 'ok' });
    const target: Reference = { to: 'mapping', id, how: 'exact' };
    this.context.emit(state, { op: 'unmap', ...common, target, entries: null });
  }

  private returned(resource: ResourceInfo, model: ApiModel): Value {
    const role: SymbolRole =
      model.result === 'device-address'
        ? 'device-address'
        : model.result === 'count'
          ? 'count'
          : model.result === 'cpu-address' || model.result === 'pointer' || model.result === 'page'
            ? model.action === 'channel-request'
              ? 'channel'
              : 'cpu-address'
            : 'status';
    return this.context.result(resource, role);
  }

  private bufferReference(state: State, frame: Frame, pointer: Value, at: Expression): Reference {
    const base = basePointer(pointer);
    const resource = this.context.resourceOf(base);
    if (resource !== null && state.resource(resource)) return this.context.toResource(resource, 'exact');
    const place = pointee(pointer);
    return place === null
      ? { to: 'unknown' }
      : { to: 'buffer', id: this.context.memoryAt(place, frame, at).id, how: 'exact' };
  }

  /** The mapping that an unmap or sync names. */
  private target(state: State, frame: Frame, call: ModelledCall): Reference {
    const { context } = this;
    const { model, values, expressions } = call;
    const { pointer, at, key } = this.mapped(call);
    if (key && pointer) {
      const known = state.get(key);
      const resource = known ? context.resourceOf(known) : context.partOf(state, pointer);
      if (resource !== null) return context.toResource(resource, 'exact');
      const keyed = context.evaluator.constant(`keyed:${key}@${state.epoch}`);
      const reference = context.reference(state, frame, keyed, 'device-address', at);
      if (reference.to === 'mapping')
        state.set(key, context.result(context.resources.info(reference.id), 'device-address'));
      return reference;
    }
    for (const role of ['mapping', 'device-address', 'cpu-address'] as const) {
      const index = model.args.indexOf(role);
      const value = values[index];
      const entry = value?.kind === 'symbol' ? context.symbols.info(value.symbol).entryOf : undefined;
      if (entry !== undefined && state.resource(entry)) return context.toResource(entry, 'exact');
      if (index >= 0 && value) return context.reference(state, frame, value, role, expressions[index] ?? call.at);
    }
    return { to: 'unknown' };
  }

  /** The DMA fields of a scatterlist entry are read: they mean something only while the list is mapped. */
  private readMappedEntry(state: State, frame: Frame, call: ModelledCall, entry: Value, place: string): void {
    if (state.get(`M:${this.tableKey(entry)}`) || state.get(`${place}.${call.name}`)) return;
    const { context } = this;
    const at = call.expressions[0] ?? call.at;
    const walked = entry.kind === 'symbol' && !entry.offset ? context.symbols.info(entry.symbol).walkOf : undefined;
    const start = walked ? pointee(walked) : null;
    const list = context.memoryAt(start ?? place, frame, at);
    const isFirst = start === null && state.marks.some((mark) => mark.endsWith(walkMark('', entry)));
    context.emit(state, {
      op: 'cpu-read',
      site: call.site,
      api: call.name,
      target: { to: 'buffer', id: list.id, how: 'other-role' },
      ...(start !== null ? { entry: 'current' } : isFirst ? { entry: 'first' } : {}),
    });
    state.mark(`sg${list.id}`);
    if (call.model.action === 'sg-length') context.noteLengthRead(state, place, list.id);
  }

  private entryAddress(state: State, entry: Value): Value | null {
    const list = state.get(`M:${this.tableKey(entry)}`);
    const mapping = list ? this.context.resourceOf(list) : null;
    if (mapping === null) return null;
    return this.context.evaluator.constant(`entry:${mapping}:${valueKey(entry)}`, { entryOf: mapping });
  }

  private storeValue(state: State, call: ModelledCall): void {
    const { model, values, expressions } = call;
    const value = argument(model, values, 'value');
    const out = argument(model, values, 'value-out');
    const target = expressions[model.args.indexOf('place')];
    const place = out
      ? pointee(out)
      : target && call.frame
        ? this.context.evaluator.place(state, call.frame, target)
        : null;
    if (place !== null && place !== undefined && value) state.set(place, value);
  }

  private entries(state: State, call: ModelledCall, target: Reference): 'original' | 'mapped' | 'unknown' | null {
    const value = argument(call.model, call.values, 'entries');
    if (!value) return null;
    const info = value.kind === 'symbol' ? this.context.symbols.info(value.symbol) : undefined;
    void state;
    return info?.role === 'count' && target.to === 'mapping' && info.resource === target.id ? 'mapped' : 'unknown';
  }

  private unmap(state: State, frame: Frame, call: ModelledCall): Value | null {
    const { context } = this;
    const target = this.target(state, frame, call);
    if (target.to === 'null' && call.model.acceptsNull) return null;
    const isForeign = target.to === 'mapping' && context.resources.info(target.id).foreign;
    if (isForeign) this.handOverAliases(state, call);
    this.noteMaker(frame, call, target);
    this.end(state, call, target, isForeign ? this.memoryBeside(state, frame, call) : null);
    return null;
  }

  private end(state: State, call: ModelledCall, target: Reference, memory: Reference | null = null): void {
    this.context.emit(state, {
      op: 'unmap',
      site: call.site,
      api: call.name,
      target,
      ...(memory && { memory }),
      ...(isStatusIgnored(call) && { statusIgnored: true }),
      family: call.model.family ?? call.name,
      device: this.deviceKey(call),
      size: this.size(state, call),
      direction: this.direction(call).direction,
      entries: this.entries(state, call, target),
      ...this.stoppedChannel(call, target),
    });
    this.release(state, target);
  }

  /** The channel that uses memory which was there before, as far as the function has told it to stop. */
  private stoppedChannel({ model, values }: ModelledCall, target: Reference): { channel?: string } {
    const { context } = this;
    if (context.code.dialect !== 'linux' || (target.to !== 'mapping' && target.to !== 'buffer')) return {};
    if (!context.resources.info(target.id).foreign) return {};
    const handle = argument(model, values, 'device-address');
    const list = argument(model, values, 'scatterlist');
    const place = handle?.kind === 'symbol' ? context.symbols.info(handle.symbol).loadedFrom : list && pointee(list);
    const channel = context.stopped.of(argument(model, values, 'device'), place ?? undefined);
    return channel === undefined ? {} : { channel };
  }

  /** A list, or what the field beside the token's holds: that is what was mapped. */
  private memoryBeside(state: State, frame: Frame, call: ModelledCall): Reference | null {
    const { context } = this;
    const list = argument(call.model, call.values, 'scatterlist');
    const start = list ? pointee(list) : null;
    if (start !== null) return context.toResource(context.memoryAt(start, frame, call.at).id, 'exact');
    const token = argument(call.model, call.values, 'mapping');
    const from = token?.kind === 'symbol' ? context.symbols.info(token.symbol).loadedFrom : undefined;
    const field = from === undefined ? '' : lastField(from);
    if (from === undefined || !from.endsWith(`.${field}`)) return null;
    for (const beside of context.code.mappedBy(field)) {
      const pointer = state.get(`${from.slice(0, -field.length)}${beside}`);
      const place = pointer ? pointee(pointer) : null;
      if (!pointer || place === null) continue;
      const given = context.resources.known(`foreign:cpu-address:${valueKey(pointer)}`);
      return context.toResource((given ?? context.memoryAt(place, frame, call.at)).id, 'exact');
    }
    return null;
  }

  /** A handle whose origin is not seen is unmapped: it may be one of this path's own that went where it cannot be followed. */
  private handOverAliases(state: State, call: ModelledCall): void {
    const { context } = this;
    const handle = argument(call.model, call.values, 'device-address') ?? argument(call.model, call.values, 'mapping');
    const from = handle?.kind === 'symbol' ? context.symbols.info(handle.symbol).loadedFrom : undefined;
    const field = from === undefined ? null : lastField(from);
    const family = call.model.family ?? call.name;
    for (const [id, now] of [...state.allResources()]) {
      const info = context.resources.info(id);
      if (info.foreign || info.kind !== 'mapping' || now.life !== 'live' || now.outcome === 'failed') continue;
      if (!info.model || !releasableAs(info.model).includes(family)) continue;
      const isNear =
        field !== null &&
        [...state.handles()].some(
          ([l, v]) => context.resourceOf(v) === id && !/^[BZHEMAN]:/.test(l) && lastField(l) === field,
        );
      if (now.escaped || isNear) context.handOver(state, id, call.name);
    }
  }

  private release(state: State, target: Reference): void {
    if (target.to !== 'mapping' && target.to !== 'buffer') return;
    const now = state.resource(target.id);
    if (!now) return;
    state.update(target.id, { life: 'gone', outcome: now.outcome === 'pending' ? 'ok' : now.outcome });
  }

  /** A mapping that some other function made: the calls that put a handle into this field tell how. */
  private noteMaker(frame: Frame, call: ModelledCall, target: Reference): void {
    const { code, symbols, resources, sites, knownMappings, directions } = this.context;
    const index = call.model.args.indexOf('device-address');
    const [handle, at] = [call.values[index], call.expressions[index]];
    if (code.dialect !== 'linux' || target.to !== 'mapping' || handle?.kind !== 'symbol' || !at) return;
    if (!resources.info(target.id).foreign || knownMappings.has(target.id)) return;
    if (handle.offset !== 0 || symbols.info(handle.symbol).loadedFrom === undefined) return;
    const made = madeElsewhere(code, frame, at);
    if (!made) return;
    knownMappings.set(target.id, { buffer: { to: 'unknown' }, direction: made.direction, made });
    directions.set(sites.intern(made.place), made.direction === 'unknown' ? 'elsewhere' : 'constant');
  }

  /** A mapping that some other function made: the field beside its handle tells which memory it is of. */
  private noteKnownMapping(state: State, frame: Frame, call: ModelledCall, target: Reference): void {
    const { context } = this;
    const handle = argument(call.model, call.values, 'device-address');
    if (target.to !== 'mapping' || handle?.kind !== 'symbol' || !context.resources.info(target.id).foreign) return;
    const from = context.symbols.info(handle.symbol).loadedFrom;
    const field = from === undefined ? undefined : context.code.mappedBeside.get(lastField(from));
    if (from === undefined || field === undefined || !from.endsWith(`.${lastField(from)}`)) return;
    const pointer = context.memory.load(state, `${from.slice(0, from.lastIndexOf('.'))}.${field}`);
    const place = pointee(pointer);
    if (place === null || context.resourceOf(pointer) !== null) return;
    const buffer = context.memoryAt(place, frame, call.at).id;
    const made = context.knownMappings.get(target.id)?.made;
    context.knownMappings.set(target.id, {
      buffer: { to: 'buffer', id: buffer, how: 'exact' },
      direction: made?.direction ?? this.direction(call).direction,
      ...(made && { made }),
    });
    context.noteMapped(state, pointer, context.result(context.resources.info(target.id), 'device-address'), true);
  }

  private sync(state: State, frame: Frame, call: ModelledCall): void {
    const target = this.target(state, frame, call);
    this.noteMaker(frame, call, target);
    this.noteKnownMapping(state, frame, call, target);
    this.context.emit(state, {
      op: 'sync',
      site: call.site,
      api: call.name,
      target,
      owner: call.model.owner ?? 'cpu',
      direction: this.direction(call).direction,
      size: this.size(state, call),
      entries: this.entries(state, call, target),
    });
  }

  private allocate(state: State, frame: Frame, call: ModelledCall): Value {
    const { context } = this;
    const { model } = call;
    const outs = this.outputs(state, call, ['cpu-address-out', 'device-address-out', 'mapping-out']);
    const resource = this.resource(call, frame, model.action === 'channel-request' ? 'channel' : 'buffer', outs);
    context.emit(state, {
      op: 'allocate',
      site: call.site,
      api: call.name,
      buffer: resource.id,
      memory: model.action === 'channel-request' ? 'unknown' : 'dma',
      family: familyOf(model),
      releasedBy: releasableAs(model),
      device: this.deviceKey(call),
      size: this.size(state, call),
      outcome: 'ok',
      managed: model.managed ?? false,
      attributes: this.allocationFlags(call),
    });
    state.update(resource.id, {
      outcome: (model.failure ?? 'never') === 'never' ? 'ok' : 'pending',
      life: 'live',
      escaped: false,
      wronglyChecked: false,
    });
    for (const { location, role } of outs) {
      const value = context.result(
        resource,
        role === 'device-address-out' ? 'device-address' : role === 'mapping-out' ? 'mapping' : 'cpu-address',
      );
      state.set(location, value);
      if (value.kind === 'symbol') state.learn(value.symbol, NOT_NULL);
    }
    const returned = this.returned(resource, model);
    this.learnHowItFails(state, model, returned);
    const object = argument(model, call.values, 'object');
    if (object) state.set(`A:${this.tableKey(object)}`, context.result(resource, 'cpu-address'));
    // There is no memory of no size.
    if (this.size(state, call).bytes === 0 && model.failure === 'null')
      context.conditions.assume(state, { kind: 'test', operator: '==', left: returned, right: ZERO }, true);
    const filled = object && model.fills ? context.memory.member(object, model.fills) : null;
    if (filled !== null) state.set(filled, context.evaluator.constant(`filled:${call.key}`));
    return returned;
  }

  private allocationFlags({ model, expressions }: ModelledCall): readonly string[] {
    const flags = model.action === 'allocate' ? expressions[model.args.indexOf('gfp')] : undefined;
    return flags ? this.constants(flags).flatMap(({ attribute }) => attribute ?? []) : [];
  }

  /** Where failure is a null pointer, no result is an error pointer. */
  private learnHowItFails(state: State, model: ApiModel, value: Value): void {
    const { failure } = model;
    if (value.kind !== 'symbol' || model.result === 'count') return;
    if (failure === 'null' || failure === 'zero') state.learn(value.symbol, { ...state.domain(value.symbol), low: 0 });
    // And where it is an error pointer, none is null.
    if (failure === 'err-pointer') state.learn(value.symbol, NOT_NULL);
  }

  /** What is not zero and is made an error pointer is an error number. */
  private learnError(state: State, value: Value | undefined): void {
    if (value?.kind !== 'symbol' || value.offset !== 0) return;
    const domain = state.domain(value.symbol);
    const negative = decide(domain, '!=', 0) === true ? narrow(domain, '<', 0) : null;
    if (negative) state.learn(value.symbol, negative);
  }

  private free(state: State, frame: Frame, call: ModelledCall): void {
    const { context } = this;
    const { model, values, expressions } = call;
    const role: Role = model.action === 'channel-release' ? 'channel' : 'cpu-address';
    let index = model.args.indexOf(role);
    const object = argument(model, values, 'object');
    const isBuffer = object && context.resourceOf(object) !== null;
    if (isBuffer) index = model.args.indexOf('object');
    else if (object) return this.freeObject(state, frame, call, object);
    if (index < 0)
      index = model.args.findIndex(
        (r) => r === 'buffer' || r === 'value' || r === 'page' || r === 'device-address' || r === 'sg-table',
      );
    if (index < 0) index = model.args.indexOf('pool');
    // The CPU may have no address of it (DMA_ATTR_NO_KERNEL_MAPPING).
    const named = expressions[index];
    if (named && isNull(named) && model.args.includes('device-address')) index = model.args.indexOf('device-address');
    const value = values[index];
    if (!value) return;
    const wanted: SymbolRole =
      model.action === 'channel-release'
        ? 'channel'
        : model.args[index] === 'device-address'
          ? 'device-address'
          : 'cpu-address';
    const mapping = this.mappingGiven(state, call);
    if (mapping) return this.end(state, call, mapping);
    const target = context.reference(state, frame, value, wanted, expressions[index] ?? call.at);
    if (target.to === 'null' && (model.acceptsNull ?? false)) return;
    // Pages inside the buffer: a part of it goes, which one is not followed.
    if (target.to === 'buffer' && (target.how === 'offset' || this.isPartOnly(state, target.id, call)))
      return context.handOver(state, target.id, call.name);
    const field = this.noteAllocator(frame, call, target);
    context.emit(state, {
      op: 'free',
      site: call.site,
      api: call.name,
      target,
      family: model.family ?? call.name,
      device: this.deviceKey(call),
      size: { ...this.size(state, call), ...(field !== null && { field }) },
      ...this.stoppedChannel(call, target),
    });
    this.release(state, target);
  }

  /** Memory that some other function allocated with the size in one field, and that is freed with one: which is it? */
  private noteAllocator(frame: Frame, { model, expressions }: ModelledCall, target: Reference): string | null {
    const { code, resources, knownBuffers } = this.context;
    const [pointer, size] = [expressions[model.args.indexOf('cpu-address')], expressions[model.args.indexOf('size')]];
    if (code.dialect !== 'linux' || target.to !== 'buffer' || !resources.info(target.id).foreign) return null;
    const field = pointer && size ? fieldBeside(frame, size, pointer) : null;
    const made = pointer && field !== null ? allocatedElsewhere(code, frame, pointer) : null;
    if (!made || !pointer || field === null || made.sizedBy === null || made.sizedBy === field) return null;
    if (!made.releasedBy.includes(model.family ?? model.name)) return null;
    const type = fieldOf(frame, pointer)?.type;
    if (type === undefined || !areIndependent(code, type, [made.sizedBy, field])) return null;
    knownBuffers.set(target.id, made);
    return field;
  }

  /** A mapping of this path whose device address is taken for that of a buffer. */
  private mappingGiven(state: State, call: ModelledCall): Reference | null {
    const address = argument(call.model, call.values, 'device-address');
    const { resource, role, derived } = address?.kind === 'symbol' ? this.context.symbols.info(address.symbol) : {};
    if (resource === undefined || role !== 'device-address' || derived) return null;
    const { kind, foreign } = this.context.resources.info(resource);
    return kind === 'mapping' && !foreign && state.resource(resource)
      ? this.context.toResource(resource, 'exact')
      : null;
  }

  /** Fewer pages are freed than were allocated, on purpose as it seems: trimming an aligned allocation. */
  private isPartOnly(state: State, buffer: number, call: ModelledCall): boolean {
    const pages = argument(call.model, call.values, 'pages');
    if (!pages) return false;
    const freed = this.size(state, call);
    for (let node = state.trace; node; node = node.previous) {
      const { event } = node;
      if (event.op !== 'allocate' || event.buffer !== buffer) continue;
      if (event.size.bytes !== null && freed.bytes !== null) return freed.bytes < event.size.bytes;
      const [made, gone] = [event.size.multiple, freed.multiple];
      if (made && gone && made.of === gone.of) return gone.factor < made.factor;
      // Bytes where pages are wanted is no trimming.
      return event.size.key !== freed.key && !event.size.key.includes(valueKey(pages));
    }
    return false;
  }

  private freeObject(state: State, frame: Frame, call: ModelledCall, object: Value): void {
    const { context } = this;
    const key = `A:${this.tableKey(object)}`;
    const held = state.get(key) ?? context.evaluator.constant(`keyed:${key}@${state.epoch}`);
    const target = context.reference(state, frame, held, 'cpu-address', call.at);
    context.emit(state, {
      op: 'free',
      site: call.site,
      api: call.name,
      target,
      family: call.model.family ?? call.name,
      device: this.deviceKey(call),
      size: { bytes: null, key: '?' },
    });
    this.release(state, target);
    state.remove(key);
  }

  private convert(state: State, frame: Frame, call: ModelledCall): Value {
    const index = call.model.args.indexOf('buffer');
    const pointer = call.values[index];
    const target: Reference = pointer
      ? this.bufferReference(state, frame, pointer, call.expressions[index] ?? call.at)
      : { to: 'unknown' };
    const contents = this.context.contents(state, pointer);
    return this.event(state, frame, call, {
      op: 'convert',
      site: call.site,
      api: call.name,
      target,
      to: call.model.to ?? 'shared',
      ...(contents && { contents }),
      size: this.size(state, call),
      outcome: 'ok',
    });
  }

  /** A number up to 64 is one of bits (DMA_BIT_MASK), a greater one the mask itself. */
  private setMask(state: State, frame: Frame, call: ModelledCall): Value {
    const mask = argument(call.model, call.values, 'value');
    if (mask?.kind !== 'number' || mask.value < 1) return this.context.evaluator.constant(`call:${call.key}`);
    const bits = mask.value <= 64 ? mask.value : Math.min(64, Math.round(Math.log2(mask.value + 1)));
    const { mode = 'streaming' } = call.model;
    const operation: Operation = {
      op: 'set-mask',
      site: call.site,
      api: call.name,
      device: this.deviceKey(call),
      bits,
      mode,
      outcome: 'ok',
    };
    return this.event(state, frame, call, operation);
  }

  /** An operation that holds nothing, but both of whose outcomes matter. Gives what the call returns. */
  private event(state: State, frame: Frame, call: ModelledCall, operation: Operation): Value {
    const { context } = this;
    const resource = this.resource(call, frame, 'event', []);
    context.outcomes.set(operation, resource.id);
    context.emit(state, operation);
    state.update(resource.id, {
      outcome: (call.model.failure ?? 'never') === 'never' ? 'ok' : 'pending',
      life: 'live',
      escaped: false,
      wronglyChecked: false,
    });
    const { failure } = call.model;
    return context.result(resource, failure === 'zero' || failure === 'not-positive' ? 'count' : 'status');
  }

  private channelKey(call: ModelledCall): string | null {
    const channel = argument(call.model, call.values, 'channel');
    return channel ? valueKey(channel) : null;
  }

  private power(state: State, call: ModelledCall, op: 'device-start' | 'device-stop'): void {
    const device = this.channelKey(call) ?? this.deviceKey(call);
    const quiet = call.model.quiet ?? true;
    const channel = argument(call.model, call.values, 'channel');
    if (op === 'device-stop' && !quiet && channel) this.context.stopped.note(channel);
    this.context.emit(state, { op, site: call.site, api: call.name, device, quiet });
    if (op === 'device-start' && this.channelKey(call) !== null) state.mark(RUNNING);
  }

  /** Whether the device was done matters only where it was seen to be started. */
  private wait(state: State, frame: Frame, call: ModelledCall): Value {
    if (!state.hasMark(RUNNING)) {
      const left = this.context.evaluator.constant(`call:${call.key}`);
      // The time that is left.
      if (call.model.failure === 'zero' && left.kind === 'symbol') state.learn(left.symbol, { ...ANYTHING, low: 0 });
      return left;
    }
    return this.event(state, frame, call, { op: 'wait', site: call.site, api: call.name, outcome: 'ok' });
  }

  private atomic(state: State, { site, name }: ModelledCall, op: 'atomic-enter' | 'atomic-leave'): void {
    const depth = state.marks.filter((mark) => mark.startsWith(ATOMIC)).length;
    if (op === 'atomic-enter') state.mark(`${ATOMIC}${depth + 1}`);
    else state.unmark(`${ATOMIC}${depth}`);
    if (op === 'atomic-enter' || depth > 0) this.context.emit(state, { op, site, api: name });
  }

  /** A call that makes or releases DMA memory, or maps it, and may sleep in doing so. */
  private sleep(state: State, { model, expressions, name, site }: ModelledCall): void {
    if (!state.hasMark(`${ATOMIC}1`) || !MAY_SLEEP.has(model.action)) return;
    const flags = expressions[model.args.indexOf('gfp')];
    const sleeps =
      model.sleeps === 'always' || (model.sleeps === 'gfp' && flags && this.constants(flags).some((c) => c.sleeps));
    if (sleeps) this.context.emit(state, { op: 'sleep', site, api: name });
  }

  /** Constants of the API that an expression names. */
  private constants(expression: Expression): ConstantModel[] {
    const { models, dialect } = this.context.code;
    return namesIn(expression).flatMap((name) => models.constant(name, dialect) ?? []);
  }

  /** A part of a number; of a device address it is told whether that is its upper half. */
  private part(state: State, { model, values, name }: ModelledCall): Value {
    const { symbols, evaluator } = this.context;
    const key = `${name}(${values.map(valueKey).join()})`;
    const value = argument(model, values, 'value');
    const bits = values[model.args.indexOf('value') + 1];
    const isHalf = !bits || (bits.kind === 'number' && bits.value === 32);
    const { resource, role, hostOf } = value?.kind === 'symbol' && isHalf ? symbols.info(value.symbol) : {};
    if (hostOf !== undefined) return evaluator.constant(`(${key})`, { hostOf, isUpperHalf: true });
    return resource !== undefined && role === 'device-address' && state.resource(resource)
      ? evaluator.constant(`(${key})`, { resource, role, derived: true, isUpperHalf: true })
      : evaluator.derived(state, key, values);
  }

  /** What was cut off is never the address that means failure. */
  private checkNarrow(state: State, frame: Frame, { model, expressions, values }: ModelledCall): void {
    const { context } = this;
    const index = Math.max(model.args.indexOf('device-address'), model.args.indexOf('value'));
    const [value, at] = [values[index], expressions[index]];
    const place = at && value?.kind === 'symbol' ? narrowPlace(context.code, frame, at) : null;
    if (!place || !at || value?.kind !== 'symbol') return;
    const { resource, role, derived } = context.symbols.info(value.symbol);
    if (resource === undefined || role !== 'device-address' || derived || context.resources.info(resource).foreign)
      return;
    context.emit(state, {
      op: 'translate',
      site: context.sites.intern(place),
      api: expressionName(at),
      target: context.toResource(resource, 'exact'),
      as: 'truncated',
    });
  }

  private toHostAddress(state: State, call: ModelledCall): void {
    const value = argument(call.model, call.values, 'value');
    if (value?.kind !== 'symbol') return;
    const { resource, role } = this.context.symbols.info(value.symbol);
    if (resource === undefined || role !== 'device-address') return;
    // A callee that does it is explored by itself.
    const info = this.context.resources.info(resource);
    if (info.foreign || info.depth > 0 || info.model?.family === 'swiotlb') return;
    // Whoever asks the IOMMU elsewhere in the function knows what the address is.
    if (callsName(call.frame.graph, 'iommu_iova_to_phys')) return;
    // Told where the analysed function hands the address over: what it calls may be right for pages.
    this.context.emit(state, {
      op: 'translate',
      site: call.frame.enteredAt ?? call.site,
      api: call.name,
      target: this.context.toResource(resource, 'exact'),
      as: call.model.result === 'page' ? 'page' : 'virtual',
    });
  }

  private setAttribute(state: State, frame: Frame, call: ModelledCall): Value {
    const access = argument(call.model, call.values, 'access');
    const rights = ['none', 'read', 'write', 'both'] as const;
    const operation: Operation = {
      op: 'set-attribute',
      site: call.site,
      api: call.name,
      target: this.target(state, frame, call),
      access: access?.kind === 'number' ? (rights[access.value] ?? 'unknown') : 'unknown',
      outcome: 'ok',
    };
    this.context.emit(state, operation);
    const status = this.context.symbols.intern(`call:${call.key}`);
    this.context.statuses.set(operation, status);
    return symbolValue(status);
  }

  private allocateMemory(state: State, _frame: Frame, call: ModelledCall): Value {
    const { model, name, expressions } = call;
    const flags = expressions[model.args.indexOf('gfp')];
    const isAsked = flags !== undefined && this.constants(flags).some(({ attribute }) => attribute === 'zero');
    const zeroed = model.zeroed ?? (isAsked || /zalloc|calloc|zeropool|Zero/i.test(name));
    const pointer = this.context.evaluator.constant(`object:${call.key}`, {
      memory: model.memory ?? ('heap' satisfies MemoryKind),
      zeroed,
      ...(model.managed && { managed: true }),
    });
    this.learnHowItFails(state, model, pointer);
    for (const { location } of this.outputs(state, call, ['cpu-address-out'])) state.set(location, pointer);
    return model.args.includes('cpu-address-out') ? this.context.evaluator.constant(`call:${call.key}`) : pointer;
  }

  private freeMemory(state: State, frame: Frame, call: ModelledCall): void {
    const { context } = this;
    const { model, values, expressions } = call;
    // One reference less: whether the memory goes is not known.
    if (model.counted) return;
    const index = Math.max(
      0,
      model.args.findIndex((r) => r === 'buffer' || r === 'cpu-address' || r === 'value' || r === 'page'),
    );
    const value = values[index];
    if (!value || value.kind === 'number' || value.kind === 'test') return;
    const place = pointee(basePointer(value));
    const resource = context.resourceOf(value);
    const at = expressions[index] ?? call.at;
    const target: Reference =
      resource !== null && state.resource(resource) && context.resources.info(resource).kind === 'buffer'
        ? context.toResource(resource, 'exact')
        : place === null
          ? { to: 'unknown' }
          : { to: 'buffer', id: context.memoryAt(place, frame, at).id, how: 'exact' };
    context.emit(state, {
      op: 'free',
      site: call.site,
      api: call.name,
      target,
      family: 'memory',
      device: null,
      size: { bytes: null, key: '?' },
    });
    if (target.to === 'buffer' && state.resource(target.id)) this.release(state, target);
    // What the object held is gone with it.
    const root = place === null ? null : rootSymbol(place);
    if (root !== null && place === `*${root}`) {
      const inside = [...state.locations()].filter(([l]) => l.startsWith(`${place}.`) || l.startsWith(`${place}[`));
      for (const [location, held] of inside) {
        const of = context.resourceOf(held);
        if (of !== null) context.owners.set(of, { memory: context.memoryAt(place, frame, at), symbol: root });
        state.remove(location);
      }
    }
  }

  private accessMemory(state: State, frame: Frame, call: ModelledCall): void {
    const { context } = this;
    const { model, values, expressions } = call;
    const written = model.args.indexOf('buffer');
    const read = model.args.indexOf('value');
    const destination = values[written];
    const source = values[read];
    if (destination && model.action !== 'read-memory')
      context.access(state, frame, destination, 'write', expressions[written] ?? call.at);
    if (destination && model.action === 'read-memory')
      context.access(state, frame, destination, 'read', expressions[written] ?? call.at);
    const length = argument(model, values, 'size');
    if (length) context.useValue(state, length, 'length', call.site, call.name);
    if (source && model.action === 'copy-memory')
      context.access(state, frame, source, 'read', expressions[read] ?? call.at);
    if (!destination || model.action === 'read-memory') return;
    const place = pointee(destination);
    if (place === null) return;
    const zeroing =
      model.action === 'write-memory' &&
      (model.args.includes('value')
        ? source?.kind === 'number' && source.value === 0
        : model.args.join() === 'buffer,size');
    if (zeroing) return context.memory.clear(state, place);
    context.fill(state, destination);
    if (!place.startsWith('*')) context.memory.forget(state, place);
  }

  private give(state: State, frame: Frame, call: ModelledCall): void {
    const { model, values } = call;
    const index = model.args.indexOf('value') >= 0 ? model.args.indexOf('value') : model.args.indexOf('buffer');
    const at = argument(model, values, 'value-at');
    const place = at ? pointee(at) : null;
    const value = place === null ? values[index] : state.get(place);
    const told = { device: this.channelKey(call), size: this.size(state, call) };
    if (value) this.giveValue(state, frame, value, 'register', call.site, call.name, told);
    else this.giveList(state, call);
    // Whatever is written then may be what makes the device stop.
    if (this.context.atExitBootServices) this.askToStop(state, call);
  }

  private askToStop(state: State, call: ModelledCall): void {
    this.context.emit(state, { op: 'device-stop', site: call.site, api: call.name, device: null, quiet: false });
  }

  /** A number put beside the address of a mapping: is it the mapped length, and more? */
  giveLength(state: State, location: string, value: Value, isConverted: boolean, site: number): void {
    const { context } = this;
    if (value.kind !== 'symbol' || !context.mappedLengths.size) return;
    const parent = location.slice(0, location.lastIndexOf('.') + 1);
    if (parent === '') return;
    for (const [place, handle] of state.handles()) {
      if (!place.startsWith(parent) || place.includes('.', parent.length)) continue;
      const { resource, role, derived } = context.symbols.info(handle.symbol);
      const length = resource === undefined ? undefined : context.mappedLengths.get(resource);
      if (resource === undefined || length === undefined || role !== 'device-address' || derived) continue;
      const more = this.addedTo(length, value.symbol, 4);
      if (more === null || (!isConverted && this.addedTo(length, value.symbol, 0) !== null)) continue;
      context.emit(state, {
        op: 'give',
        site,
        api: 'descriptor',
        target: context.toResource(resource, 'exact'),
        through: 'descriptor',
        size: { bytes: null, key: `${context.symbols.info(length).key}+${more}` },
      });
    }
  }

  /** What was added to `length` in the computation of `symbol`; null: it has no such sum in it. */
  private addedTo(length: number, symbol: number, depth: number): string | null {
    const { key } = this.context.symbols.info(symbol);
    const sum = /^\(s(\d+)\+s(\d+)\)$/.exec(key);
    if (sum && Number(sum[1]) === length) return `s${sum[2]}`;
    if (sum && Number(sum[2]) === length) return `s${sum[1]}`;
    if (depth === 0 || !key.startsWith('(')) return null;
    for (const [, part] of key.matchAll(/\bs(\d+)\b/g)) {
      const found = this.addedTo(length, Number(part), depth - 1);
      if (found !== null) return found;
    }
    return null;
  }

  /** An allocation is named by both its addresses: where both were advanced alike, they are those of a place inside. */
  private export(state: State, frame: Frame, call: ModelledCall): void {
    const { context } = this;
    const { model, values, expressions } = call;
    const index = model.args.indexOf('cpu-address');
    const [pointer, address] = [values[index], argument(model, values, 'device-address')];
    if (pointer?.kind !== 'symbol' || !address) return;
    const whole = wholeOf(context.symbols, pointer, address);
    if (!whole && context.symbols.info(pointer.symbol).derived) return;
    const at = expressions[index] ?? call.at;
    const target = context.reference(state, frame, whole ?? pointer, 'cpu-address', at);
    if (target.to !== 'buffer') return;
    context.emit(state, {
      op: 'export',
      site: call.site,
      api: call.name,
      target: whole ? context.toResource(context.memoryInside(target.id, pointer, frame, at).id, 'exact') : target,
    });
  }

  /** A mapped list goes to the device as a whole. */
  private giveList(state: State, call: ModelledCall): void {
    const list = argument(call.model, call.values, 'scatterlist');
    const handle = list ? state.get(`M:${this.tableKey(list)}`) : undefined;
    const resource = handle ? this.context.resourceOf(handle) : null;
    if (resource === null || !state.resource(resource)) return;
    this.context.emit(state, {
      op: 'give',
      site: call.site,
      api: call.name,
      target: this.context.toResource(resource, 'exact'),
      through: 'register',
      size: { bytes: null, key: '?' },
      device: this.channelKey(call),
    });
  }

  /** The device is told a value that belongs to a resource; anything else is of no interest. */
  giveValue(
    state: State,
    _frame: Frame,
    value: Value,
    through: Extract<Operation, { readonly op: 'give' }>['through'],
    site: number,
    api: string,
    told: { readonly device?: string | null; readonly size: Size } = { size: NO_SIZE },
  ): void {
    if (value.kind !== 'symbol') return;
    const { resource, role, derived, hostOf, isUpperHalf } = this.context.symbols.info(value.symbol);
    // Linux says by a mask how far a device reaches.
    if (isUpperHalf && resource !== undefined && this.context.code.dialect === 'edk2')
      this.context.emit(state, {
        op: 'translate',
        site,
        api,
        target: this.context.toResource(resource, 'exact'),
        as: 'upper-half',
      });
    if (hostOf !== undefined && state.resource(hostOf)?.life === 'live') {
      const target = this.context.toResource(hostOf, 'other-role');
      const isBeside = this.context.bothGiven.has(hostOf);
      const which = { ...(isBeside && { isBeside }), ...(isUpperHalf && { isUpperHalf }) };
      return this.context.emit(state, { op: 'give', site, api, target, through, size: NO_SIZE, ...which });
    }
    if (through === 'field' || through === 'call') return;
    if (resource === undefined || !state.resource(resource) || (role !== 'device-address' && role !== 'cpu-address'))
      return;
    // In Linux a function says when an address is made of a pointer: bare, it may be the driver's own note. So it is where the
    // device address is not handed out with the memory, but asked for: that of a page from a pool.
    const isHandedOut = this.context.resources.info(resource).model?.args.includes('device-address-out') ?? false;
    const isNote = this.context.code.dialect === 'linux' && role === 'cpu-address' && !(derived && isHandedOut);
    this.context.emit(state, {
      op: 'give',
      site,
      api,
      target: this.context.toResource(resource, role === 'device-address' ? 'exact' : 'other-role'),
      through: isNote && through === 'register' ? 'field' : through,
      size: told.size,
      ...(told.device !== undefined && { device: told.device }),
      ...(isUpperHalf && { isUpperHalf }),
    });
    // A descriptor is read back when the device is done; so is a register, where nobody wrote the value down.
    const isNoted = [...state.locations()].some(
      ([l, v]) => /^(f\d+:\w|[*G])/.test(l) && this.context.resourceOf(v) === resource,
    );
    // A pointer is no use to the device: it is the driver's own note there.
    if (through === 'descriptor' || role === 'cpu-address' || !isNoted) state.update(resource, { escaped: true });
  }

  private toDeviceAddress(state: State, call: ModelledCall): Value {
    const pointer =
      argument(call.model, call.values, 'buffer') ?? argument(call.model, call.values, 'value') ?? call.values[0];
    if (!pointer) return this.context.evaluator.constant(`call:${call.key}`);
    const resource = this.context.resourceOf(pointer);
    const host = this.context.evaluator.hostAddress(state, pointer);
    if (host) return host;
    return resource !== null
      ? this.context.evaluator.constant(`to-device(${valueKey(pointer)})`, {
          resource,
          role: 'cpu-address',
          derived: true,
        })
      : this.context.evaluator.constant(`to-device(${valueKey(pointer)})`);
  }

  private unmapInfo(state: State, frame: Frame, call: ModelledCall): Value | null {
    const { expressions, values, model } = call;
    const owner = argument(model, values, 'owner') ?? values[0];
    const field = expressions[Math.max(1, model.args.indexOf('field'))];
    if (!owner || !field) return null;
    const place = pointee(owner);
    if (place === null) return null;
    const location = `${place}.${expressionName(field)}`;
    void frame;
    if (model.action === 'unmap-info-get') return this.context.memory.load(state, location);
    const value = argument(model, values, 'value') ?? values[2];
    if (value) state.set(location, value);
    return null;
  }

  /** A request that was handed in belongs to its completion. */
  private entrust(state: State, request: Value | undefined): void {
    const place = request ? pointee(basePointer(request)) : null;
    const root = place === null ? null : rootSymbol(place);
    if (root !== null && request) state.set(`E:${root}`, request);
  }

  /** Others run meanwhile, an interrupt handler above all: what was cleared so that they can set it may be set. */
  private letOthersRun(state: State, { site }: ModelledCall): void {
    for (const [location, value] of [...state.locations()])
      if (value.kind === 'number' && value.value <= 0 && /^(?:\*|G:)/.test(location))
        state.set(location, this.context.evaluator.constant(`slept:${site}:${location}@${state.epoch}`));
  }

  /** What the arguments name is kept, or released, by somebody else. */
  private escapeAll(state: State, call: ModelledCall, releases: boolean): void {
    const reached = (resource: number | null) => {
      if (resource === null || state.resource(resource)?.life !== 'live') return;
      if (releases) this.context.handOver(state, resource, call.name);
      else state.update(resource, { escaped: true });
    };
    for (const value of call.values) {
      reached(this.context.resourceOf(value));
      const place = pointee(basePointer(value));
      const root = place === null ? null : rootSymbol(place);
      if (root !== null) state.set(`E:${root}`, value);
      if (releases && place !== null)
        for (const [location, held] of state.handles())
          if (isWithin(location, place)) reached(this.context.resourceOf(held));
    }
  }

  /** Of any number of pairs, each value for what goes before it. */
  private keep(state: State, { model, values }: ModelledCall): void {
    const [first, last] = [
      model.args.indexOf('value'),
      model.variadic ? values.length - 1 : model.args.indexOf('value'),
    ];
    const between = first - keeperOf(model);
    for (let at = first; at >= 0 && at <= last; at += 2) {
      const place = keepingPlace(model, values[at - between]);
      const value = values[at];
      if (place !== null && value) state.set(place, value);
    }
  }

  private kept(state: State, call: ModelledCall): Value | null {
    const { model, values } = call;
    const place = keepingPlace(model, values[keeperOf(model)]);
    const out = argument(model, values, 'value-out');
    if (out) {
      const [at, held] = [pointee(out), place === null ? undefined : state.get(place)];
      this.outputsOf(state, call);
      if (at !== null && held) state.set(at, held);
      return null;
    }
    // What somebody else has put there is the same whenever it is asked for.
    return place === null ? null : (state.get(place) ?? this.context.evaluator.constant(`kept:${place}`));
  }

  /** The way back from a field to the object that it is in. */
  private container({ model, values, expressions }: ModelledCall): Value | null {
    const pointer = argument(model, values, 'value');
    const at = expressions[model.args.indexOf('field')];
    return pointer && at ? this.containerOf(pointer, expressionName(at)) : null;
  }

  containerOf(pointer: Value, field: string): Value | null {
    const place = pointee(pointer);
    if (place === null) return null;
    if (place.endsWith(`.${field}`)) return this.context.memory.addressOf(place.slice(0, -field.length - 1));
    const key = `container(${valueKey(pointer)},${field})`;
    return this.context.evaluator.constant(key, { contains: { pointer, field } });
  }

  /** A number of pages in bytes, or the other way round. */
  private scaled(value: Value, factor: number): Value {
    if (value.kind === 'number') return { kind: 'number', value: Math.ceil(value.value * factor) };
    const { multiple } = this.context.multiple(value, factor);
    return this.context.evaluator.constant(`(${valueKey(value)}*${factor})`, multiple ? { multiple } : {});
  }

  /** What is found depends on the arguments alone. */
  private lookUp(state: State, call: ModelledCall): Value {
    const { model, values, name } = call;
    const { evaluator } = this.context;
    const asked = values.filter((_, i) => model.args[i] === '-').map(valueKey);
    const key = `${name.slice(name.lastIndexOf('>') + 1)}(${asked.join()})`;
    const out = argument(model, values, 'value-out');
    const place = out ? pointee(out) : null;
    if (place !== null) state.set(place, evaluator.constant(`found:${key}`));
    return evaluator.constant(key);
  }

  /** Unmodelled out-parameters of a harmless call: places whose address it gets receive something new. */
  private outputsOf(state: State, call: ModelledCall): Value | null {
    // A macro only looks at what it is given, ARRAY_SIZE (table), unless it gets an address outright.
    const isMacro = /^[A-Z][A-Z0-9_]*$/.test(call.name);
    for (const [i, value] of call.values.entries()) {
      if (value.kind !== 'address' || (isMacro && call.expressions[i]?.kind !== 'address-of')) continue;
      const holdsHandle = [...state.handles()].some(([location]) => isWithin(location, value.location));
      if (/^f\d+:/.test(value.location) && !holdsHandle) this.context.memory.forget(state, value.location);
      else this.context.memory.touch(state, value.location);
    }
    return null;
  }
}

/** memcpy () returns where it wrote, memcmp () what it found, copy_from_user () how much it could not copy. */
const returnsDestination = ({ action, result }: ApiModel): boolean =>
  action !== 'read-memory' && (result === undefined || result === 'pointer' || result === 'cpu-address');

/** By what a value that is kept is found again: a device, the name of a protocol. */
const keeperOf = ({ args }: ApiModel): number => args.findIndex((role) => role === 'device' || role === 'object');

function keepingPlace({ keepsIn }: ApiModel, keeper: Value | undefined): string | null {
  const place = keeper ? pointee(keeper) : null;
  return place === null || !keepsIn ? null : `${place}.${keepsIn}`;
}

/** Where in its buffer a mapping begins; null = at the beginning. */
function startOf(pointer: Value | undefined, offset: Value | undefined): string | null {
  const inPointer = pointer?.kind === 'symbol' || pointer?.kind === 'address' ? pointer.offset : 0;
  const beside = offset === undefined || (offset.kind === 'number' && offset.value === 0) ? '' : valueKey(offset);
  return inPointer === 0 && beside === '' ? null : `${inPointer},${beside}`;
}

/** Nobody looks at what the call returns, though it returns something. */
const isStatusIgnored = ({ at, frame, model }: ModelledCall): boolean =>
  model.result === 'status' && at.kind === 'temporary' && !usesTemporary(frame.graph, at.index);
