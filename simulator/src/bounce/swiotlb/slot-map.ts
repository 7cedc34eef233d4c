/**
 * The slots of one pool: which are taken, and to which allocation a taken slot belongs.
 *
 * Two bitmaps hold it: taken slots and first slots of allocations. An allocation never crosses a segment (128 slots, four
 * words), so every question is answered from at most five words, where a list of free run lengths would be rewritten slot
 * by slot. What an allocation carries is kept once, under its first slot.
 */

/** Bytes of a slot (IO_TLB_SIZE). */
export const SLOT_BYTES = 2048;
export const SLOT_SHIFT = 11;
/** Slots of a segment (IO_TLB_SEGSIZE): no mapping is longer, none crosses from one to the next. */
export const SEGMENT_SLOTS = 128;

export class SlotMap {
  private readonly taken: Int32Array;
  private readonly heads: Int32Array;
  /** By first slot: slots in all, padding included. */
  readonly counts: Uint8Array;
  /** By first slot: leading padding slots. */
  readonly padding: Uint8Array;
  /** By first slot: original physical address (byte). */
  readonly origins: Float64Array;
  /** By first slot: bytes from the data to the end of the allocation, rounding to an alignment included. */
  readonly lengths: Int32Array;

  constructor(slots: number) {
    const words = (slots + 31) >>> 5;
    this.taken = new Int32Array(words);
    this.heads = new Int32Array(words);
    this.counts = new Uint8Array(slots);
    this.padding = new Uint8Array(slots);
    this.origins = new Float64Array(slots);
    this.lengths = new Int32Array(slots);
  }

  /** Whether `count` slots from `slot` on are free and in one segment. */
  isFree(slot: number, count: number): boolean {
    if ((slot & (SEGMENT_SLOTS - 1)) + count > SEGMENT_SLOTS) return false;
    const taken = this.taken;
    let word = slot >>> 5;
    const bit = slot & 31;
    if (bit + count <= 32) return ((taken[word] ?? -1) & (ones(count) << bit)) === 0;
    if ((taken[word] ?? -1) >>> bit !== 0) return false;
    let rest = count - (32 - bit);
    for (word++; rest > 32; rest -= 32, word++) if (taken[word] !== 0) return false;
    return ((taken[word] ?? -1) & ones(rest)) === 0;
  }

  isTaken(slot: number): boolean {
    return (((this.taken[slot >>> 5] ?? 0) >>> (slot & 31)) & 1) === 1;
  }

  /** First slot of the allocation that holds `slot`, which has to be taken. */
  headOf(slot: number): number {
    let word = slot >>> 5;
    let bits = (this.heads[word] ?? 0) & ones((slot & 31) + 1);
    while (bits === 0 && word > 0) bits = this.heads[--word] ?? 0;
    return (word << 5) + 31 - Math.clz32(bits);
  }

  claim(slot: number, count: number, padding: number, origin: number, length: number): void {
    this.flip(slot, count);
    const word = slot >>> 5;
    this.heads[word] = (this.heads[word] ?? 0) | (1 << (slot & 31));
    this.counts[slot] = count;
    this.padding[slot] = padding;
    this.origins[slot] = origin;
    this.lengths[slot] = length;
  }

  /** Gives back the allocation that begins at `head`; returns its slots. */
  release(head: number): number {
    const count = this.counts[head] ?? 0;
    this.flip(head, count);
    const word = head >>> 5;
    this.heads[word] = (this.heads[word] ?? 0) & ~(1 << (head & 31));
    return count;
  }

  /** Free slots that are all equal become taken, or taken ones free. */
  private flip(slot: number, count: number): void {
    const taken = this.taken;
    let word = slot >>> 5;
    const bit = slot & 31;
    if (bit + count <= 32) {
      taken[word] = (taken[word] ?? 0) ^ (ones(count) << bit);
      return;
    }
    taken[word] = (taken[word] ?? 0) ^ (-1 << bit);
    let rest = count - (32 - bit);
    for (word++; rest > 32; rest -= 32, word++) taken[word] = ~(taken[word] ?? 0);
    taken[word] = (taken[word] ?? 0) ^ ones(rest);
  }
}

/** `count` low bits set, 1 to 32. */
function ones(count: number): number {
  return -1 >>> (32 - count);
}
