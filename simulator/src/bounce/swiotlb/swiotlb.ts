/**
 * Linux's software IO TLB: bounce buffers for devices that cannot reach the original memory, or must not see it.
 *
 * Rules: Linux 6.12.117 and 6.1.192, exact against traces of that code (docs/golden.md). One thread: locks never
 * contend, the CPU number is an input. Addresses are physical = bus addresses (bytes); nothing is copied here, `copyRange`
 * says what the kernel would copy.
 */
import type { SwiotlbDevice } from './device.ts';
import { FULL, NEVER_ENDS, SwiotlbPool } from './pool.ts';
import { SlotRequest, type SwiotlbRelease } from './request.ts';
import { SEGMENT_SLOTS, SLOT_BYTES } from './slot-map.ts';

/** `map` refused: more than 128 slots. */
export const TOO_LARGE = -3;
export { FULL, NEVER_ENDS };

/** Largest block of the page allocator (order 10): 4 MiB; a pool that grows is no larger. */
const LARGEST_GROWTH_SLOTS = (4 << 20) / SLOT_BYTES;

export interface SwiotlbOptions {
  readonly release: SwiotlbRelease;
  /** Slots of the pool made at boot. */
  readonly slots: number;
  /** Areas of the pool made at boot, a power of two; each holds a multiple of 128 slots. */
  readonly areas: number;
  /** Physical address of slot 0. */
  readonly start: number;
  /** CONFIG_SWIOTLB_DYNAMIC: pools are added when there is no room. */
  readonly dynamic?: SwiotlbGrowth;
}

export interface SwiotlbGrowth {
  /** Areas that an added pool gets, as far as it has 128 slots for each. */
  readonly areas: number;
  /** Finds room for a transient pool: bytes to physical address (page aligned). Negative: there is none. */
  readonly allocate: (bytes: number) => number;
}

/** Where a mapping lies. */
export interface SlotGrant {
  /** 0 = the pool made at boot, 1, 2, ... = added ones in order, -1 = a transient pool. */
  readonly pool: number;
  readonly area: number;
  /** First slot in the pool, padding included. */
  readonly slot: number;
  /** Leading padding slots. */
  readonly padding: number;
  /** Byte of the data inside slot `slot + padding`. */
  readonly offset: number;
  /** Slots in all. */
  readonly slots: number;
}

export class Swiotlb {
  readonly release: SwiotlbRelease;
  private readonly boot: SwiotlbPool;
  private readonly pools: SwiotlbPool[];
  private readonly transient: SwiotlbPool[] = [];
  private readonly growth: SwiotlbGrowth | null;
  private readonly request = new SlotRequest();
  /** The pool in which the last search found room. */
  private found: SwiotlbPool;
  private usedSlots = 0;
  private highWater = 0;
  private transientTotal = 0;
  private growing = false;

  constructor(options: SwiotlbOptions) {
    this.release = options.release;
    this.boot = new SwiotlbPool(options.start, options.slots, options.areas);
    this.pools = [this.boot];
    this.found = this.boot;
    this.growth = options.dynamic ?? null;
  }

  /** Slots taken in all pools, transient ones included. */
  get used(): number {
    return this.usedSlots;
  }

  /** The most slots that were ever taken (io_tlb_used_hiwater). */
  get highWaterMark(): number {
    return this.highWater;
  }

  /** Slots of the pools, transient ones not counted. */
  get totalSlots(): number {
    return this.pools.reduce((sum, pool) => sum + pool.slots, 0);
  }

  /** Slots of the transient pools. */
  get transientSlots(): number {
    return this.transientTotal;
  }

  /** Whether the growth worker waits to be run: see `grow`. */
  get growQueued(): boolean {
    return this.growing;
  }

  get poolCount(): number {
    return this.pools.length;
  }

  /** A pool by its number; undefined for a transient one. */
  poolAt(number: number): SwiotlbPool | undefined {
    return this.pools[number];
  }

  /**
   * Takes slots for `size` bytes at physical address `origin`; `allocAlignMask` is a byte mask, 0 = none.
   * Returns the physical address of the data in the pool, or TOO_LARGE, FULL, NEVER_ENDS; a refusal changes nothing.
   */
  map(device: SwiotlbDevice, cpu: number, origin: number, size: number, allocAlignMask: number): number {
    const request = this.prepare(device, origin, size, allocAlignMask);
    const slot = this.search(device, cpu);
    if (slot >= 0) return this.claim(this.found, slot, request, origin);
    return slot === FULL && this.growth !== null ? this.mapTransient(this.growth, device, request, origin) : slot;
  }

  /** Where `map` would put a mapping, without taking the slots: a physical address or a refusal. */
  find(device: SwiotlbDevice, cpu: number, origin: number, size: number, allocAlignMask: number): number {
    const request = this.prepare(device, origin, size, allocAlignMask);
    const slot = this.search(device, cpu);
    return slot < 0 ? slot : this.found.start + slot * SLOT_BYTES + request.lead;
  }

  /** Takes the slots for a mapping whose data a kernel put at `address`. False: they are not free, or no such place. */
  place(device: SwiotlbDevice, origin: number, size: number, allocAlignMask: number, address: number): boolean {
    const request = this.prepare(device, origin, size, allocAlignMask);
    const pool = this.poolOf(address);
    if (pool === null || request.slots > SEGMENT_SLOTS) return false;
    const offset = address - request.lead - pool.start;
    const slot = offset / SLOT_BYTES;
    if (offset < 0 || !Number.isInteger(slot) || !pool.map.isFree(slot, request.slots)) return false;
    this.claim(pool, slot, request, origin);
    return true;
  }

  /** Slots that a mapping needs, whether or not it can be met. */
  slotsFor(device: SwiotlbDevice, origin: number, size: number, allocAlignMask: number): number {
    return this.prepare(device, origin, size, allocAlignMask).slots;
  }

  /** Gives the slots of the mapping at `address` (as `map` returned it) back. Returns how many; 0 = no such mapping. */
  unmap(address: number): number {
    const pool = this.poolOf(address);
    if (pool === null) return 0;
    const head = pool.headOf(pool.slotAt(address));
    if (head < 0) return 0;
    const slots = pool.release(head);
    this.usedSlots -= slots;
    if (this.transient.length > 0) this.dropTransient(pool);
    return slots;
  }

  /** Where the mapping at `address` lies; null if there is none. */
  grantOf(address: number): SlotGrant | null {
    const pool = this.poolOf(address);
    if (pool === null) return null;
    const slot = pool.headOf(pool.slotAt(address));
    if (slot < 0) return null;
    return {
      pool: this.pools.indexOf(pool),
      area: pool.areaOf(slot),
      slot,
      padding: pool.map.padding[slot] ?? 0,
      offset: (address - pool.start) % SLOT_BYTES,
      slots: pool.map.counts[slot] ?? 0,
    };
  }

  /** The pool that holds a physical address (is_swiotlb_buffer); null: the address is no bounce buffer. */
  poolOf(address: number): SwiotlbPool | null {
    if (this.boot.contains(address)) return this.boot;
    if (this.growth === null) return null;
    for (const pool of this.pools) if (pool.contains(address)) return pool;
    for (const pool of this.transient) if (pool.contains(address)) return pool;
    return null;
  }

  /**
   * The growth worker runs: a pool of the boot pool's size, at most 4 MiB, is added at physical address `start`.
   * Returns the new pool.
   */
  grow(start: number): SwiotlbPool {
    const slots = Math.min(this.boot.slots, LARGEST_GROWTH_SLOTS);
    const wanted = this.growth?.areas ?? this.boot.areas;
    const pool = new SwiotlbPool(start, slots, Math.min(wanted, Math.max(1, Math.floor(slots / SEGMENT_SLOTS))));
    this.pools.push(pool);
    this.growing = false;
    return pool;
  }

  private prepare(device: SwiotlbDevice, origin: number, size: number, allocAlignMask: number): SlotRequest {
    const request = this.request;
    if (this.release === '6.12') request.prepare(device, origin, size, allocAlignMask);
    else request.prepare61(device, origin, size, allocAlignMask);
    return request;
  }

  /** Looks for a place for what is prepared: the first slot in the pool `found`, or a refusal. */
  private search(device: SwiotlbDevice, cpu: number): number {
    const { request } = this;
    const tooLarge = request.slots > SEGMENT_SLOTS;
    // 6.1 knows no limit: it searches for what cannot be there, and may search for ever.
    if (tooLarge && this.release === '6.12') return TOO_LARGE;
    if (this.growth !== null) return this.searchPools(this.growth, device, cpu);
    const pool = this.boot;
    this.found = pool;
    const first = cpu & (pool.areas - 1);
    let area = first;
    do {
      const slot = this.release === '6.12' ? pool.search(request, device, area) : pool.search61(request, device, area);
      if (slot >= 0 || slot === NEVER_ENDS) return slot; // never ends: the lock is held, no other area is tried
      area = (area + 1) & (pool.areas - 1);
    } while (area !== first);
    return tooLarge ? TOO_LARGE : FULL;
  }

  /** With growth there may be several pools: the newest is tried first. */
  private searchPools(growth: SwiotlbGrowth, device: SwiotlbDevice, cpu: number): number {
    const { pools, request } = this;
    for (let offset = 0; offset < growth.areas; offset++) {
      for (let number = pools.length - 1; number >= 0; number--) {
        const pool = pools[number];
        if (pool === undefined || offset >= pool.areas) continue;
        const slot = pool.search(request, device, (cpu + offset) & (pool.areas - 1));
        if (slot < 0) continue;
        this.found = pool;
        return slot;
      }
    }
    return FULL;
  }

  /** A mapping that fits nowhere gets a pool of its own, and growth is queued. */
  private mapTransient(growth: SwiotlbGrowth, device: SwiotlbDevice, request: SlotRequest, origin: number): number {
    this.growing = true;
    const start = growth.allocate(request.slots * SLOT_BYTES);
    if (start < 0) return FULL;
    const pool = new SwiotlbPool(start, request.slots, 1);
    const slot = pool.search(request, device, 0);
    if (slot < 0) return FULL;
    this.transient.push(pool);
    this.transientTotal += pool.slots;
    return this.claim(pool, slot, request, origin);
  }

  private claim(pool: SwiotlbPool, slot: number, request: SlotRequest, origin: number): number {
    this.usedSlots += request.slots;
    if (this.usedSlots > this.highWater) this.highWater = this.usedSlots;
    return pool.claim(slot, request, origin);
  }

  private dropTransient(pool: SwiotlbPool): void {
    const index = this.transient.indexOf(pool);
    if (index < 0) return;
    this.transient.splice(index, 1);
    this.transientTotal -= pool.slots;
  }
}
