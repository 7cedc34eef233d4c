import {
  BounceCopy,
  type DirectDevice,
  DirectMapping,
  type DirectOptions,
  mapDirect,
  SEGMENT_SLOTS,
  SwiotlbDevice,
  syncDirect,
  type TransferDirection,
  unmapDirect,
} from '../../bounce/swiotlb/index.ts';
import type { Counters } from '../../machine/counters.ts';
import type {
  AllocateGrant,
  AllocateRequest,
  ConvertRequest,
  MapGrant,
  MapRequest,
  MemorySystem,
} from '../../machine/memory-system.ts';
import type { GuestMemory } from '../../memory/guest-memory.ts';
import { PAGE_BYTES } from '../../memory/page.ts';
import type { PlatformDescription } from '../description.ts';
import { guestMemory, transferOf } from './guest.ts';
import { ASSUMED_BYTES, HostMemory, pagesOf } from './host-memory.ts';
import { Ledger } from './ledger.ts';
import { BOUNCE_POOL_START, BouncePool } from './pool.ts';

/** One CPU runs the program. */
const CPU = 0;

interface Allocation {
  readonly address: number;
  readonly pages: number;
  /** Taken from a restricted pool. */
  readonly pooled: boolean;
}

interface Live {
  readonly address: number;
  readonly bytes: number;
  readonly direction: TransferDirection;
  readonly skipSync: boolean;
  readonly bounced: boolean;
  readonly streaming: boolean;
}

/** Linux's direct mapping with or without swiotlb, in plain or confidential memory. */
export class LinuxDirectSystem implements MemorySystem {
  readonly #description: PlatformDescription;
  readonly #ledger = new Ledger();
  readonly #host: HostMemory;
  readonly #memory: GuestMemory | null;
  readonly #pool: BouncePool | null;
  #device: DirectDevice;
  readonly #options: DirectOptions;
  readonly #allocations = new Map<number, Allocation>();
  readonly #mappings = new Map<number, Live>();
  readonly #mapping = new DirectMapping();
  readonly #copy = new BounceCopy();
  #next = 1;

  constructor(description: PlatformDescription) {
    const { bounce, device, memory } = description;
    this.#description = description;
    this.#host = new HostMemory(device.buffers);
    this.#memory = guestMemory(memory);
    this.#pool = bounce.kind === 'swiotlb' ? new BouncePool(bounce) : null;
    this.#device = {
      dmaMask: maskOf(device.addressBits),
      busLimit: 0,
      coherent: device.coherent,
      bounce: new SwiotlbDevice(device.minAlignMask ?? 0),
    };
    this.#options = {
      forceBounce: bounce.kind === 'swiotlb' && bounce.when === 'always',
      bounceUnalignedKmalloc: false,
      minAlign: 128,
      cacheAlign: 64,
    };
  }

  /** dma_alloc_coherent: pages, made shared at once in a confidential guest; or slots of a restricted pool. */
  allocate({ bytes }: AllocateRequest): AllocateGrant {
    const id = this.#next++;
    const pages = pagesOf(bytes);
    if (this.#pool?.restricted === true) {
      const address = this.#pool.take(this.#device.bounce, CPU, 0, pages * PAGE_BYTES, PAGE_BYTES - 1);
      if (address < 0) return { id, refused: this.#refuse(pages * PAGE_BYTES) };
      this.#allocations.set(id, { address, pages, pooled: true });
    } else {
      const address = this.#host.take(pages);
      this.#memory?.convert(address, pages, 'shared');
      this.#allocations.set(id, { address, pages, pooled: false });
    }
    return { id, refused: null };
  }

  free(id: number): void {
    const allocation = this.#allocations.get(id);
    if (allocation === undefined) return;
    this.#allocations.delete(id);
    if (allocation.pooled) this.#pool?.give(allocation.address);
    else this.#memory?.convert(allocation.address, allocation.pages, 'private');
  }

  map(request: MapRequest): MapGrant {
    const id = this.#next++;
    const bytes = request.bytes ?? ASSUMED_BYTES;
    const host =
      this.#allocations.get(request.allocation ?? -1)?.address ?? this.#host.addressOf(request.buffer, bytes);
    const direction = transferOf(request.direction);
    const streaming = request.mode === 'streaming';
    const skipSync = request.attributes.includes('skip-cpu-sync');
    const live = { address: host, bytes, direction, skipSync, bounced: false, streaming };
    if (!streaming || this.#pool === null) {
      this.#mappings.set(id, live);
      if (streaming) this.#maintainCaches(skipSync);
      return { id, address: 'host', refused: null };
    }
    const mapping = this.#mapping;
    const { swiotlb } = this.#pool;
    mapDirect(swiotlb, this.#device, CPU, host, bytes, direction, skipSync, this.#options, mapping);
    if (mapping.bounced) {
      const slots = swiotlb.slotsFor(this.#device.bounce, host, bytes, 0);
      this.#pool.countSearch(CPU, mapping.address, slots);
    }
    if (mapping.address < 0) return { id, address: 'none', refused: this.#refuse(bytes) };
    this.#ledger.counters.bytesToBounce += mapping.copy.length;
    this.#ledger.counters.cacheMaintenance += mapping.cacheSyncs;
    this.#mappings.set(id, { ...live, address: mapping.address, bounced: mapping.bounced });
    return { id, address: mapping.bounced ? 'bounce' : 'host', refused: null };
  }

  unmap({ id }: MapGrant): void {
    const live = this.#mappings.get(id);
    if (live === undefined) return;
    this.#mappings.delete(id);
    const { address, bytes, direction, skipSync, bounced, streaming } = live;
    if (!bounced || this.#pool === null) {
      if (streaming) this.#maintainCaches(skipSync);
      return;
    }
    const { counters } = this.#ledger;
    counters.cacheMaintenance += unmapDirect(
      this.#pool.swiotlb,
      this.#device,
      address,
      bytes,
      direction,
      skipSync,
      this.#copy,
    );
    this.#pool.locks += 1;
    counters.bytesFromBounce += this.#copy.length;
  }

  sync({ id }: MapGrant, owner: 'cpu' | 'device', bytes: number | null): void {
    const live = this.#mappings.get(id);
    if (live === undefined) return;
    if (!live.bounced || this.#pool === null) {
      this.#maintainCaches(false);
      return;
    }
    const { counters } = this.#ledger;
    const length = Math.min(bytes ?? live.bytes, live.bytes);
    counters.cacheMaintenance += syncDirect(
      this.#pool.swiotlb,
      this.#device,
      owner,
      live.address,
      length,
      live.direction,
      this.#copy,
    );
    if (owner === 'cpu') counters.bytesFromBounce += this.#copy.length;
    else counters.bytesToBounce += this.#copy.length;
  }

  convert({ allocation, buffer, bytes, to }: ConvertRequest): void {
    const own = this.#allocations.get(allocation ?? -1);
    const address = own?.address ?? this.#host.addressOf(buffer, bytes ?? ASSUMED_BYTES);
    this.#memory?.convert(address, bytes === null && own !== undefined ? own.pages : pagesOf(bytes), to);
  }

  setMask(bits: number): void {
    this.#device = { ...this.#device, dmaMask: maskOf(bits) };
  }

  exitBootServices(): void {}

  counters(): Counters {
    const { counters } = this.#ledger;
    if (this.#pool !== null) this.#pool.count(counters);
    return this.#ledger.with(this.#memory);
  }

  /** Linux shares the pool made at boot all at once. */
  startup(): Counters {
    const memory = guestMemory(this.#description.memory);
    if (this.#pool !== null) memory?.convert(BOUNCE_POOL_START, this.#pool.bytes / PAGE_BYTES, 'shared');
    return new Ledger().with(memory);
  }

  #maintainCaches(skipSync: boolean): void {
    if (!this.#device.coherent && !skipSync) this.#ledger.counters.cacheMaintenance += 1;
  }

  #refuse(bytes: number): string {
    this.#ledger.counters.refusals += 1;
    const slots = this.#pool?.swiotlb.slotsFor(this.#device.bounce, 0, bytes, 0) ?? 0;
    return slots > SEGMENT_SLOTS
      ? `${bytes} bytes take ${slots} slots, and no mapping gets more than ${SEGMENT_SLOTS}`
      : 'the bounce pool has no room that the device reaches';
  }
}

/** Beyond 53 bits no address is too high. */
const maskOf = (bits: number): number => (bits >= 53 ? Number.MAX_SAFE_INTEGER : 2 ** bits - 1);
