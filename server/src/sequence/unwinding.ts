import { releasableAs } from '../models/index.ts';
import type { Context } from './context.ts';
import type { Exit } from './explore.ts';
import type { Frame } from './frame.ts';
import type { State } from './state.ts';
import type { ResourceInfo } from './tables.ts';
import { type TraceEvent, unroll } from './trace.ts';

/** Is it the operation that made the resource? */
export const isOrigin = (event: TraceEvent, { id }: ResourceInfo): boolean =>
  (event.op === 'map' && event.mapping === id) || (event.op === 'allocate' && event.buffer === id);

/** A callee that fails and cleans up its own acquisition says nothing about what its caller has to do. */
export function isReleasedOutside(state: State, info: ResourceInfo): boolean {
  if (info.depth === 0) return true;
  let isMade = false;
  let level = 0;
  let lowest = 0;
  for (const event of unroll(state.trace)) {
    if (isOrigin(event, info)) isMade = true;
    if (!isMade) continue;
    if (event.op === 'step' && event.what === 'call') level++;
    if (event.op === 'step' && event.what === 'return') lowest = Math.min(lowest, --level);
    if (releasedBy(event) === info.id) return lowest <= -info.depth;
  }
  return false;
}

/** Is the memory of a mapping, or what that is a part of, freed after the mapping was made? */
export function freesWhileMapped({ resources }: Context, state: State, info: ResourceInfo, memory: number): boolean {
  const events = unroll(state.trace);
  const made = events.findIndex((event) => isOrigin(event, info));
  const freed = new Set(
    events.slice(made + 1).flatMap((event) => (event.op === 'free' ? (releasedBy(event) ?? []) : [])),
  );
  for (let at: number | null = memory; at !== null; at = resources.info(at).within) if (freed.has(at)) return true;
  return false;
}

/** After it was made, is something released that the path had not made, in a way that would release it too? */
export function releasesUnknown({ resources }: Context, state: State, info: ResourceInfo): boolean {
  const families = info.model ? releasableAs(info.model) : [];
  const events = unroll(state.trace);
  return events.slice(events.findIndex((event) => isOrigin(event, info)) + 1).some((event) => {
    const isSame = (event.op === 'unmap' || event.op === 'free') && families.includes(event.family);
    return isSame && !('id' in event.target && !resources.info(event.target.id).foreign);
  });
}

function releasedBy(event: TraceEvent): number | null {
  if (event.op !== 'unmap' && event.op !== 'free') return null;
  return 'id' in event.target ? event.target.id : null;
}

/**
 * What a failing path takes back. It goes backwards: whatever releases what it made first, and keeps when it works, has passed
 * over what it made later and still has.
 */
export class Unwinding {
  private readonly context: Context;
  private readonly frame: Frame;
  /** What each path releases that may have worked. */
  private readonly released: ReadonlyMap<Exit, ReadonlySet<number>>;

  constructor(context: Context, frame: Frame, successes: readonly Exit[]) {
    this.context = context;
    this.frame = frame;
    this.released = new Map(
      successes.map((exit) => [exit, new Set(unroll(exit.state.trace).flatMap((event) => releasedBy(event) ?? []))]),
    );
  }

  passesOver({ state }: Exit, info: ResourceInfo): boolean {
    const events = unroll(state.trace);
    const made = events.findIndex((event) => isOrigin(event, info));
    const before = new Set(
      events.slice(0, made).flatMap((e) => (e.op === 'map' ? e.mapping : e.op === 'allocate' ? e.buffer : [])),
    );
    return events.slice(made + 1).some((event) => {
      const released = releasedBy(event);
      if (released === null || !this.isKept(released, info)) return false;
      if (!before.has(released)) return this.isOlderObject(state, released, info.id);
      const other = this.context.resources.info(released);
      return !other.foreign && isReleasedOutside(state, other);
    });
  }

  /** Is it still there where the function made the resource and worked? What never is was of use within it only. */
  private isKept(other: number, { id }: ResourceInfo): boolean {
    return [...this.released].some(([{ state }, released]) => {
      const now = state.resource(id);
      return now !== undefined && now.outcome !== 'failed' && !released.has(other);
    });
  }

  /** Ordinary memory that the function itself allocated, before it made the resource: symbols are numbered as they come up. */
  private isOlderObject(state: State, memory: number, resource: number): boolean {
    const { symbols, pointers } = this.context;
    const pointer = pointers.get(memory);
    if (pointer === undefined || !symbols.info(pointer).key.startsWith(`object:${this.frame.id}:`)) return false;
    const handles = [...state.handles()].filter(([, { symbol }]) => symbols.info(symbol).resource === resource);
    return handles.every(([, { symbol }]) => symbol > pointer);
  }
}
