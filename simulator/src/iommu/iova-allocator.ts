/** Device addresses of one IOMMU domain: the cache by size in front of the tree. Linux 6.12. Unit: granule. */
import { IovaRcache, SIZE_CLASSES } from './iova-rcache.ts';
import { IovaTree } from './iova-tree.ts';

/** Where the last allocation came from. */
export type IovaSource = 'rcache' | 'tree' | 'tree-after-flush' | 'none';

/** Up to this size a request is rounded up to a power of two, so that what comes back fits others. */
const LARGEST_ROUNDED = 2 ** (SIZE_CLASSES - 1);

export class IovaAllocator {
  readonly tree: IovaTree;
  readonly rcache: IovaRcache;
  private from: IovaSource = 'none';

  constructor(cpus: number, start = 1, limit32 = 2 ** 20) {
    this.tree = new IovaTree(start, limit32);
    this.rcache = new IovaRcache(cpus);
  }

  /** Where the last `allocate` found its range. */
  get source(): IovaSource {
    return this.from;
  }

  /**
   * Takes `pages` granules at or below granule `limit` (inclusive), aligned to their power of two; the first granule or
   * -1. `flushRcache`: where there is no room, the cached ranges go back to the tree and it is tried once more.
   */
  allocate(cpu: number, pages: number, limit: number, flushRcache: boolean): number {
    const size = roundedPages(pages);
    const sizeClass = classOf(size);
    if (sizeClass < SIZE_CLASSES) {
      const cached = this.rcache.take(cpu, sizeClass, limit + 1 - size);
      if (cached >= 0) {
        this.from = 'rcache';
        return cached;
      }
    }
    let pfn = this.tree.allocate(size, limit, true);
    this.from = 'tree';
    if (pfn < 0 && flushRcache) {
      this.rcache.flush(this.tree);
      pfn = this.tree.allocate(size, limit, true);
      this.from = 'tree-after-flush';
    }
    if (pfn < 0) this.from = 'none';
    return pfn;
  }

  /** Gives back the `pages` granules at `pfn`, as many as were asked for. `now` in ms. True: to the cache. */
  free(cpu: number, pfn: number, pages: number, now: number): boolean {
    const sizeClass = classOf(pages);
    if (sizeClass < SIZE_CLASSES) {
      this.rcache.put(cpu, sizeClass, pfn, now);
      return true;
    }
    this.tree.free(pfn);
    return false;
  }
}

/** Granules that a request takes. */
export function roundedPages(pages: number): number {
  return pages < LARGEST_ROUNDED ? 1 << classOf(pages) : pages;
}

/** Log2 of the smallest power of two that holds `pages` (below 2^31). */
function classOf(pages: number): number {
  return 32 - Math.clz32(pages - 1);
}
