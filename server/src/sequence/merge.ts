import type { Context } from './context.ts';
import { join, single } from './domain.ts';
import type { Frame } from './frame.ts';
import type { State } from './state.ts';
import { symbolValue, type Value, valueKey } from './values.ts';

/** What the value of a returned variable says: failure and success paths are not merged. */
export function valueClass(context: Context, state: State, value: Value | undefined): string {
  if (!value) return '?';
  if (value.kind === 'number') return value.value < 0 ? 'n' : value.value === 0 ? 'z' : 'p';
  if (value.kind === 'address') return 'p';
  if (value.kind !== 'symbol') return '?';
  const { resource } = context.symbols.info(value.symbol);
  if (resource !== undefined && state.resource(resource)) return `r${resource}`;
  const d = state.domain(value.symbol);
  const [low, high] = [d.low + value.offset, d.high + value.offset];
  if (low === 0 && high === 0) return 'z';
  if (high < 0) return 'n';
  return d.not.includes(-value.offset) || low > 0 ? 'x' : '?';
}

/**
 * Identity of a state as far as DMA is concerned: resources, where their handles are, whether the function is failing,
 * and where in its loops the path is. States with equal keys at one block are merged (property simulation).
 */
export function stateKey(context: Context, frame: Frame, state: State): string {
  const parts: string[] = [];
  for (const [id, r] of state.allResources()) {
    const { foreign } = context.resources.info(id);
    if (foreign && r.life === 'live') continue;
    parts.push(`${id}${r.outcome[0]}${r.life[0]}${r.life === 'released-maybe' ? 'm' : ''}${r.escaped ? 'e' : ''}${r.wronglyChecked ? 'w' : ''}`);
  }
  const holders: string[] = [];
  for (const [location, value] of state.locations()) {
    if (value.kind !== 'symbol' || location.startsWith('B:')) continue;
    const info = context.symbols.info(value.symbol);
    if (info.resource === undefined || info.role === 'mapped-bytes' || info.derived) continue;
    const resource = context.resources.info(info.resource);
    if (!resource.foreign) holders.push(`${location}=${valueKey(value)}`);
  }
  for (const name of frame.graph.returned) holders.push(`${name}:${valueClass(context, state, state.get(`${frame.id}:${name}`))}`);
  for (const { loop, count } of state.loops) holders.push(`${loop}#${count}`);
  return `${parts.sort().join(',')}|${holders.sort().join(',')}`;
}

/** Merges `other` into `state` (equal keys): what they disagree on becomes a new symbol that allows both. */
export function mergeInto(context: Context, state: State, other: State, where: string): void {
  const { symbols } = context;
  const domainOf = (s: State, v: Value | undefined) =>
    v?.kind === 'number' ? single(v.value) : v?.kind === 'symbol' && v.offset === 0 ? s.domain(v.symbol) : null;
  for (const [location, mine] of [...state.locations()]) {
    const theirs = other.get(location) ?? implied(context, other, location);
    if (theirs && valueKey(theirs) === valueKey(mine)) continue;
    if (location.startsWith('M:')) continue;
    const [a, b] = [domainOf(state, mine), domainOf(other, theirs)];
    if (/^[BZHE]:/.test(location) || !theirs) {
      state.remove(location);
      continue;
    }
    const symbol = symbols.intern(`join:${where}:${location}:${state.epoch}`);
    state.set(location, symbolValue(symbol));
    if (a && b) state.learn(symbol, join(a, b));
  }
  for (const [location, theirs] of other.locations()) {
    if (state.get(location)) continue;
    const mine = implied(context, state, location);
    if (mine && valueKey(mine) === valueKey(theirs)) state.set(location, theirs);
  }
  for (const [symbol, domain] of [...state.knowledge()]) {
    if (symbols.info(symbol).key.startsWith(`join:${where}:`)) continue;
    state.learn(symbol, join(domain, other.domain(symbol)));
  }
  for (const [id, r] of other.allResources()) if (!state.resource(id)) state.update(id, r);
  if (state.epoch !== other.epoch) state.epoch = Math.max(state.epoch, other.epoch) + 1;
}

/** The value that a location has when it was never looked at. */
function implied(context: Context, state: State, location: string): Value | undefined {
  if (!/^(\*|G:|f\d+:)/.test(location)) return undefined;
  return symbolValue(context.symbols.intern(`${location}@${state.epoch}`, { loadedFrom: location }));
}
