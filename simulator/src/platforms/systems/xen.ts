import { type Counters, noCounters } from '../../machine/counters.ts';
import type {
  AllocateGrant,
  AllocateRequest,
  MapGrant,
  MapRequest,
  MemorySystem,
} from '../../machine/memory-system.ts';
import type { XenPart } from '../description.ts';
import { pagesOf } from './host-memory.ts';

const PAGES_PER_BATCH = 1024;

/**
 * A guest's frames under Xen with VT-d, as hvmloader changes them: a map enters pages, an unmap removes them, and the plan says
 * when the IOTLB is invalidated (see `iommu/vtd-plans.ts`, which relocates whole ranges). The one invalidation that ends
 * plan A stays pending, because a program has no place for it.
 */
export class XenSystem implements MemorySystem {
  readonly #part: XenPart;
  readonly #mappings = new Map<number, number>();
  readonly #counters = noCounters();
  #next = 1;

  constructor(part: XenPart) {
    this.#part = part;
  }

  allocate(_request: AllocateRequest): AllocateGrant {
    return { id: this.#next++, refused: null };
  }

  free(): void {}

  map({ bytes }: MapRequest): MapGrant {
    const id = this.#next++;
    const pages = pagesOf(bytes);
    this.#mappings.set(id, pages);
    this.#change(pages, this.#part.cachingMode);
    return { id, address: 'translated', refused: null };
  }

  unmap({ id }: MapGrant): void {
    const pages = this.#mappings.get(id);
    if (pages === undefined) return;
    this.#mappings.delete(id);
    this.#change(pages, true);
  }

  sync(): void {}

  convert(): void {}

  exitBootServices(): void {}

  counters(): Counters {
    return { ...this.#counters };
  }

  startup(): Counters {
    return noCounters();
  }

  /** Entries of `pages` pages change; `cached`: the IOTLB may hold what they were. */
  #change(pages: number, cached: boolean): void {
    const { plan, pagesPerBatch = PAGES_PER_BATCH } = this.#part;
    const steps = plan === 'batched' ? Math.ceil(pages / pagesPerBatch) : pages;
    this.#counters.hypercalls += steps;
    if (!cached) return;
    if (plan === 'deferred') this.#counters.pendingInvalidations = 1;
    else this.#counters.invalidations += steps;
  }
}
