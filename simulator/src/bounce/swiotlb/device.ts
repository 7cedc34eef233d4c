import { SEGMENT_SLOTS, SLOT_BYTES, SLOT_SHIFT } from './slot-map.ts';

const FOUR_GIB = 2 ** 32;

/** What a device asks of its bounce buffers. */
export class SwiotlbDevice {
  /** Low address bits that a bounce buffer shares with the original (0: none); a byte mask below 2 GiB. */
  readonly minAlignMask: number;
  /** No mapping crosses a multiple of this mask + 1, which is a power of two; from 2^53 - 1 on there is no such limit. */
  readonly segmentBoundaryMask: number;
  /** The same limit in slots. */
  readonly windowSlots: number;

  constructor(minAlignMask = 0, segmentBoundaryMask = FOUR_GIB - 1) {
    this.minAlignMask = minAlignMask;
    this.segmentBoundaryMask = segmentBoundaryMask;
    this.windowSlots = Math.max(1, Math.floor((segmentBoundaryMask + 1) / SLOT_BYTES));
  }

  /** Bytes that the kernel tells a driver to be its largest mapping (dma_max_mapping_size). */
  get maxMappingSize(): number {
    const lead = Math.ceil(this.minAlignMask / SLOT_BYTES) * SLOT_BYTES;
    return (SEGMENT_SLOTS << SLOT_SHIFT) - lead;
  }

  /** `address` modulo the boundary window (bytes). */
  withinWindow(address: number): number {
    return this.segmentBoundaryMask >= Number.MAX_SAFE_INTEGER ? address : address % (this.segmentBoundaryMask + 1);
  }
}
