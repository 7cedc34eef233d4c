import type { Operation } from '@dma-audit/simulator';
import { releasableAs } from '../models/index.ts';
import type { Context } from './context.ts';
import type { ResourceInfo } from './tables.ts';
import type { TraceEvent } from './trace.ts';
import { isOrigin } from './unwinding.ts';

/**
 * After it was made something was released that may have been this one: by its family in a callee, or in the function `own`,
 * where a loop makes several. With `fields` a callee has to name one of them, as it is held there.
 */
export function mayBeReleased(
  context: Context,
  own: string,
  events: readonly TraceEvent[],
  info: ResourceInfo,
  fields: readonly string[] = [],
): boolean {
  const families = info.model ? releasableAs(info.model) : [];
  for (const event of events.toReversed()) {
    if (info.inLoop && (event.op === 'unmap' || event.op === 'free')) {
      const isOther = 'id' in event.target && !context.resources.info(event.target.id).foreign;
      const isOwn = context.sites.place(event.site).function === own;
      if (isOwn && !isOther && families.includes(event.family)) return true;
    }
    if (event.op === 'step' && event.what === 'call' && event.callee) {
      const { releasedFields, releases } = event.callee;
      const isNamed = fields.length === 0 || fields.some((field) => releasedFields.has(field));
      if (isNamed && families.some((family) => releases.has(family))) return true;
    }
    if (isOrigin(event, info)) break;
  }
  return false;
}

/** May a mapping of the memory that is freed after these events have ended unseen? EDK2's wrappers are followed to their ends. */
export function mayBeUnmapped(
  context: Context,
  own: string,
  events: readonly TraceEvent[],
  { target }: Extract<Operation, { readonly op: 'free' }>,
): boolean {
  if (context.code.dialect === 'edk2' || !('id' in target)) return false;
  return [...context.mappedBuffers].some(
    ([mapping, buffer]) =>
      isPartOf(context, buffer, target.id) && mayBeReleased(context, own, events, context.resources.info(mapping)),
  );
}

function isPartOf(context: Context, part: number, whole: number): boolean {
  for (let at: number | null = part; at !== null; at = context.resources.info(at).within) if (at === whole) return true;
  return false;
}
