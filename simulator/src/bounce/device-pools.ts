/**
 * Pools of bounce slots for one device each, as the RFC of 2022 proposed them for confidential guests
 * (`swiotlb_device_allocate (dev, areas, size)`): made of whole 2 MiB blocks of the default pool, with an area, and so a
 * lock, for each queue of the device. Sizes are bytes unless a name says slots.
 */

export const BLOCK_BYTES = 2 * 1024 * 1024;
const SLOT_BYTES = 2048;
const SEGMENT_SLOTS = 128;

export interface DevicePool {
  readonly blocks: readonly number[];
  readonly areas: number;
  /** Slots of one area, a multiple of 128. */
  readonly slotsPerArea: number;
}

/** The default pool as a set of 2 MiB blocks that devices can take away from it. */
export class DefaultPool {
  readonly #taken: boolean[];

  /** `bytes`: size of the default pool; what is left over after whole blocks cannot be given to a device. */
  constructor(bytes: number) {
    this.#taken = new Array<boolean>(Math.floor(bytes / BLOCK_BYTES)).fill(false);
  }

  get freeBlocks(): number {
    return this.#taken.filter((taken) => !taken).length;
  }

  /**
   * A pool of at least `bytes` bytes and `areas` areas (at least one segment of 256 KiB each), from the lowest free blocks;
   * null when there are too few.
   */
  allocate(areas: number, bytes: number): DevicePool | null {
    const needed = Math.ceil(Math.max(bytes, areas * SEGMENT_SLOTS * SLOT_BYTES) / BLOCK_BYTES);
    const blocks: number[] = [];
    for (const [block, taken] of this.#taken.entries()) {
      if (blocks.length === needed) break;
      if (!taken) blocks.push(block);
    }
    if (blocks.length < needed) return null;
    for (const block of blocks) this.#taken[block] = true;
    const segments = (needed * BLOCK_BYTES) / (SEGMENT_SLOTS * SLOT_BYTES);
    return { blocks, areas, slotsPerArea: Math.floor(segments / areas) * SEGMENT_SLOTS };
  }

  release(pool: DevicePool): void {
    for (const block of pool.blocks) this.#taken[block] = false;
  }
}
