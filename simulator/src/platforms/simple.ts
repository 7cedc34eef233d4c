import type { Counters, MapGrant, MapRequest, MemorySystem, Traits } from '../machine/memory-system.ts';

const PAGE = 4096;
const SLOT = 2048;

const pages = (bytes: number | null): number => Math.max(1, Math.ceil((bytes ?? PAGE) / PAGE));

interface Live {
  readonly request: MapRequest;
}

/** A memory system that follows from a platform's traits alone: right in kind, counted page by page. */
export class SimpleMemorySystem implements MemorySystem {
  private readonly traits: Traits;
  private readonly mappings = new Map<number, Live>();
  private readonly allocations = new Map<number, number>();
  private next = 1;
  private count = { pagesShared: 0, pagesPrivate: 0, bytesToBounce: 0, bytesFromBounce: 0, invalidations: 0, slots: 0, slotsHighWater: 0, iovaPages: 0 };

  constructor(traits: Traits) {
    this.traits = traits;
  }

  allocate(bytes: number | null): number {
    const id = this.next++;
    this.allocations.set(id, pages(bytes));
    if (this.traits.encrypted) this.count.pagesShared += pages(bytes);
    return id;
  }

  free(allocation: number): void {
    const size = this.allocations.get(allocation);
    if (size === undefined) return;
    this.allocations.delete(allocation);
    if (this.traits.encrypted) this.count.pagesPrivate += size;
  }

  map(request: MapRequest): MapGrant {
    const id = this.next++;
    this.mappings.set(id, { request });
    const { count, traits } = this;
    const bytes = request.bytes ?? PAGE;
    if (request.mode === 'streaming' && traits.bounces) {
      count.bytesToBounce += bytes;
      count.slots += Math.ceil(bytes / SLOT);
      count.slotsHighWater = Math.max(count.slotsHighWater, count.slots);
      return { id, address: 'bounce' };
    }
    if (traits.translates) {
      count.iovaPages += pages(bytes);
      return { id, address: 'translated' };
    }
    return { id, address: 'host' };
  }

  unmap(grant: MapGrant): void {
    const live = this.mappings.get(grant.id);
    if (!live) return;
    this.mappings.delete(grant.id);
    const bytes = live.request.bytes ?? PAGE;
    if (grant.address === 'bounce') {
      if (live.request.direction !== 'to-device') this.count.bytesFromBounce += bytes;
      this.count.slots -= Math.ceil(bytes / SLOT);
    }
    if (grant.address === 'translated') {
      this.count.iovaPages -= pages(bytes);
      this.count.invalidations++;
    }
  }

  sync(grant: MapGrant, owner: 'cpu' | 'device', bytes: number | null): void {
    const live = this.mappings.get(grant.id);
    if (!live || grant.address !== 'bounce') return;
    const moved = bytes ?? live.request.bytes ?? PAGE;
    if (owner === 'cpu') this.count.bytesFromBounce += moved;
    else this.count.bytesToBounce += moved;
  }

  counters(): Counters {
    return { ...this.count };
  }
}
