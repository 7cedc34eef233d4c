import { type MemoryRegion, PageAllocator } from '../../../simulator/src/memory/page-allocator.ts';
import { ForeignLine, type JsonObject, listField, numberField, stringField } from './replayer.ts';

/** The page allocator that the header describes: two free ranges, the one for unconstrained requests first. */
export function pageAllocator(parameters: JsonObject): PageAllocator {
  const limit = numberFieldOrMinusOne(parameters, 'low_pages_limit');
  const low: MemoryRegion = { ...range(parameters, 'low_free'), ...(limit < 0 ? {} : { pageLimit: limit }) };
  const high = range(parameters, 'high_free');
  const policy = stringField(parameters, 'any_pages_policy');
  if (policy === 'below 4 GiB first') return new PageAllocator([low, high]);
  if (policy === 'above 4 GiB first') return new PageAllocator([high, low]);
  throw new ForeignLine(`unknown any_pages_policy "${policy}"`);
}

function numberFieldOrMinusOne(parameters: JsonObject, field: string): number {
  return parameters[field] === -1 ? -1 : numberField(parameters, field);
}

function range(parameters: JsonObject, field: string): MemoryRegion {
  const [start, end] = listField(parameters, field);
  if (typeof start !== 'number' || typeof end !== 'number') throw new ForeignLine(`"${field}" is not a range`);
  return { start, end };
}

/** Traces write flags as 0 and 1. */
export const flag = (value: boolean): number => (value ? 1 : 0);
