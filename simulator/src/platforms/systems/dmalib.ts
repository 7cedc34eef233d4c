import { type DmaLibEffects, NonCoherentDmaLib } from '../../bounce/dmalib.ts';
import { type Counters, noCounters } from '../../machine/counters.ts';
import type {
  AllocateGrant,
  AllocateRequest,
  MapGrant,
  MapRequest,
  MemorySystem,
} from '../../machine/memory-system.ts';
import { FOUR_GIB } from '../../memory/page.ts';
import { PageAllocator } from '../../memory/page-allocator.ts';
import type { DmaLibPart, PlatformDescription } from '../description.ts';
import { busMasterOperation } from './bus-master.ts';
import { ASSUMED_BYTES, HostMemory, pagesOf } from './host-memory.ts';
import { Ledger } from './ledger.ts';

/**
 * Also low memory, for devices that reach little; it ends below their 256 MiB, because the library takes a buffer that ends
 * exactly at the limit for out of reach.
 */
const FREE_MEMORY = [
  { start: 0x4000_0000, end: 0xb000_0000 },
  { start: 0x0010_0000, end: 0x0ff0_0000 },
  { start: FOUR_GIB + 0x4000_0000, end: 2 * FOUR_GIB },
] as const;

/** EDK2's NonCoherentDmaLib: cache maintenance, and bounce buffers for what the device cannot reach or shares lines with. */
export class NonCoherentDmaLibSystem implements MemorySystem {
  readonly #part: DmaLibPart;
  readonly #host: HostMemory;
  readonly #ledger = new Ledger();
  readonly #allocations = new Map<number, { readonly host: number; readonly pages: number }>();
  readonly #mappings = new Map<number, number>();
  #made: NonCoherentDmaLib | null = null;
  #next = 1;

  constructor(part: DmaLibPart, { device }: PlatformDescription) {
    this.#part = part;
    this.#host = new HostMemory(device.buffers);
  }

  allocate({ bytes }: AllocateRequest): AllocateGrant {
    const id = this.#next++;
    const pages = pagesOf(bytes);
    const result = this.#library.allocateBuffer(pages, 0, 'BootServicesData');
    this.#account(result);
    if (result.status !== 'SUCCESS') return { id, refused: this.#refuse(result.status) };
    this.#allocations.set(id, { host: result.host, pages });
    return { id, refused: null };
  }

  free(id: number): void {
    const allocation = this.#allocations.get(id);
    if (allocation === undefined) return;
    this.#allocations.delete(id);
    this.#account(this.#library.freeBuffer(allocation.host, allocation.pages));
  }

  map(request: MapRequest): MapGrant {
    const id = this.#next++;
    const bytes = request.bytes ?? ASSUMED_BYTES;
    const host = this.#allocations.get(request.allocation ?? -1)?.host ?? this.#host.addressOf(request.buffer, bytes);
    const result = this.#library.map(busMasterOperation(request), host, bytes);
    this.#account(result);
    if (result.status !== 'SUCCESS') return { id, address: 'none', refused: this.#refuse(result.status) };
    this.#ledger.counters.bytesToBounce += result.copiedBytes;
    this.#ledger.holdBouncePages(result.pagesAllocated);
    this.#mappings.set(id, result.mapping);
    const address = this.#part.deviceOffset === 0 ? 'host' : 'offset';
    return { id, address: result.relation === 'identity' ? address : 'bounce', refused: null };
  }

  unmap({ id }: MapGrant): void {
    const mapping = this.#mappings.get(id);
    if (mapping === undefined) return;
    this.#mappings.delete(id);
    const result = this.#library.unmap(mapping);
    this.#account(result);
    this.#ledger.counters.bytesFromBounce += result.copiedBytes;
    this.#ledger.holdBouncePages(-result.pagesFreed);
  }

  sync(): void {}

  convert(): void {}

  exitBootServices(): void {}

  counters(): Counters {
    return { ...this.#ledger.counters };
  }

  startup(): Counters {
    return noCounters();
  }

  get #library(): NonCoherentDmaLib {
    this.#made ??= new NonCoherentDmaLib(this.#part, new PageAllocator(FREE_MEMORY));
    return this.#made;
  }

  #account({ cache, asserts }: DmaLibEffects): void {
    const { counters } = this.#ledger;
    counters.cacheMaintenance += cache.length;
    counters.asserts += asserts;
  }

  #refuse(status: string): string {
    this.#ledger.counters.refusals += 1;
    return status === 'UNSUPPORTED'
      ? 'UNSUPPORTED: a common buffer has to come from the library, and within reach of the device'
      : status;
  }
}

/** EDK2's CoherentDmaLib: a constant is added, and nothing is kept. */
export class CoherentDmaLibSystem implements MemorySystem {
  readonly #address: 'host' | 'offset';
  #next = 1;

  constructor({ deviceOffset }: DmaLibPart) {
    this.#address = deviceOffset === 0 ? 'host' : 'offset';
  }

  allocate(): AllocateGrant {
    return { id: this.#next++, refused: null };
  }

  free(): void {}

  map(): MapGrant {
    return { id: this.#next++, address: this.#address, refused: null };
  }

  unmap(): void {}

  sync(): void {}

  convert(): void {}

  exitBootServices(): void {}

  counters(): Counters {
    return noCounters();
  }

  startup(): Counters {
    return noCounters();
  }
}
