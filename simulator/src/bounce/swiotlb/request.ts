/** How many slots a mapping needs, and where in a pool it may begin. */
import type { SwiotlbDevice } from './device.ts';
import { SLOT_BYTES, SLOT_SHIFT } from './slot-map.ts';

/** The Linux release whose slot allocator is meant: its rules changed between these two. */
export type SwiotlbRelease = '6.1' | '6.12';

const PAGE_BYTES = 4096;
const PAGE_SLOTS = PAGE_BYTES / SLOT_BYTES;

/** One request, prepared for the search. A pool keeps one and fills it anew for each mapping. */
export class SlotRequest {
  /** Bytes from the start of the first slot to the data. */
  lead = 0;
  /** Bytes asked of the allocator: lead and rounding included. */
  length = 0;
  /** Slots, padding included. Above 128 the request can never be met. */
  slots = 0;
  /** Bits of the slot's address that are looked at, */
  addressMask = 0;
  /** and what they have to be. */
  addressBits = 0;
  /** Slots to go forward where a run does not fit. */
  stride = 1;

  /**
   * Linux 6.12. `size` in bytes, `allocAlignMask` a byte mask (0 = none): the whole allocation is aligned to it.
   * Where only `minAlignMask` has a bit, the slot shares that bit with the original address; where `allocAlignMask` has
   * it, the slot is aligned, and the difference is made up by padding.
   */
  prepare(device: SwiotlbDevice, address: number, size: number, allocAlignMask: number): void {
    const minAlignMask = device.minAlignMask;
    const lead = address & minAlignMask & (allocAlignMask | (SLOT_BYTES - 1));
    const length = roundUp(size + lead, allocAlignMask);
    // Nobody asked for an alignment: mappings of a page and more become page aligned.
    const align =
      (minAlignMask === 0 && allocAlignMask === 0 && length >= PAGE_BYTES ? PAGE_BYTES - 1 : allocAlignMask) |
      (SLOT_BYTES - 1);
    const shared = minAlignMask & ~align;
    this.lead = lead;
    this.length = length;
    this.slots = slotsOf(length);
    this.addressMask = address === 0 ? align : align | shared;
    this.addressBits = address & shared;
    this.stride = ((align > shared ? align : shared) >> SLOT_SHIFT) + 1;
  }

  /** Linux 6.1: nothing is padded, and the address is never checked against `allocAlignMask`: only the stride knows it. */
  prepare61(device: SwiotlbDevice, address: number, size: number, allocAlignMask: number): void {
    const minAlignMask = device.minAlignMask;
    const lead = address & minAlignMask & (SLOT_BYTES - 1);
    const length = roundUp(size, allocAlignMask) + lead;
    const shared = minAlignMask & ~(allocAlignMask | (SLOT_BYTES - 1));
    const stride = (shared >> SLOT_SHIFT) + 1;
    this.lead = lead;
    this.length = length;
    this.slots = slotsOf(length);
    this.addressMask = address === 0 ? 0 : shared;
    this.addressBits = address & shared;
    this.stride = Math.max(length >= PAGE_BYTES ? stride * PAGE_SLOTS : stride, (allocAlignMask >> SLOT_SHIFT) + 1);
  }
}

function roundUp(bytes: number, mask: number): number {
  return mask === 0 ? bytes : Math.ceil(bytes / (mask + 1)) * (mask + 1);
}

function slotsOf(bytes: number): number {
  return Math.ceil(bytes / SLOT_BYTES);
}
