import { ceilTo } from '../memory/page.ts';
import { EntryBitmap } from './entry-bitmap.ts';

/**
 * The entry allocator of a PowerPC TCE table (Linux arch/powerpc/kernel/iommu.c): four small pools chosen by CPU, one large
 * pool, each searched from a hint. Entries are numbered from 0 at the window's start ("relative"); absolute = plus `offset`.
 */
export interface TceTableOptions {
  /** Number of entries (it_size). */
  readonly entries: number;
  /** Absolute number of entry 0 (it_offset); below 2^53. */
  readonly offset: number;
  /** log2 of the bytes that one entry maps: 12, 16, 21, 24 … */
  readonly pageShift: number;
  /** Absolute entries `[start, end)` never given out: the 32-bit MMIO range. */
  readonly reserved: readonly [start: number, end: number];
  /** Bytes of a kernel page, 4096 or 65536. */
  readonly kernelPageBytes: number;
}

export interface TceRequest {
  readonly cpu: number;
  readonly pages: number;
  /** log2 of the alignment, in entries. */
  readonly alignOrder: number;
  /** Device's DMA mask in units of entries: highest absolute entry that it can address, 2^n - 1. */
  readonly mask: number;
  /** No run crosses a multiple of this many absolute entries: (segment boundary mask >> pageShift) + 1. */
  readonly boundary: number;
  /** Relative entry at which the previous element of the same list ended; 0 = none. */
  readonly after?: number;
}

interface Pool {
  readonly start: number;
  readonly end: number;
  hint: number;
}

/** Small requests start on blocks of so many entries, while the search goes forward. */
const BLOCK = 16;
const LARGE_FROM = 16;
const SMALL_POOLS = 4;
const POOLS_FROM_BYTES = 2 ** 30;
const GOLDEN_RATIO_32 = 0x61c88647;

export class TceTable {
  readonly options: TceTableOptions;
  readonly #map: EntryBitmap;
  readonly #small: readonly Pool[];
  readonly #large: Pool;

  constructor(options: TceTableOptions) {
    const { entries, offset, pageShift, reserved } = options;
    this.options = options;
    this.#map = new EntryBitmap(entries);
    // A device address of 0 is taken for an error by drivers.
    if (offset === 0) this.#map.set(0, 1);
    const first = Math.max(0, reserved[0] - offset);
    this.#map.set(first, Math.max(0, Math.min(entries, reserved[1] - offset) - first));
    const count = entries * 2 ** pageShift >= POOLS_FROM_BYTES ? SMALL_POOLS : 1;
    const size = Math.floor(Math.floor((entries * 3) / 4) / count);
    this.#small = Array.from({ length: count }, (_, n) => ({ start: n * size, end: (n + 1) * size, hint: n * size }));
    this.#large = { start: count * size, end: entries, hint: count * size };
  }

  /** Entries in use, the reserved ones included. */
  get used(): number {
    return this.#map.ones;
  }

  /** Where the next search starts: each small pool, then the large one. */
  get hints(): readonly number[] {
    return [...this.#small.map(({ hint }) => hint), this.#large.hint];
  }

  /** The pool whose range holds a relative entry: its number, or -1 for the large one. */
  poolOf(entry: number): number {
    return this.#small.findIndex(({ start, end }) => entry >= start && entry < end);
  }

  isUsed(entry: number): boolean {
    return this.#map.has(entry);
  }

  /** First relative entry of a run of `pages` free ones, now taken; null when there is none. */
  allocate(request: TceRequest): number | null {
    const { pages, mask, after = 0 } = request;
    if (pages === 0) return null;
    const { offset } = this.options;
    const large = pages >= LARGE_FROM;
    let number = poolNumber(request.cpu, this.#small.length);
    let pool = large ? this.#large : this.#pool(number);
    for (let pass = 0; ; pass += 1) {
      const continued = pass === 0 && after !== 0 && after >= pool.start && after < pool.end;
      let start = continued ? after : pool.hint;
      let limit = pool.end;
      if (start >= limit) start = pool.start;
      if (limit + offset > mask) {
        limit = mask - offset + 1;
        const masked = lowBits(start, mask);
        if ((limit >= 0 && masked >= limit) || pass > 0) {
          pool = this.#pool(0);
          start = pool.start;
        } else start = masked;
      }
      const entry = this.#search(request, start, limit);
      if (entry !== null) {
        this.#map.set(entry, pages);
        const end = entry + pages;
        // Stored in the pool that was searched last, even when the run lies in another's range.
        pool.hint = large ? end : ceilTo(end, BLOCK);
        return entry;
      }
      if (pass === this.#small.length + 2) return null;
      if (pass > 0 && pass <= this.#small.length) {
        number = (number + 1) % this.#small.length;
        pool = this.#pool(number);
      } else if (pass > 0) pool = this.#large;
      pool.hint = pool.start;
    }
  }

  /** Gives `pages` entries back; the hints stay. */
  free(entry: number, pages: number): void {
    this.#map.clear(entry, pages);
  }

  /**
   * A run in `[start, limit - 1)`: the last entry before the limit is never used. A device mask below the window makes the
   * limit 0 or negative, which the kernel's unsigned numbers turn into no limit at all: the device gets what it cannot reach.
   */
  #search({ pages, alignOrder, boundary }: TceRequest, start: number, limit: number): number | null {
    const { offset } = this.options;
    const align = 2 ** alignOrder;
    const end = limit > 0 ? limit - 1 : this.options.entries;
    let from = start;
    for (;;) {
      const entry = ceilTo(this.#map.nextZero(from, end), align);
      if (entry + pages > end) return null;
      const obstacle = this.#map.nextOne(entry, entry + pages);
      if (obstacle < entry + pages) from = obstacle + 1;
      else if (((offset + entry) % boundary) + pages > boundary) from = ceilTo(offset + entry, boundary) - offset;
      else return entry;
    }
  }

  #pool(number: number): Pool {
    return this.#small[number] ?? this.#large;
  }
}

/** Small pool of a CPU: the top two bits of its multiplicative hash. `pools` is a power of two. */
export const poolNumber = (cpu: number, pools: number): number =>
  (Math.imul(cpu, GOLDEN_RATIO_32) >>> 30) & (pools - 1);

/** `value` AND `mask`, where `mask` is 2^n - 1 and may exceed 32 bits. */
const lowBits = (value: number, mask: number): number => value % (mask + 1);
