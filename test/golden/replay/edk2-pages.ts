import type { EfiMemoryType } from '../../../simulator/src/bounce/efi.ts';
import { PAGE_BYTES } from '../../../simulator/src/memory/page.ts';
import { type MemoryRegion, PageAllocator } from '../../../simulator/src/memory/page-allocator.ts';
import { ForeignLine, type JsonObject, listField, numberField, type Operation, stringField } from './replayer.ts';

/** The page allocator that the header describes: two free ranges, the one for unconstrained requests first. */
export function pageAllocator(parameters: JsonObject): PageAllocator {
  const low = topmost(range(parameters, 'low_free'), numberFieldOrMinusOne(parameters, 'low_pages_limit'));
  const high = range(parameters, 'high_free');
  const policy = stringField(parameters, 'any_pages_policy');
  if (policy === 'below 4 GiB first') return new PageAllocator([low, high]);
  if (policy === 'above 4 GiB first') return new PageAllocator([high, low]);
  throw new ForeignLine(`unknown any_pages_policy "${policy}"`);
}

function numberFieldOrMinusOne(parameters: JsonObject, field: string): number {
  return parameters[field] === -1 ? -1 : numberField(parameters, field);
}

/** Only the last `pages` pages are left of the range; -1 = all. */
function topmost({ start, end }: MemoryRegion, pages: number): MemoryRegion {
  return pages < 0 ? { start, end } : { start: end - pages * PAGE_BYTES, end };
}

function range(parameters: JsonObject, field: string): MemoryRegion {
  const [start, end] = listField(parameters, field);
  if (typeof start !== 'number' || typeof end !== 'number') throw new ForeignLine(`"${field}" is not a range`);
  return { start, end };
}

/** Traces write flags as 0 and 1. */
export const flag = (value: boolean): number => (value ? 1 : 0);

export function memoryType(operation: Operation): EfiMemoryType {
  const name = stringField(operation, 'mtype');
  return name === 'BootServicesData' || name === 'RuntimeServicesData' ? name : 'other';
}
