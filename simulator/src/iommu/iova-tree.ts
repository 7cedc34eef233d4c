/**
 * The ranges of device addresses that are in use, in order. Unit: granule (an IOMMU page, 4 KiB in Linux).
 *
 * Linux 6.12 keeps them in a red-black tree. Nothing that can be observed depends on the tree's shape: searches go from
 * neighbour to neighbour, starting at one of two remembered ranges. So here is a list in order, and a hash that finds a
 * range by its first granule.
 */

const NONE = -1;
/** The range above all others: never handed out, always there. */
const ANCHOR = 0;
const INITIAL_CAPACITY = 1024;

export class IovaTree {
  /** First granule that may be handed out. */
  readonly start: number;
  /** Granules below 4 GiB. */
  readonly limit32: number;
  private low = new Float64Array(INITIAL_CAPACITY);
  private high = new Float64Array(INITIAL_CAPACITY);
  private above = new Int32Array(INITIAL_CAPACITY);
  private below = new Int32Array(INITIAL_CAPACITY);
  private table = new Int32Array(2 * INITIAL_CAPACITY).fill(NONE);
  private shift = Math.clz32(this.table.length - 1);
  private firstFree = NONE;
  private fresh = 1;
  private cached = ANCHOR;
  private cached32 = ANCHOR;
  /** The lowest range. */
  private lowest = ANCHOR;
  private size = 0;
  private failing32: number;
  private searches = 0;

  constructor(start = 1, limit32 = 2 ** 20) {
    this.start = start;
    this.limit32 = limit32;
    this.failing32 = limit32;
    this.low[ANCHOR] = Number.POSITIVE_INFINITY;
    this.high[ANCHOR] = Number.POSITIVE_INFINITY;
    this.above[ANCHOR] = NONE;
    this.below[ANCHOR] = NONE;
  }

  /** Ranges in use, reserved ones included. */
  get ranges(): number {
    return this.size;
  }

  /** Smallest size (granules) known to fail below 4 GiB; `limit32` if none is. */
  get smallestFailing32(): number {
    return this.failing32;
  }

  /** Searches made, whether they found room or not. */
  get searchCount(): number {
    return this.searches;
  }

  /**
   * Takes `pages` granules at or below granule `limit` (inclusive); the first granule, or -1 if there is no room.
   * `aligned`: the range begins at a multiple of the power of two that holds it. The search goes downward from the range
   * that was handed out last; when that ends at the bottom, once more from the limit down to where the first one began.
   */
  allocate(pages: number, limit: number, aligned: boolean): number {
    const end = limit + 1;
    const below32 = end <= this.limit32;
    if (below32 && pages >= this.failing32) return -1;
    this.searches++;
    const align = aligned ? powerOfTwo(pages) : 1;
    let current = below32 ? this.cached32 : this.cached;
    const retry = this.highAt(current);
    let ceiling = end;
    let floor = this.start;
    for (let second = false; ; second = true) {
      let candidate: number;
      do {
        ceiling = Math.min(ceiling, this.lowAt(current));
        candidate = Math.floor((ceiling - pages) / align) * align;
        current = this.below[current] ?? NONE;
      } while (current !== NONE && candidate >= floor && candidate <= this.highAt(current));
      if (ceiling >= pages && candidate >= floor) {
        this.insert(candidate, candidate + pages - 1, current);
        return candidate;
      }
      if (second || retry >= end) break;
      ceiling = end;
      floor = retry + 1;
      current = below32 ? this.lowestFrom(end) : ANCHOR;
    }
    // Remembered whatever the limit was; only requests below 4 GiB look at it.
    this.failing32 = pages;
    return -1;
  }

  /** Gives back the range that holds granule `pfn`; false if there is none. */
  free(pfn: number): boolean {
    const node = this.find(pfn);
    if (node === NONE) return false;
    const low = this.lowAt(node);
    const above = this.above[node] ?? ANCHOR;
    if (node === this.cached32 || (this.highAt(node) < this.limit32 && low >= this.lowAt(this.cached32))) {
      this.cached32 = above;
    }
    if (low < this.limit32) this.failing32 = this.limit32;
    if (low >= this.lowAt(this.cached)) this.cached = above;
    this.unhash(node);
    const below = this.below[node] ?? NONE;
    this.below[above] = below;
    if (below === NONE) this.lowest = above;
    else this.above[below] = above;
    this.above[node] = this.firstFree;
    this.firstFree = node;
    this.size--;
    return true;
  }

  /**
   * Takes granules `low` to `high` (both inclusive) whoever has them: ranges in the way are extended to cover what is
   * wanted below them. Returns the range that holds the upper end.
   */
  reserve(low: number, high: number): { readonly low: number; readonly high: number } {
    let wanted = low;
    let overlapped = false;
    for (let node = this.lowest; node !== ANCHOR; node = this.above[node] ?? ANCHOR) {
      if (wanted > this.highAt(node) || high < this.lowAt(node)) {
        if (overlapped) break;
        continue;
      }
      overlapped = true;
      if (wanted < this.lowAt(node)) this.extendDown(node, wanted);
      if (high <= this.highAt(node)) return { low: this.lowAt(node), high: this.highAt(node) };
      wanted = this.highAt(node) + 1;
    }
    this.insert(wanted, high, this.below[this.lowestFrom(wanted, ANCHOR)] ?? NONE, false);
    return { low: wanted, high };
  }

  /** Takes the `pages` granules at `pfn`, where a kernel put them, as `allocate` would. False: not all of them are free. */
  place(pfn: number, pages: number): boolean {
    const above = this.lowestFrom(pfn);
    const below = this.below[above] ?? NONE;
    if (pfn + pages > this.lowAt(above) || (below !== NONE && this.highAt(below) >= pfn)) return false;
    this.insert(pfn, pfn + pages - 1, below);
    return true;
  }

  /** Granules of the range that begins at `pfn`; 0 if none does. */
  lengthAt(pfn: number): number {
    const node = this.lookup(pfn);
    return node === NONE ? 0 : this.highAt(node) - pfn + 1;
  }

  private lowAt(node: number): number {
    return this.low[node] ?? 0;
  }

  private highAt(node: number): number {
    return this.high[node] ?? 0;
  }

  /** The lowest range that begins at or above `pfn`, found upward from the range handed out last below 4 GiB. */
  private lowestFrom(pfn: number, from = this.cached32): number {
    let node = from;
    while (node !== ANCHOR && this.lowAt(node) < pfn) node = this.above[node] ?? ANCHOR;
    for (
      let next = this.below[node] ?? NONE;
      next !== NONE && this.lowAt(next) >= pfn;
      next = this.below[node] ?? NONE
    ) {
      node = next;
    }
    return node;
  }

  /** Adds a range just above `below` (NONE: as the lowest); an allocated one becomes the place of the next search. */
  private insert(low: number, high: number, below: number, remember = true): void {
    const node = this.newNode();
    const above = below === NONE ? this.lowest : (this.above[below] ?? ANCHOR);
    this.low[node] = low;
    this.high[node] = high;
    this.above[node] = above;
    this.below[node] = below;
    this.below[above] = node;
    if (below === NONE) this.lowest = node;
    else this.above[below] = node;
    this.hash(node);
    this.size++;
    if (!remember) return;
    if (high < this.limit32) this.cached32 = node;
    else this.cached = node;
  }

  private extendDown(node: number, low: number): void {
    this.unhash(node);
    this.low[node] = low;
    this.hash(node);
  }

  private newNode(): number {
    const node = this.firstFree;
    if (node !== NONE) {
      this.firstFree = this.above[node] ?? NONE;
      return node;
    }
    if (this.fresh === this.low.length) this.enlarge();
    return this.fresh++;
  }

  private enlarge(): void {
    const capacity = 2 * this.low.length;
    this.low = copyInto(new Float64Array(capacity), this.low);
    this.high = copyInto(new Float64Array(capacity), this.high);
    this.above = copyInto(new Int32Array(capacity), this.above);
    this.below = copyInto(new Int32Array(capacity), this.below);
    this.table = new Int32Array(2 * capacity).fill(NONE);
    this.shift = Math.clz32(this.table.length - 1);
    for (let node = this.below[ANCHOR] ?? NONE; node !== NONE; node = this.below[node] ?? NONE) this.hash(node);
  }

  /** The range that begins at `pfn` or, where a reservation extended it downward, holds it. */
  private find(pfn: number): number {
    const node = this.lookup(pfn);
    if (node !== NONE) return node;
    for (let other = this.below[ANCHOR] ?? NONE; other !== NONE; other = this.below[other] ?? NONE) {
      if (this.lowAt(other) <= pfn && pfn <= this.highAt(other)) return other;
    }
    return NONE;
  }

  private lookup(pfn: number): number {
    const mask = this.table.length - 1;
    for (let slot = this.home(pfn); ; slot = (slot + 1) & mask) {
      const node = this.table[slot] ?? NONE;
      if (node === NONE || this.lowAt(node) === pfn) return node;
    }
  }

  /** Place in the hash: multiplicative, of the low and the high half. */
  private home(pfn: number): number {
    return Math.imul((pfn | 0) ^ (pfn / 2 ** 32), 0x9e3779b1) >>> this.shift;
  }

  private hash(node: number): void {
    const mask = this.table.length - 1;
    let slot = this.home(this.lowAt(node));
    while (this.table[slot] !== NONE) slot = (slot + 1) & mask;
    this.table[slot] = node;
  }

  /** Takes a range out of the hash; those behind it move up, so that no gap cuts them off. */
  private unhash(node: number): void {
    const table = this.table;
    const mask = table.length - 1;
    let gap = this.home(this.lowAt(node));
    while (table[gap] !== node) gap = (gap + 1) & mask;
    for (let slot = (gap + 1) & mask; ; slot = (slot + 1) & mask) {
      const other = table[slot] ?? NONE;
      if (other === NONE) break;
      const home = this.home(this.lowAt(other));
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue;
      table[gap] = other;
      gap = slot;
    }
    table[gap] = NONE;
  }
}

/** The smallest power of two that is at least `pages`. */
function powerOfTwo(pages: number): number {
  return pages <= 2 ** 30 ? 1 << (32 - Math.clz32(pages - 1)) : 2 ** Math.ceil(Math.log2(pages));
}

function copyInto<T extends Float64Array | Int32Array>(target: T, source: T): T {
  target.set(source);
  return target;
}
