const BITS = 32;

/** A fixed number of bits, with searches that step over whole words. Positions are 0 … `size` - 1. */
export class EntryBitmap {
  readonly size: number;
  readonly #words: Uint32Array;
  #ones = 0;

  constructor(size: number) {
    this.size = size;
    this.#words = new Uint32Array(Math.ceil(size / BITS));
  }

  /** Number of bits set. */
  get ones(): number {
    return this.#ones;
  }

  has(position: number): boolean {
    return ((this.#word(position >>> 5) >>> (position & 31)) & 1) === 1;
  }

  /** Sets `count` bits from `start` on. */
  set(start: number, count: number): void {
    for (let position = start; position < start + count; position += 1) {
      const index = position >>> 5;
      const before = this.#word(index);
      const after = before | (1 << (position & 31));
      if (before !== after >>> 0) this.#ones += 1;
      this.#words[index] = after;
    }
  }

  /** Clears `count` bits from `start` on. */
  clear(start: number, count: number): void {
    for (let position = start; position < start + count; position += 1) {
      const index = position >>> 5;
      const before = this.#word(index);
      const after = before & ~(1 << (position & 31));
      if (before !== after >>> 0) this.#ones -= 1;
      this.#words[index] = after;
    }
  }

  /** First clear bit in `[from, limit)`, or `limit`. */
  nextZero(from: number, limit: number): number {
    return this.#next(from, limit, 0xffffffff);
  }

  /** First set bit in `[from, limit)`, or `limit`. */
  nextOne(from: number, limit: number): number {
    return this.#next(from, limit, 0);
  }

  /** First bit whose word, once `flip` is applied, has it set. */
  #next(from: number, limit: number, flip: number): number {
    if (from >= limit) return limit;
    let index = from >>> 5;
    let word = (this.#word(index) ^ flip) & (0xffffffff << (from & 31));
    const last = Math.min((limit - 1) >>> 5, this.#words.length - 1);
    while (word === 0) {
      index += 1;
      if (index > last) return limit;
      word = this.#word(index) ^ flip;
    }
    return Math.min(limit, index * BITS + (31 - Math.clz32(word & -word)));
  }

  #word(index: number): number {
    return this.#words[index] ?? 0;
  }
}
