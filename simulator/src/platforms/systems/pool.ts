import { DefaultPool } from '../../bounce/device-pools.ts';
import { SEGMENT_SLOTS, SLOT_BYTES, Swiotlb, type SwiotlbDevice } from '../../bounce/swiotlb/index.ts';
import type { CounterTally } from '../../machine/counters.ts';
import type { SwiotlbPart } from '../description.ts';

const MIB = 1024 * 1024;

/** Below 4 GiB, as the kernel allocates it. */
export const BOUNCE_POOL_START = 0x8000_0000;
/** Where pools are put that a growing swiotlb adds. */
const GROWTH_START = 0xc000_0000;

/** The swiotlb of one platform, made when it is first used, with the locks that its areas took. */
export class BouncePool {
  readonly restricted: boolean;
  locks = 0;
  readonly #part: SwiotlbPart;
  #swiotlb: Swiotlb | null = null;
  #grown = GROWTH_START;

  constructor(part: SwiotlbPart) {
    this.#part = part;
    this.restricted = part.device === 'restricted';
  }

  /** Bytes of the pool made at boot. */
  get bytes(): number {
    return this.#part.mebibytes * MIB;
  }

  get swiotlb(): Swiotlb {
    this.#swiotlb ??= this.#create();
    return this.#swiotlb;
  }

  take(device: SwiotlbDevice, cpu: number, origin: number, bytes: number, alignMask: number): number {
    const address = this.swiotlb.map(device, cpu, origin, bytes, alignMask);
    this.countSearch(cpu, address, this.swiotlb.slotsFor(device, origin, bytes, alignMask));
    return address;
  }

  give(address: number): void {
    this.locks += 1;
    this.swiotlb.unmap(address);
  }

  /** Counts the locks of a search for `slots` that ended at `address` or nowhere (negative): one for each area looked at. */
  countSearch(cpu: number, address: number, slots: number): void {
    const { swiotlb } = this;
    const { areas, release } = this.#part;
    // Refused before any area is looked at.
    if (slots > SEGMENT_SLOTS && release === '6.12') return;
    const grant = address < 0 ? null : swiotlb.grantOf(address);
    const offset = grant === null || grant.pool < 0 ? areas : (grant.area - cpu + areas) % areas;
    // All pools at each area before the one that had room; there, from the newest pool down.
    const inLast = grant === null || grant.pool < 0 ? 0 : swiotlb.poolCount - grant.pool;
    this.locks += offset * swiotlb.poolCount + inLast;
    // The worker runs before the next mapping.
    if (swiotlb.growQueued) this.#grow(swiotlb);
  }

  count(counters: CounterTally): void {
    counters.lockAcquisitions = this.locks;
    counters.slots = this.#swiotlb?.used ?? 0;
    counters.slotsHighWater = this.#swiotlb?.highWaterMark ?? 0;
  }

  #create(): Swiotlb {
    const { release, areas, dynamic = false, device } = this.#part;
    // A device's own pool is cut from a default pool of 64 MiB or, where it is larger, of twice its size.
    const own =
      device === 'rfc-2022' ? new DefaultPool(Math.max(64 * MIB, 2 * this.bytes)).allocate(areas, this.bytes) : null;
    return new Swiotlb({
      release,
      slots: own === null ? this.bytes / SLOT_BYTES : own.areas * own.slotsPerArea,
      areas,
      start: BOUNCE_POOL_START,
      ...(dynamic ? { dynamic: { areas, allocate: (bytes: number) => this.#place(bytes) } } : {}),
    });
  }

  #grow(swiotlb: Swiotlb): void {
    const pool = swiotlb.grow(this.#grown);
    this.#grown += pool.slots * SLOT_BYTES;
  }

  #place(bytes: number): number {
    const address = this.#grown;
    this.#grown += Math.ceil(bytes / 4096) * 4096;
    return address;
  }
}
