import { PER_CPU_QUEUE, SHARED_QUEUE } from '../../iommu/flush-queue.ts';
import { IovaDomain } from '../../iommu/iova-domain.ts';
import { type Counters, noCounters } from '../../machine/counters.ts';
import type {
  AllocateGrant,
  AllocateRequest,
  MapGrant,
  MapRequest,
  MemorySystem,
} from '../../machine/memory-system.ts';
import { PAGE_BYTES } from '../../memory/page.ts';
import type { PlatformDescription } from '../description.ts';
import { ASSUMED_BYTES, HostMemory, pagesOf } from './host-memory.ts';

const CPU = 0;
const PAGE_BITS = 12;
const QUEUES = { strict: null, lazy: PER_CPU_QUEUE, 'lazy-shared': SHARED_QUEUE } as const;
const NO_ROOM = 'no IOVA range is left below what the device reaches';

interface Range {
  /** First IOVA page; null: not mapped by the allocator. */
  readonly pfn: number | null;
  readonly address: number;
  readonly pages: number;
}

/**
 * An IOMMU driven by Linux's IOMMU DMA layer. Time does not pass while a program runs, so that a flush queue is emptied when it
 * is full, not by its timer. Programs of EDK2 allocate first and map on their own; there this layer stands for VT-d's driver.
 */
export class IovaSystem implements MemorySystem {
  readonly #coherent: boolean;
  readonly #mode: keyof typeof QUEUES;
  readonly #limit: number;
  readonly #mapsAllocations: boolean;
  readonly #host: HostMemory;
  readonly #allocations = new Map<number, Range>();
  readonly #mappings = new Map<number, Range>();
  readonly #counters = noCounters();
  #made: IovaDomain | null = null;
  #next = 1;

  constructor({ device }: PlatformDescription, mode: keyof typeof QUEUES, mapsAllocations: boolean) {
    this.#coherent = device.coherent;
    this.#mode = mode;
    this.#limit = 2 ** (device.addressBits - PAGE_BITS) - 1;
    this.#mapsAllocations = mapsAllocations;
    this.#host = new HostMemory(device.buffers);
  }

  allocate({ bytes }: AllocateRequest): AllocateGrant {
    const id = this.#next++;
    const pages = pagesOf(bytes);
    const pfn = this.#mapsAllocations ? this.#take(pages) : null;
    if (pfn !== null && pfn < 0) return { id, refused: NO_ROOM };
    this.#allocations.set(id, { pfn, pages, address: this.#host.take(pages) });
    return { id, refused: null };
  }

  free(id: number): void {
    const range = this.#allocations.get(id);
    if (range === undefined) return;
    this.#allocations.delete(id);
    this.#give(range);
  }

  map(request: MapRequest): MapGrant {
    const id = this.#next++;
    const bytes = request.bytes ?? ASSUMED_BYTES;
    const address =
      this.#allocations.get(request.allocation ?? -1)?.address ?? this.#host.addressOf(request.buffer, bytes);
    const pages = Math.max(1, IovaDomain.pagesOf(address % PAGE_BYTES, bytes));
    const pfn = this.#take(pages);
    if (pfn < 0) return { id, address: 'none', refused: NO_ROOM };
    this.#mappings.set(id, { pfn, pages, address });
    this.#maintainCaches();
    return { id, address: 'translated', refused: null };
  }

  unmap({ id }: MapGrant): void {
    const range = this.#mappings.get(id);
    if (range === undefined) return;
    this.#mappings.delete(id);
    this.#give(range);
    this.#maintainCaches();
  }

  sync({ id }: MapGrant): void {
    if (this.#mappings.has(id)) this.#maintainCaches();
  }

  convert(): void {}

  exitBootServices(): void {}

  counters(): Counters {
    const domain = this.#made;
    return {
      ...this.#counters,
      iovaSearches: domain?.allocator.tree.searchCount ?? 0,
      invalidations: domain === null ? 0 : domain.counters.sync + domain.counters.flushAll,
      pendingInvalidations: domain?.queued ?? 0,
    };
  }

  startup(): Counters {
    return noCounters();
  }

  get #domain(): IovaDomain {
    this.#made ??= new IovaDomain({ cpus: 1, limit: this.#limit, try32First: true, queue: QUEUES[this.#mode] });
    return this.#made;
  }

  #take(pages: number): number {
    const pfn = this.#domain.map(CPU, pages);
    if (pfn < 0) this.#counters.refusals += 1;
    else this.#counters.iovaPages += pages;
    return pfn;
  }

  #give({ pfn, pages }: Range): void {
    if (pfn === null) return;
    this.#domain.unmap(CPU, pfn, pages);
    this.#counters.iovaPages -= pages;
  }

  #maintainCaches(): void {
    if (!this.#coherent) this.#counters.cacheMaintenance += 1;
  }
}
