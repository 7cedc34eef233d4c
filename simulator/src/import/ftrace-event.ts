/**
 * The trace events of a Linux kernel that say what happens to DMA memory: groups `dma`, `swiotlb`, `iommu` and
 * `intel_iommu`, and function probes on the slot and IOVA allocators where a recording has them.
 * Sizes are bytes, addresses numbers (bytes), -1 = all ones: the kernel's mark of a failure.
 */

export type FtraceDirection = 'to-device' | 'from-device' | 'bidirectional' | 'none';

/** dma_map_page, written after the mapping was made; dma_map_single appears so as well. */
export interface MapPageEvent {
  readonly name: 'map-page';
  readonly device: string;
  readonly direction: FtraceDirection;
  readonly address: number;
  readonly size: number;
  readonly physical: number;
  readonly skipSync: boolean;
}

/** dma_unmap_page, written after the unmapping. */
export interface UnmapPageEvent {
  readonly name: 'unmap-page';
  readonly device: string;
  readonly direction: FtraceDirection;
  readonly address: number;
  readonly size: number;
  readonly skipSync: boolean;
}

/** dma_map_sg, written after success only. At most 128 entries are listed. */
export interface MapSgEvent {
  readonly name: 'map-sg';
  readonly device: string;
  readonly direction: FtraceDirection;
  /** Entries given, and entries after merging: real counts, whatever is listed. */
  readonly given: number;
  readonly mapped: number;
  readonly truncated: boolean;
  /** Of the mapped entries. */
  readonly addresses: readonly number[];
  readonly sizes: readonly number[];
  /** Of the given entries. */
  readonly physicals: readonly number[];
}

/** dma_unmap_sg, written before the unmapping, with the original addresses only. */
export interface UnmapSgEvent {
  readonly name: 'unmap-sg';
  readonly device: string;
  readonly direction: FtraceDirection;
  readonly physicals: readonly number[];
  readonly skipSync: boolean;
}

/** dma_alloc and dma_free (written before): coherent memory. */
export interface CoherentEvent {
  readonly name: 'alloc' | 'free';
  readonly device: string;
  readonly address: number;
  readonly size: number;
}

/** dma_sync_single_for_cpu and dma_sync_single_for_device. */
export interface SyncEvent {
  readonly name: 'sync';
  readonly owner: 'cpu' | 'device';
  readonly device: string;
  readonly direction: FtraceDirection;
  readonly address: number;
  readonly size: number;
}

/** swiotlb_bounced, written before slots are looked for: attempts that fail are among them. */
export interface BouncedEvent {
  readonly name: 'bounced';
  readonly device: string;
  /** The device's DMA mask; from 2^53 on not exact. */
  readonly mask: number;
  readonly origin: number;
  readonly size: number;
  readonly forced: boolean;
}

/** Probe at the return of the slot allocator. */
export interface SlotMapEvent {
  readonly name: 'slot-map';
  readonly device: string;
  readonly origin: number;
  readonly size: number;
  readonly allocAlignMask: number;
  readonly direction: FtraceDirection;
  /** In the pool; -1 = no room. */
  readonly address: number;
}

/** Probe at the entry of the release of slots. */
export interface SlotUnmapEvent {
  readonly name: 'slot-unmap';
  readonly device: string;
  readonly address: number;
  readonly size: number;
  readonly direction: FtraceDirection;
}

/** map and unmap of the group `iommu`: no device, no domain. */
export interface IommuMapEvent {
  readonly name: 'iommu-map' | 'iommu-unmap';
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** cache_tag_flush_range (an unmap) and cache_tag_flush_range_np (a new mapping, with caching mode). */
export interface FlushRangeEvent {
  readonly name: 'flush-range' | 'flush-range-new';
  readonly domain: number;
  readonly from: number;
  /** Inclusive. */
  readonly last: number;
  /** What is invalidated: an aligned block of `2 ** order` pages at `address`. */
  readonly address: number;
  readonly order: number;
}

/** cache_tag_flush_all: a whole domain. */
export interface FlushAllEvent {
  readonly name: 'flush-all';
  readonly domain: number;
}

/** qi_submit: one descriptor of the invalidation queue of a VT-d unit. */
export interface InvalidationEvent {
  readonly name: 'invalidation';
  readonly scope: 'iotlb-global' | 'iotlb-domain' | 'iotlb-page' | 'context' | 'other';
}

/** Probes on the IOVA allocator; `domain` is the pointer as it was printed, `pfn` -1 = no room. */
export interface IovaEvent {
  readonly name: 'iova-alloc' | 'iova-free';
  readonly domain: string;
  readonly pfn: number;
  readonly pages: number;
  /** Highest granule allowed, alloc only. */
  readonly limit: number;
}

/** Probes on the flush queue: its timer ran, the domain is flushed. */
export interface FlushQueueEvent {
  readonly name: 'flush-timer' | 'flush-queue';
}

/** tracing_mark_write: what the session wrote itself. */
export interface MarkEvent {
  readonly name: 'mark';
  readonly text: string;
}

export type FtraceEvent =
  | MapPageEvent
  | UnmapPageEvent
  | MapSgEvent
  | UnmapSgEvent
  | CoherentEvent
  | SyncEvent
  | BouncedEvent
  | SlotMapEvent
  | SlotUnmapEvent
  | IommuMapEvent
  | FlushRangeEvent
  | FlushAllEvent
  | InvalidationEvent
  | IovaEvent
  | FlushQueueEvent
  | MarkEvent;

/** One event and where it happened. */
export interface FtraceRecord {
  readonly task: string;
  readonly cpu: number;
  /** Of the trace clock, with microseconds. */
  readonly seconds: number;
  readonly event: FtraceEvent;
}

/** What a line of trace text is. */
export type FtraceLine =
  | { readonly kind: 'event'; readonly record: FtraceRecord }
  /** An event of another kind: its name. */
  | { readonly kind: 'other'; readonly name: string }
  /** The ring buffer was full: so many events are missing here. */
  | { readonly kind: 'lost'; readonly events: number }
  | { readonly kind: 'comment' }
  /** Torn in the middle, or no trace text at all. */
  | { readonly kind: 'foreign'; readonly why: string };
