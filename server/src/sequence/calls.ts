import type { Expression, FunctionGraph } from '../flow/index.ts';
import { type Action, type ApiModel, familyOf, isRelease } from '../models/index.ts';
import type { Code, FunctionSource } from './code.ts';
import type { Context } from './context.ts';
import { expressionName, type Frame, partsOf } from './frame.ts';
import type { CallKind } from './loops.ts';
import type { State } from './state.ts';
import { isWithin, lastField, pointee, rootSymbol, type Value } from './values.ts';

/** What a call expression calls. */
export type Callee =
  | { readonly kind: 'model'; readonly model: ApiModel; readonly name: string }
  | { readonly kind: 'function'; readonly source: FunctionSource; readonly name: string }
  /** `name` is null for calls through pointers whose target is not known. */
  | { readonly kind: 'unknown'; readonly name: string | null };

export function resolveCallee(code: Code, frame: Frame, callee: Expression, argumentCount: number): Callee {
  const plain = callee.kind === 'dereference' ? callee.object : callee;
  if (plain.kind === 'name' && !frame.locals.has(plain.name)) {
    const model = code.models.function(plain.name, code.dialect);
    if (model) return { kind: 'model', model, name: plain.name };
    const source = code.function(plain.name, frame.file);
    return source ? { kind: 'function', source, name: plain.name } : { kind: 'unknown', name: plain.name };
  }
  if (plain.kind === 'member') {
    // PciIo->Mem.Write (…): the member's name has two parts
    const outer = plain.object.kind === 'member' && !plain.arrow ? `${plain.object.field}.` : '';
    const model = code.models.member(
      `${outer}${plain.field}`,
      argumentCount,
      code.dialect,
      expressionName(plain.object),
    );
    if (model) return { kind: 'model', model, name: expressionName(plain) };
  }
  return { kind: 'unknown', name: null };
}

const HEAVY: ReadonlySet<Action> = new Set([
  'allocate',
  'free',
  'map',
  'unmap',
  'convert',
  'channel-request',
  'channel-release',
]);

export function isHeavy(callee: Callee): boolean {
  if (callee.kind === 'model') return HEAVY.has(callee.model.action);
  return callee.kind === 'function' && callee.source.relevant;
}

const ACQUIRES: ReadonlySet<Action> = new Set(['allocate', 'map', 'channel-request']);

/** What a call does in a loop, without entering it: a function that can reach the API by a name that says "release" releases. */
export function callKind(callee: Callee, values: readonly Expression[]): CallKind {
  if (callee.kind === 'model') {
    const { action } = callee.model;
    return {
      heavy: isHeavy(callee),
      acquires: ACQUIRES.has(action),
      releases: isRelease(action) ? new Set([familyOf(callee.model)]) : NOTHING,
      releasedFields: fieldsNamed(values),
    };
  }
  if (callee.kind !== 'function' || !callee.source.relevant)
    return { heavy: false, acquires: false, releases: NOTHING, releasedFields: NOTHING };
  const releases = RELEASES.test(callee.name);
  return {
    heavy: true,
    acquires: !releases,
    releases: releases ? callee.source.releases : NOTHING,
    releasedFields: callee.source.releasedFields,
  };
}

/** Fields named in the arguments; null when there are none: what a local variable holds came from anywhere. */
function fieldsNamed(values: readonly Expression[]): ReadonlySet<string> | null {
  const fields = new Set<string>();
  const visit = (e: Expression): void => {
    if (e.kind === 'member') fields.add(e.field);
    // An index tells which one, not where it is.
    for (const part of e.kind === 'index' ? [e.object] : partsOf(e)) visit(part);
  };
  values.forEach(visit);
  // The device is a field most often.
  return fields.size > 1 ? fields : null;
}

const NOTHING: ReadonlySet<string> = new Set();

/** Names of functions that may release what they are given, as far as a name tells. */
export const RELEASES =
  /free|release|unmap|clean|destroy|exit|uninit|deinit|fini(?!sh)|remove|stop|put|dealloc|teardown|tear_down|shutdown|reset|del(?!ay)|disable|flush|close|complete|done|abort|cancel|drop|kill|detach|unregister|dereg|unwind|purge|recycle|consume|return|undo|discard|_err\b|error/i;

/** Instead of the name of a function that is not known. */
export const THROUGH_POINTER = 'call through a pointer';

/**
 * A call whose body is not seen. It may store or release handles that it gets by value; it fills places whose address it
 * gets; it may release what hangs below a pointer only if its name says so, or if it is not known which function it is.
 */
export function callUnknown(
  context: Context,
  state: State,
  name: string | null,
  values: readonly Value[],
  assigns: ReadonlySet<string> | null,
  site: number,
): void {
  const mayRelease = name === null || (assigns === null && RELEASES.test(name));
  const touch = (resource: number) => {
    if (state.resource(resource)?.life !== 'live') return;
    if (mayRelease) context.handOver(state, resource, name ?? THROUGH_POINTER);
    else state.update(resource, { escaped: true });
  };
  for (const value of values) {
    const resource = context.resourceOf(value);
    if (resource !== null) giveUnchecked(context, state, name, value, resource, site);
    if (resource !== null && isHandle(context, value)) touch(resource);
    const place = pointee(value);
    if (place === null) continue;
    const root = rootSymbol(place);
    if (root !== null) state.set(`E:${root}`, value);
    const filled: string[] = [];
    for (const [location, held] of state.locations()) {
      const at = /^[MA]:/.test(location)
        ? location
            .slice(2)
            .replace(/^s(\d+)/, '*$1')
            .replace(/^&/, '')
        : location;
      if (!isWithin(at, place)) continue;
      const inner = context.resourceOf(held) ?? context.partOf(state, held);
      if (inner !== null) {
        const gives = held.kind === 'address' || isHandle(context, held);
        if ((/^f\d+:/.test(at) || mayRelease) && gives) touch(inner);
      } else if (/^f\d+:/.test(place)) {
        // Where an array is does not change.
        const isArray = held.kind === 'address' && held.location === location;
        if (!/^[MA]:/.test(location) && !isArray) filled.push(location);
      } else if (assigns?.has(lastField(location))) filled.push(location);
    }
    if (value.kind === 'address') {
      const held = state.get(place);
      const isArray = held?.kind === 'address' && held.location === place;
      if (!filled.includes(place) && !isArray && context.resourceOf(held ?? value) === null) filled.push(place);
      context.memory.touch(state, place);
    }
    for (const location of filled) {
      state.remove(location);
      state.remove(`Z:${location}`);
    }
    if (filled.length) state.epoch++;
    if (value.kind === 'symbol' && mayRelease) state.set(`H:${value.symbol}`, value);
  }
}

/** The device address of an allocation that nobody looked at yet goes somewhere. */
function giveUnchecked(
  context: Context,
  state: State,
  name: string | null,
  value: Value,
  resource: number,
  site: number,
): void {
  const info = context.resources.info(resource);
  if (value.kind !== 'symbol' || context.symbols.info(value.symbol).role !== 'device-address') return;
  // A message about it is no use.
  if (name !== null && /dbg|debug|print|trace|log|msg|warn|err|info/i.test(name)) return;
  if (info.kind !== 'buffer' || info.foreign || state.resource(resource)?.outcome !== 'pending') return;
  context.emit(state, {
    op: 'give',
    site,
    api: name ?? 'a call',
    target: context.toResource(resource, 'exact'),
    through: 'call',
    size: { bytes: null, key: '?' },
  });
}

/** Could whoever gets `value` release its resource? Not by a status or a count, nor by the device address where a token does that. */
export function isHandle(context: Context, value: Value): boolean {
  if (value.kind !== 'symbol') return false;
  const { resource, role } = context.symbols.info(value.symbol);
  if (resource === undefined || role === 'status' || role === 'count' || role === 'mapped-bytes') return false;
  return role !== 'device-address' || !context.resources.info(resource).model?.args.includes('mapping-out');
}

/** The same of a resource that the path still has. */
export function isLiveHandle(context: Context, state: State, value: Value): boolean {
  const resource = isHandle(context, value) ? context.resourceOf(value) : null;
  return resource !== null && state.resource(resource)?.life === 'live';
}

const GETTER =
  /(^|_)(size|len|headlen|length|ivsize|blocksize|digestsize|authsize|nents|count|num|is|has|ctx|priv|tfm|data|dev|device|to|index|id|flags|drvdata|direction|dir)(_|$)|(^|_)(present|valid|enabled|supports?|supported|can|needs?|uses?|should|compatible|capable|mode|property_read_bool)(_|$)/;
const NO_GETTER =
  /alloc|(?<!property_)read|next|pop|dequeue|request|wait|try|test_and|poll|recv|fetch|claim|inc|dec|xchg|get_page|copy/i;

/**
 * Does a function, or a macro such as EFI_SIZE_TO_PAGES, tell by its name that it only looks at its arguments? Asked twice, it
 * answers the same, unless it is asked about a variable by its address: what is in that changes.
 */
export const isGetter = (name: string, values: readonly Value[]): boolean =>
  (GETTER.test(name) || MACRO.test(name)) &&
  !NO_GETTER.test(name) &&
  (ASKS.test(name) || !values.some((v) => v.kind === 'address'));

/**
 * Calls whose result is only tested, and that stand in the function more than once in the same words: whoever writes that
 * expects the same answer, if it is not asked about something that a pointer leads to.
 */
export function askedAgain(graph: FunctionGraph, index: number): boolean {
  let again = ASKED_AGAIN.get(graph);
  if (!again) {
    const tested = new Set<number>();
    for (const { end } of graph.blocks)
      if (end.kind === 'branch') for (const t of temporariesIn(end.condition)) tested.add(t);
    const byText = new Map<string, number[]>();
    for (const { instructions } of graph.blocks)
      for (const i of instructions) {
        if (i.kind !== 'call' || !tested.has(i.result) || i.callee.kind !== 'name' || !i.arguments.length) continue;
        if (NO_GETTER.test(i.callee.name)) continue;
        const text = `${i.callee.name}(${i.arguments.map(expressionName).join()})`;
        byText.set(text, [...(byText.get(text) ?? []), i.result]);
      }
    again = new Set([...byText.values()].filter((same) => same.length > 1).flat());
    ASKED_AGAIN.set(graph, again);
  }
  return again.has(index);
}

const ASKED_AGAIN = new WeakMap<FunctionGraph, ReadonlySet<number>>();

const temporariesIn = (e: Expression): number[] =>
  e.kind === 'temporary' ? [e.index] : partsOf(e).flatMap(temporariesIn);

/** Of these nobody expects another answer, even about a variable. */
const ASKS = /(^|_)(is|has|can|supports?)(_|$)/;

const MACRO = /^[A-Z][A-Z0-9_]*$/;
