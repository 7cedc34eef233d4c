import type { Direction, MappingMode, MemoryKind } from '../program/index.ts';

/** Exact counts of what a memory system had to do. */
export interface Counters {
  /** Pages of 4 KiB converted private → shared and back. */
  readonly pagesShared: number;
  readonly pagesPrivate: number;
  /** Bytes copied into and out of bounce buffers. */
  readonly bytesToBounce: number;
  readonly bytesFromBounce: number;
  /** IOTLB invalidation commands. */
  readonly invalidations: number;
  /** Bounce slots of 2 KiB held now, and the most that were held at once. */
  readonly slots: number;
  readonly slotsHighWater: number;
  /** IOVA pages of 4 KiB held now. */
  readonly iovaPages: number;
}

export interface MapRequest {
  /** Bytes; a platform takes a page where the program does not say. */
  readonly bytes: number | null;
  readonly direction: Direction;
  readonly mode: MappingMode;
  readonly memory: MemoryKind;
}

/** What a mapping is on a platform. */
export interface MapGrant {
  readonly id: number;
  /** `host`: the device uses the host address itself; `bounce`: another buffer; `translated`: an IOVA of the same memory. */
  readonly address: 'host' | 'bounce' | 'translated';
}

/** A platform's memory, as the machine drives it. Instances are cheap and hold the state of one run. */
export interface MemorySystem {
  allocate(bytes: number | null): number;
  free(allocation: number): void;
  map(request: MapRequest): MapGrant;
  unmap(grant: MapGrant): void;
  sync(grant: MapGrant, owner: 'cpu' | 'device', bytes: number | null): void;
  counters(): Counters;
}

/** What is true of every mapping and buffer on a platform: decides which faults show there. */
export interface Traits {
  /** Streaming mappings go through a bounce buffer. */
  readonly bounces: boolean;
  /** Device addresses are not host addresses. */
  readonly translates: boolean;
  /** Memory is private to the guest unless it was made shared. */
  readonly encrypted: boolean;
  /** Device and CPU caches are kept coherent by hardware. */
  readonly coherent: boolean;
  /** A map call can fail: pool or address space can be exhausted. */
  readonly mapCanFail: boolean;
  /** Name of what a leaked mapping holds; null when it holds nothing. */
  readonly held: string | null;
}
