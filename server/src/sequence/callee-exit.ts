import type { Context } from './context.ts';
import type { Exit } from './explore.ts';
import type { Frame } from './frame.ts';
import { Holders, isFailing } from './ownership.ts';
import { pointee, type Value } from './values.ts';

/**
 * What a callee lost is its own fault, told where it is explored by itself; its callers are not told again. Lost is also what
 * a failing function leaves in its out-parameters: EFI_STATUS functions that fail leave nothing to be looked at.
 */
export function leaveToCallee(
  context: Context,
  frame: Frame,
  exit: Exit,
  values: readonly Value[],
  before: ReadonlySet<number>,
): void {
  const { state } = exit;
  const holders = new Holders(context, exit, frame.id);
  let outPlaces: ReadonlySet<string | null> | null = null;
  for (const [id, now] of [...state.allResources()]) {
    const info = context.resources.info(id);
    if (info.foreign || before.has(id) || now.life !== 'live' || now.outcome === 'failed' || now.escaped) continue;
    const held = holders.of(id);
    outPlaces ??= failsByStatus(context, frame, exit) ? new Set(values.map(pointee)) : new Set();
    if (held.every((place) => outPlaces?.has(place))) context.handOver(state, id, frame.graph.name);
  }
}

/** Does the function tell by an EFI_STATUS that it failed? */
export function failsByStatus(context: Context, frame: Frame, exit: Exit): boolean {
  return /\b(RETURN|EFI)_STATUS\b/.test(frame.graph.returnType) && isFailing(context, frame, exit) === true;
}
