/**
 * Ranges kept for reuse by size, in front of the tree: per CPU and size class two magazines, and a depot of full ones
 * that all CPUs share. Linux 6.12 (`iova_rcache`). Unit: granule.
 */
import type { IovaTree } from './iova-tree.ts';

/** Ranges that a magazine holds. */
export const MAGAZINE_SIZE = 127;
/** Size classes: 1, 2, 4, 8, 16, 32 pages. */
export const SIZE_CLASSES = 6;
/** Milliseconds until the depot worker looks at a depot. */
export const DEPOT_DELAY_MS = 100;

const NONE = -1;
const STRIDE = 128;

export class IovaRcache {
  readonly cpus: number;
  /** When the depot worker of a size class runs (ms); infinite = not queued. */
  private readonly workAt = new Float64Array(SIZE_CLASSES).fill(Number.POSITIVE_INFINITY);
  private readonly loaded: Int32Array;
  private readonly previous: Int32Array;
  private readonly depots = new Int32Array(SIZE_CLASSES).fill(NONE);
  private readonly depotSizes = new Int32Array(SIZE_CLASSES);
  // Magazines: contents, fill, and the link to the next one of a depot or of the free list.
  private pfns: Float64Array;
  private fills: Int32Array;
  private links: Int32Array;
  private firstFree = NONE;
  private fresh = 0;

  constructor(cpus: number) {
    this.cpus = cpus;
    const magazines = 2 * cpus * SIZE_CLASSES;
    const capacity = 2 * magazines;
    this.pfns = new Float64Array(capacity * STRIDE);
    this.fills = new Int32Array(capacity);
    this.links = new Int32Array(capacity);
    this.loaded = Int32Array.from({ length: magazines / 2 }, () => this.newMagazine());
    this.previous = Int32Array.from({ length: magazines / 2 }, () => this.newMagazine());
  }

  /** Full magazines in the depot of a size class. */
  depotSize(sizeClass: number): number {
    return this.depotSizes[sizeClass] ?? 0;
  }

  /** A range of `2 ** sizeClass` pages that begins at or below granule `highest`, or -1. */
  take(cpu: number, sizeClass: number, highest: number): number {
    const place = cpu * SIZE_CLASSES + sizeClass;
    let magazine = this.loaded[place] ?? 0;
    if (this.fills[magazine] === 0) {
      const previous = this.previous[place] ?? 0;
      if (this.fills[previous] !== 0) {
        this.previous[place] = magazine;
        magazine = previous;
      } else {
        const full = this.popDepot(sizeClass);
        if (full === NONE) return -1;
        this.freeMagazine(magazine);
        magazine = full;
      }
      this.loaded[place] = magazine;
    }
    const pfns = this.pfns;
    const first = magazine * STRIDE;
    const newest = first + (this.fills[magazine] ?? 0) - 1;
    let index = newest;
    while (index >= first && (pfns[index] ?? 0) > highest) index--;
    if (index < first) return -1;
    const pfn = pfns[index] ?? 0;
    pfns[index] = pfns[newest] ?? 0;
    this.fills[magazine] = newest - first;
    return pfn;
  }

  /** Keeps a range. `now` in ms: a magazine that goes to the depot wakes the worker. */
  put(cpu: number, sizeClass: number, pfn: number, now: number): void {
    const place = cpu * SIZE_CLASSES + sizeClass;
    let magazine = this.loaded[place] ?? 0;
    if (this.fills[magazine] === MAGAZINE_SIZE) {
      const previous = this.previous[place] ?? 0;
      if (this.fills[previous] !== MAGAZINE_SIZE) {
        this.previous[place] = magazine;
        magazine = previous;
      } else {
        this.pushDepot(sizeClass, magazine);
        if (this.workAt[sizeClass] === Number.POSITIVE_INFINITY) this.workAt[sizeClass] = now + DEPOT_DELAY_MS;
        magazine = this.newMagazine();
      }
      this.loaded[place] = magazine;
    }
    const fill = this.fills[magazine] ?? 0;
    this.pfns[magazine * STRIDE + fill] = pfn;
    this.fills[magazine] = fill + 1;
  }

  /** Gives everything back to the tree: the magazines of all CPUs, then the depots. */
  flush(tree: IovaTree): void {
    for (let place = 0; place < this.loaded.length; place++) {
      this.empty(this.loaded[place] ?? 0, tree);
      this.empty(this.previous[place] ?? 0, tree);
    }
    for (let sizeClass = 0; sizeClass < SIZE_CLASSES; sizeClass++) {
      while (this.dropDepot(sizeClass, tree)) {}
    }
  }

  /** When the next depot worker runs (ms); infinite if none is queued. */
  get nextWork(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const at of this.workAt) if (at < earliest) earliest = at;
    return earliest;
  }

  /**
   * Runs the workers that are due at `now` (ms): a depot with more magazines than there are CPUs gives one back to the
   * tree and is looked at again. Returns how many ran.
   */
  work(now: number, tree: IovaTree): number {
    let runs = 0;
    for (let sizeClass = 0; sizeClass < SIZE_CLASSES; sizeClass++) {
      if ((this.workAt[sizeClass] ?? Number.POSITIVE_INFINITY) > now) continue;
      runs++;
      const trim = this.depotSize(sizeClass) > this.cpus;
      this.workAt[sizeClass] = trim ? now + DEPOT_DELAY_MS : Number.POSITIVE_INFINITY;
      if (trim) this.dropDepot(sizeClass, tree);
    }
    return runs;
  }

  private popDepot(sizeClass: number): number {
    const magazine = this.depots[sizeClass] ?? NONE;
    if (magazine === NONE) return NONE;
    this.depots[sizeClass] = this.links[magazine] ?? NONE;
    this.depotSizes[sizeClass] = this.depotSize(sizeClass) - 1;
    return magazine;
  }

  private pushDepot(sizeClass: number, magazine: number): void {
    this.links[magazine] = this.depots[sizeClass] ?? NONE;
    this.depots[sizeClass] = magazine;
    this.depotSizes[sizeClass] = this.depotSize(sizeClass) + 1;
  }

  private dropDepot(sizeClass: number, tree: IovaTree): boolean {
    const magazine = this.popDepot(sizeClass);
    if (magazine === NONE) return false;
    this.empty(magazine, tree);
    this.freeMagazine(magazine);
    return true;
  }

  private empty(magazine: number, tree: IovaTree): void {
    const first = magazine * STRIDE;
    const end = first + (this.fills[magazine] ?? 0);
    for (let index = first; index < end; index++) tree.free(this.pfns[index] ?? 0);
    this.fills[magazine] = 0;
  }

  private newMagazine(): number {
    const magazine = this.firstFree;
    if (magazine !== NONE) {
      this.firstFree = this.links[magazine] ?? NONE;
      return magazine;
    }
    if (this.fresh === this.fills.length) this.enlarge();
    return this.fresh++;
  }

  private freeMagazine(magazine: number): void {
    this.links[magazine] = this.firstFree;
    this.firstFree = magazine;
  }

  private enlarge(): void {
    const { pfns, fills, links } = this;
    this.pfns = new Float64Array(2 * pfns.length);
    this.fills = new Int32Array(2 * fills.length);
    this.links = new Int32Array(2 * links.length);
    this.pfns.set(pfns);
    this.fills.set(fills);
    this.links.set(links);
  }
}
