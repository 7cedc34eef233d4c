import { ceilTo, PAGE_BYTES, pagesFor } from '../memory/page.ts';
import type { PageSource } from '../memory/page-allocator.ts';
import type { BusMasterOperation, EfiMemoryType, EfiStatus } from './efi.ts';

export interface DmaLibOptions {
  /** Cache line (EFI_CPU_ARCH_PROTOCOL.DmaBufferAlignment), a power of two, in bytes. */
  readonly cacheLine: number;
  /** PcdDmaDeviceOffset: device address = CPU address + this. */
  readonly deviceOffset: number;
  /** PcdDmaDeviceLimit: a device address must be below or equal to this, and an end address too. */
  readonly deviceLimit: number;
}

export interface CacheOperation {
  readonly type: 'writeback' | 'invalidate' | 'writeback_invalidate';
  readonly on: 'host' | 'bounce';
  readonly bytes: number;
}

/** What one call did, besides its answer. */
export interface DmaLibEffects {
  readonly cache: readonly CacheOperation[];
  readonly copiedBytes: number;
  readonly pagesAllocated: number;
  readonly pagesFreed: number;
  readonly poolAllocations: number;
  readonly poolFrees: number;
  readonly asserts: number;
  /** Changes of memory attributes. */
  readonly attributeChanges: number;
}

/** `identity`: the device uses the host's buffer. The others: bounce for its address, or for its cache lines. */
export type DmaLibRelation = 'identity' | 'bounce_limit' | 'double_buffer';

type Refused = { readonly status: Exclude<EfiStatus, 'SUCCESS'> };

export type DmaLibMapResult = DmaLibEffects &
  (
    | {
        readonly status: 'SUCCESS';
        readonly mapping: number;
        readonly relation: DmaLibRelation;
        /** CPU address of what the device uses; null for pool memory, whose address is the pool's affair. */
        readonly cpuAddress: number | null;
      }
    | Refused
  );

export type DmaLibAllocateResult = DmaLibEffects & ({ readonly status: 'SUCCESS'; readonly host: number } | Refused);
export type DmaLibAnswer = DmaLibEffects & { readonly status: EfiStatus };

interface Mapping {
  readonly operation: BusMasterOperation;
  readonly bytes: number;
  readonly relation: DmaLibRelation;
  readonly cpuAddress: number | null;
}

const NONE: DmaLibEffects = {
  cache: [],
  copiedBytes: 0,
  pagesAllocated: 0,
  pagesFreed: 0,
  poolAllocations: 0,
  poolFrees: 0,
  asserts: 0,
  attributeChanges: 0,
};

/** EmbeddedPkg/Library/CoherentDmaLib: the device sees the CPU's caches; every map is the address plus an offset. */
export class CoherentDmaLib {
  readonly #deviceOffset: number;

  constructor(deviceOffset: number) {
    this.#deviceOffset = deviceOffset;
  }

  deviceAddress(host: number): number {
    return host + this.#deviceOffset;
  }
}

/**
 * EmbeddedPkg/Library/NonCoherentDmaLib: the device does not see the CPU's caches. Bounces what the device cannot reach, and
 * writes into cache lines that the buffer shares with other data; common buffers have to come from this library.
 */
export class NonCoherentDmaLib {
  readonly #options: DmaLibOptions;
  readonly #pages: PageSource;
  readonly #uncached = new Map<number, number>();
  readonly #mappings = new Map<number, Mapping>();
  #next = 1;

  constructor(options: DmaLibOptions, pages: PageSource) {
    this.#options = options;
    this.#pages = pages;
  }

  /** Highest CPU address whose device address is in reach; compared with a buffer's end, which is exclusive. */
  get hostLimit(): number {
    return this.#options.deviceLimit - this.#options.deviceOffset;
  }

  /** Buffers allocated by this library and not freed. */
  get uncachedBuffers(): number {
    return this.#uncached.size;
  }

  /** `operation` null = out of range; `host` 0 = null. */
  map(operation: BusMasterOperation | null, host: number, bytes: number): DmaLibMapResult {
    if (operation === null || host === 0) return { ...NONE, status: 'INVALID_PARAMETER' };
    const { cacheLine } = this.#options;
    if (host + bytes > this.hostLimit) return this.#mapOutOfReach(operation, bytes);
    const cached = !this.#isUncached(host);
    if (operation !== 'Read' && (host % cacheLine !== 0 || bytes % cacheLine !== 0)) {
      if (!cached) return this.#record({ operation, bytes, relation: 'identity', cpuAddress: host }, NONE);
      if (operation === 'CommonBuffer') return refusedMap('UNSUPPORTED');
      const effects = { ...NONE, cache: [{ type: 'writeback', on: 'bounce', bytes } as const], poolAllocations: 1 };
      return this.#record({ operation, bytes, relation: 'double_buffer', cpuAddress: null }, effects);
    }
    const effects: DmaLibEffects = {
      ...NONE,
      cache: [{ type: 'writeback_invalidate', on: 'host', bytes }],
      asserts: operation === 'CommonBuffer' && cached ? 1 : 0,
    };
    return this.#record({ operation, bytes, relation: 'identity', cpuAddress: host }, effects);
  }

  unmap(id: number): DmaLibAnswer {
    const mapping = this.#mappings.get(id);
    if (mapping === undefined) return { ...NONE, status: 'INVALID_PARAMETER', asserts: 1 };
    this.#mappings.delete(id);
    const { bytes, relation, cpuAddress } = mapping;
    const rounded = ceilTo(bytes, this.#options.cacheLine);
    const bounced = relation !== 'identity';
    const writes = mapping.operation === 'Write';
    if (relation === 'bounce_limit' && cpuAddress !== null) this.#pages.free(cpuAddress, pagesFor(rounded));
    const flushed = relation === 'bounce_limit' ? rounded : bytes;
    return {
      ...NONE,
      status: 'SUCCESS',
      cache: writes ? [{ type: 'invalidate', on: bounced ? 'bounce' : 'host', bytes: flushed }] : [],
      copiedBytes: writes && bounced ? bytes : 0,
      pagesFreed: relation === 'bounce_limit' ? pagesFor(rounded) : 0,
      poolFrees: relation === 'double_buffer' ? 2 : 1,
    };
  }

  /** `alignment` in bytes, a power of two; 0 = a page. The pages become uncached. */
  allocateBuffer(pages: number, alignment: number, memoryType: EfiMemoryType): DmaLibAllocateResult {
    const aligned = alignment === 0 ? PAGE_BYTES : alignment;
    if (!Number.isInteger(Math.log2(aligned)) || memoryType === 'other') {
      return { ...NONE, status: 'INVALID_PARAMETER' };
    }
    const extra = aligned > PAGE_BYTES ? pagesFor(aligned) : 0;
    const base = pages === 0 ? null : this.#pages.allocate(pages + extra, this.hostLimit);
    if (base === null) return { ...NONE, status: 'OUT_OF_RESOURCES' };
    const host = ceilTo(base, Math.max(aligned, PAGE_BYTES));
    const before = (host - base) / PAGE_BYTES;
    if (before > 0) this.#pages.free(base, before);
    if (extra > before) this.#pages.free(host + pages * PAGE_BYTES, extra - before);
    this.#uncached.set(host, pages);
    return {
      ...NONE,
      status: 'SUCCESS',
      host,
      cache: [{ type: 'invalidate', on: 'bounce', bytes: pages * PAGE_BYTES }],
      pagesAllocated: pages + extra,
      pagesFreed: extra,
      poolAllocations: 1,
      attributeChanges: 1,
    };
  }

  freeBuffer(host: number, pages: number): DmaLibAnswer {
    if (this.#uncached.get(host) !== pages) return { ...NONE, status: 'INVALID_PARAMETER', asserts: 1 };
    this.#uncached.delete(host);
    this.#pages.free(host, pages);
    return { ...NONE, status: 'SUCCESS', pagesFreed: pages, poolFrees: 1, attributeChanges: 1 };
  }

  #mapOutOfReach(operation: BusMasterOperation, bytes: number): DmaLibMapResult {
    if (operation === 'CommonBuffer') return refusedMap('UNSUPPORTED');
    const rounded = ceilTo(bytes, this.#options.cacheLine);
    const pages = pagesFor(rounded);
    const cpuAddress = this.#pages.allocate(pages, this.hostLimit);
    if (cpuAddress === null) return refusedMap('OUT_OF_RESOURCES');
    const effects: DmaLibEffects = {
      ...NONE,
      cache: [{ type: 'writeback', on: 'bounce', bytes: rounded }],
      copiedBytes: operation === 'Read' ? bytes : 0,
      pagesAllocated: pages,
    };
    return this.#record({ operation, bytes, relation: 'bounce_limit', cpuAddress }, effects);
  }

  #record(mapping: Mapping, effects: DmaLibEffects): DmaLibMapResult {
    const id = this.#next;
    this.#next += 1;
    this.#mappings.set(id, mapping);
    const { relation, cpuAddress } = mapping;
    const poolAllocations = effects.poolAllocations + 1;
    return { ...effects, poolAllocations, status: 'SUCCESS', mapping: id, relation, cpuAddress };
  }

  #isUncached(host: number): boolean {
    for (const [start, pages] of this.#uncached) {
      if (host >= start && host < start + pages * PAGE_BYTES) return true;
    }
    return false;
  }
}

/** The MAP_INFO had been allocated. */
const refusedMap = (status: Refused['status']): DmaLibMapResult => ({
  ...NONE,
  status,
  poolAllocations: 1,
  poolFrees: 1,
});
