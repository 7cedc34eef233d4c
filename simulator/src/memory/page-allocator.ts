import { PAGE_BYTES } from './page.ts';

/** Free memory at the start: `[start, end)` in bytes, page aligned. */
export interface MemoryRegion {
  readonly start: number;
  readonly end: number;
}

/** Where a firmware part takes pages from. */
export interface PageSource {
  /** Address of `pages` contiguous pages whose last byte is at or below `maxAddress`, or null when there are none. */
  allocate(pages: number, maxAddress?: number): number | null;
  free(address: number, pages: number): void;
}

interface Run {
  start: number;
  end: number;
}

interface Pool {
  readonly runs: Run[];
  readonly start: number;
  readonly end: number;
}

/**
 * Page allocator that takes the topmost free run that fits, as UEFI's AllocatePages does in the common case
 * (UEFI 2.10, 7.2 AllocatePages: AllocateAnyPages and AllocateMaxAddress). Regions are tried in the order given.
 */
export class PageAllocator implements PageSource {
  readonly #pools: readonly Pool[];
  #used = 0;

  constructor(regions: readonly MemoryRegion[]) {
    this.#pools = regions.map(({ start, end }) => ({ runs: [{ start, end }], start, end }));
  }

  /** Pages handed out and not given back. */
  get used(): number {
    return this.#used;
  }

  allocate(pages: number, maxAddress = Number.POSITIVE_INFINITY): number | null {
    const bytes = pages * PAGE_BYTES;
    for (const pool of this.#pools) {
      const address = takeTop(pool.runs, bytes, maxAddress);
      if (address !== null) {
        this.#used += pages;
        return address;
      }
    }
    return null;
  }

  free(address: number, pages: number): void {
    const pool = this.#pools.find((candidate) => address >= candidate.start && address < candidate.end);
    if (pool === undefined) throw new RangeError(`address ${address} is in no region of this allocator`);
    giveBack(pool.runs, address, address + pages * PAGE_BYTES);
    this.#used -= pages;
  }
}

/** `runs` is ascending, disjoint and never adjacent. */
function takeTop(runs: Run[], bytes: number, maxAddress: number): number | null {
  for (let index = runs.length - 1; index >= 0; index -= 1) {
    const run = runs[index];
    if (run === undefined) continue;
    const top = Math.min(run.end, Math.floor((maxAddress + 1) / PAGE_BYTES) * PAGE_BYTES);
    const address = top - bytes;
    if (address < run.start) continue;
    const above: Run = { start: top, end: run.end };
    run.end = address;
    if (above.start < above.end) runs.splice(index + 1, 0, above);
    if (run.start === run.end) runs.splice(index, 1);
    return address;
  }
  return null;
}

function giveBack(runs: Run[], start: number, end: number): void {
  let index = runs.findIndex((run) => run.start >= end);
  if (index < 0) index = runs.length;
  const below = runs[index - 1];
  const above = runs[index];
  if (below !== undefined && below.end > start) throw new RangeError(`pages at ${start} are already free`);
  const joinsBelow = below !== undefined && below.end === start;
  const joinsAbove = above !== undefined && above.start === end;
  if (joinsBelow && joinsAbove) {
    below.end = above.end;
    runs.splice(index, 1);
  } else if (joinsBelow) below.end = end;
  else if (joinsAbove) above.start = start;
  else runs.splice(index, 0, { start, end });
}
