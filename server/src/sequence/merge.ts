import type { Expression, FunctionGraph } from '../flow/index.ts';
import { sumOf } from './advanced.ts';
import type { Context } from './context.ts';
import { join, single } from './domain.ts';
import { type Frame, partsOf } from './frame.ts';
import { handleIdentity, resourceIdentity } from './identity.ts';
import { liveAt, type Position } from './liveness.ts';
import type { State } from './state.ts';
import { agreed } from './trace.ts';
import { symbolValue, type Value, valueKey } from './values.ts';

/** What the value of a returned variable says: failure and success paths are not merged. */
export function valueClass(context: Context, state: State, value: Value | undefined): string {
  // EBUSY, EINPROGRESS and EIOCBQUEUED may mean that all is well: not to be merged with real failures.
  if (value?.kind === 'number' && [-16, -115, -529].includes(value.value)) return `${value.value}`;
  if (value?.kind === 'number')
    return value.value < 0
      ? 'failure'
      : value.value === 0
        ? 'zero'
        : value.value > 2 ** 32
          ? `status ${value.value}`
          : '';
  if (value?.kind !== 'symbol') return '';
  const { resource } = context.symbols.info(value.symbol);
  if (resource !== undefined && state.resource(resource)) return `r${resource}`;
  const d = state.domain(value.symbol);
  const [low, high] = [d.low + value.offset, d.high + value.offset];
  if (low === 0 && high === 0) return 'zero';
  if (high < 0) return 'failure';
  return d.not.includes(-value.offset) ? 'not zero' : '';
}

/** Mappings that a path was given and that a loop has released: up to so many of them keep paths apart. */
const MAX_GONE = 2;

/**
 * Identity of a state as far as DMA is concerned: resources, where their handles are, whether the function is failing,
 * and where in its loops the path is. States with equal keys at one block are merged (property simulation). What a variable
 * holds that nobody reads from there on does not keep them apart.
 */
export function stateKey(context: Context, frame: Frame, state: State, position: Position): string {
  const live = liveAt(frame.graph, position);
  const own = `${frame.id}:`;
  const handles = state.handleIdentity((one) => handleIdentity(context, one));
  const resources = state.resourceIdentity((one) => resourceIdentity(context, one));
  const holders: string[] = [];
  const held = new Set<number>();
  for (const { location, resource, code } of handles.locals) {
    if (location.startsWith(own) && !live.has(variableOf(location, own.length)) && !state.get(`E:${location}`))
      continue;
    held.add(resource);
    holders.push(code);
  }
  const parts: string[] = [];
  for (const { id, failed, code } of resources.past) {
    // Nobody can name it any more, and there is nothing left of it.
    if (!held.has(id) && !handles.held.has(id) && (failed || frame.depth > 0)) continue;
    parts.push(code);
  }
  // In a loop it matters whether the next turn finds it gone.
  const ended = state.loops.length > 0 && resources.ended.length <= MAX_GONE ? resources.ended : [];
  for (const name of resultNames(frame.graph))
    if (live.has(name)) holders.push(`${name}:${valueClass(context, state, state.get(`${frame.id}:${name}`))}`);
  // Which way a mapping will go: the arms of `write ? DMA_TO_DEVICE : DMA_FROM_DEVICE` meet before it is made.
  for (const name of directionNames(context, frame.graph)) {
    const value = live.has(name) ? state.get(`${frame.id}:${name}`) : undefined;
    if (value?.kind === 'symbol') holders.push(`${name}=${directionOf(context, value.symbol) ?? ''}`);
  }
  // An index that is known tells which elements are held, as unwinding loops count it down, and how far a loop went.
  for (const name of indexNames(frame.graph)) {
    const value = state.get(`${frame.id}:${name}`);
    if (value?.kind === 'number') holders.push(`${name}=${value.value}`);
  }
  // So does the element at which a loop over a list was left.
  for (const name of elementNames(frame.graph)) {
    const value = live.has(name) ? state.get(`${frame.id}:${name}`) : undefined;
    if (value?.kind === 'symbol' && context.symbols.info(value.symbol).key.startsWith('element:'))
      holders.push(`${name}=${value.symbol}`);
  }
  // Whether an address is that of an allocation or of a place inside.
  for (const name of exportedNames(context, frame.graph)) {
    const sum = live.has(name) ? sumOf(context.symbols, state.get(`${frame.id}:${name}`)) : null;
    if (sum) holders.push(`${name}=${sum.of}+${sum.added}`);
  }
  for (const { loop, count } of state.loops) holders.push(`${loop}#${count}`);
  return [resources.sure, parts, ended, handles.elsewhere, holders.sort(), state.marks].join('|');
}

const RESULT_NAMES = new WeakMap<FunctionGraph, ReadonlySet<string>>();

/** Variables that are returned, and what is copied into them: an earlier status that is put aside, the arms of a conditional. */
function resultNames(graph: FunctionGraph): ReadonlySet<string> {
  const known = RESULT_NAMES.get(graph);
  if (known) return known;
  const names = new Set(graph.returned);
  spread(names, copiesIn(graph), ({ from, to }) => [to, from]);
  RESULT_NAMES.set(graph, names);
  return names;
}

interface Copy {
  readonly to: string;
  readonly from: string;
}

/** Assignments of one variable, temporary or constant to another. */
const copiesIn = (graph: FunctionGraph): readonly Copy[] =>
  graph.blocks.flatMap(({ instructions }) =>
    instructions.flatMap((i) => {
      const [to, from] = i.kind === 'set' ? [variable(i.target), variable(i.value)] : [null, null];
      return to !== null && from !== null ? [{ to, from }] : [];
    }),
  );

/** Adds to `names` what copies lead to from them. */
function spread(
  names: Set<string>,
  copies: readonly Copy[],
  along: (copy: Copy) => readonly [from: string, to: string],
): void {
  for (let size = -1; size < names.size; ) {
    size = names.size;
    for (const copy of copies) {
      const [from, to] = along(copy);
      if (names.has(from)) names.add(to);
    }
  }
}

const DIRECTION_NAMES = new WeakMap<FunctionGraph, ReadonlySet<string>>();

/** Variables and temporaries that get one of several directions, and what they are copied into. */
function directionNames({ code }: Context, graph: FunctionGraph): ReadonlySet<string> {
  const known = DIRECTION_NAMES.get(graph);
  if (known) return known;
  const constants = new Map<string, Set<string>>();
  for (const { to, from } of copiesIn(graph))
    if (code.models.constant(from, code.dialect)?.direction)
      constants.set(to, (constants.get(to) ?? new Set()).add(from));
  const names = new Set([...constants].flatMap(([name, values]) => (values.size > 1 ? [name] : [])));
  spread(names, copiesIn(graph), ({ from, to }) => [from, to]);
  DIRECTION_NAMES.set(graph, names);
  return names;
}

function directionOf({ code, symbols }: Context, symbol: number): string | undefined {
  const name = /^const:(\w+)$/.exec(symbols.info(symbol).key)?.[1];
  return name === undefined ? undefined : code.models.constant(name, code.dialect)?.direction;
}

const variable = (e: Expression): string | null =>
  e.kind === 'name' ? e.name : e.kind === 'temporary' ? `#${e.index}` : e.kind === 'cast' ? variable(e.operand) : null;

/** Of `f0:list[2].next`, `list`. */
const variableOf = (location: string, start: number): string => /[^.[+]*/.exec(location.slice(start))?.[0] ?? '';

const INDEX_NAMES = new WeakMap<FunctionGraph, ReadonlySet<string>>();

/** Variables by which arrays are indexed. */
function indexNames(graph: FunctionGraph): ReadonlySet<string> {
  const known = INDEX_NAMES.get(graph);
  if (known) return known;
  const names = new Set<string>();
  const visit = (e: Expression): void => {
    if (e.kind === 'index' && e.index.kind === 'name') names.add(e.index.name);
    for (const part of e.kind === 'index' ? [e.object] : partsOf(e)) visit(part);
  };
  for (const { instructions } of graph.blocks)
    for (const i of instructions) {
      if (i.kind === 'call') i.arguments.forEach(visit);
      if (i.kind === 'set') [i.target, i.value].forEach(visit);
    }
  INDEX_NAMES.set(graph, names);
  return names;
}

const ELEMENT_NAMES = new WeakMap<FunctionGraph, ReadonlySet<string>>();

/** Variables that go through the elements of lists. */
function elementNames(graph: FunctionGraph): ReadonlySet<string> {
  const known = ELEMENT_NAMES.get(graph);
  if (known) return known;
  const names = new Set(
    graph.blocks.flatMap(({ end }) => (end.kind === 'iterate' ? end.arguments.flatMap((e) => variable(e) ?? []) : [])),
  );
  ELEMENT_NAMES.set(graph, names);
  return names;
}

const EXPORTED_NAMES = new WeakMap<FunctionGraph, ReadonlySet<string>>();

/** Variables by which an allocation is handed on. */
function exportedNames({ code }: Context, graph: FunctionGraph): ReadonlySet<string> {
  const known = EXPORTED_NAMES.get(graph);
  if (known) return known;
  const names = new Set<string>();
  for (const { instructions } of graph.blocks)
    for (const i of instructions) {
      if (i.kind !== 'call' || i.callee.kind !== 'name') continue;
      const model = code.models.function(i.callee.name, code.dialect);
      if (model?.action !== 'export') continue;
      i.arguments.forEach((argument, at) => {
        const name = variable(argument);
        if (name !== null && (model.args[at] === 'cpu-address' || model.args[at] === 'device-address')) names.add(name);
      });
    }
  EXPORTED_NAMES.set(graph, names);
  return names;
}

/** Merges states whose keys differ, when there are too many: what they do not agree on is given up. */
export function mergeCoarsely(context: Context, state: State, other: State, where: string): void {
  const [mineHeld, theirsHeld] = [holders(context, state), holders(context, other)];
  const ids = new Set([...state.allResources(), ...other.allResources()].map(([id]) => id));
  for (const id of ids) {
    if (context.resources.info(id).foreign) continue;
    const [mine, theirs] = [state.resource(id), other.resource(id)];
    const agree =
      mine &&
      theirs &&
      mine.life === theirs.life &&
      mine.outcome === theirs.outcome &&
      mineHeld.get(id) === theirsHeld.get(id);
    if (agree) continue;
    if (!mine && theirs) state.update(id, theirs);
    context.handOver(state, id, 'paths meet');
  }
  state.marks = state.marks.filter((mark) => other.hasMark(mark));
  mergeInto(context, state, other, where);
}

/** Where the handles of each resource are. */
function holders(context: Context, state: State): ReadonlyMap<number, string> {
  const places = new Map<number, string[]>();
  for (const [location, { symbol }] of state.handles()) {
    const { resource } = context.symbols.info(symbol);
    if (resource === undefined) continue;
    const others = places.get(resource);
    if (others) others.push(location);
    else places.set(resource, [location]);
  }
  return new Map([...places].map(([id, all]) => [id, all.sort().join()]));
}

/**
 * Merges `other` into `state` (equal keys): what they disagree on becomes a new symbol that allows both, the same one wherever
 * they disagree in the same way.
 */
export function mergeInto(context: Context, state: State, other: State, where: string): void {
  const { symbols } = context;
  state.trace = agreed(state.trace, other.trace);
  const domainOf = (s: State, v: Value | undefined) =>
    v?.kind === 'number' ? single(v.value) : v?.kind === 'symbol' && v.offset === 0 ? s.domain(v.symbol) : null;
  const joined = new Map<string, Value>();
  for (const [location, mine] of state.differing(other)) {
    const theirs = other.get(location) ?? implied(context, other, location);
    if (theirs && isSame(theirs, mine)) continue;
    // M, A: where to find a resource by its object; E, H, N: what may have been kept or changed on one of the paths.
    if (/^[MAEHN]:/.test(location)) continue;
    const [a, b] = [domainOf(state, mine), domainOf(other, theirs)];
    if (/^[BZ]:/.test(location) || !theirs) {
      state.remove(location);
      continue;
    }
    const pair = `${valueKey(mine)}|${valueKey(theirs)}`;
    const known = joined.get(pair);
    if (known) {
      state.set(location, known);
      continue;
    }
    const host = hostOf(context, mine);
    const isSameHost = host !== undefined && host === hostOf(context, theirs);
    const symbol = symbols.intern(
      `join:${where}:${location}:${state.epoch}${isSameHost ? `:${host}` : ''}`,
      isSameHost ? { hostOf: host } : {},
    );
    const value = symbolValue(symbol);
    joined.set(pair, value);
    state.set(location, value);
    if (a && b) state.learn(symbol, join(a, b));
  }
  for (const [location, theirs] of other.differing(state)) {
    if (state.get(location)) continue;
    const mine = implied(context, state, location);
    if (/^[EHN]:/.test(location) || (mine && isSame(mine, theirs))) state.set(location, theirs);
  }
  for (const [symbol, domain] of state.knowingOtherwise(other)) {
    if (symbols.info(symbol).key.startsWith(`join:${where}:`)) continue;
    state.learn(symbol, join(domain, other.domain(symbol)));
  }
  for (const [id, r] of other.allResources()) if (!state.resource(id)) state.update(id, r);
  // Whether a condition that guarded the release still holds is forgotten with the facts.
  for (const [id, r] of [...state.allResources()])
    if (context.resources.info(id).foreign && (r.life === 'gone' || other.resource(id)?.life === 'gone'))
      context.handOver(state, id, 'paths meet');
  if (state.epoch !== other.epoch) state.epoch = Math.max(state.epoch, other.epoch) + 1;
}

/** The mapping whose memory's host address a value is, however it was put. */
const hostOf = ({ symbols }: Context, value: Value): number | undefined =>
  value.kind === 'symbol' ? symbols.info(value.symbol).hostOf : undefined;

const isSame = (a: Value, b: Value): boolean => a === b || valueKey(a) === valueKey(b);

/** The value that a location has when it was never looked at. */
function implied(context: Context, state: State, location: string): Value | undefined {
  if (!/^(\*|G:|f\d+:)/.test(location)) return undefined;
  return symbolValue(context.symbols.intern(`${location}@${state.epoch}`, { loadedFrom: location }));
}
