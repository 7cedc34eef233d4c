import type { GuestMemory } from '../memory/guest-memory.ts';
import { FOUR_GIB, PAGE_BYTES, pagesFor } from '../memory/page.ts';
import type { PageSource } from '../memory/page-allocator.ts';
import {
  ATTRIBUTE_DUAL_ADDRESS_CYCLE,
  areBufferAttributes,
  type DmaOperation,
  type Effects,
  type EffectsTally,
  type EfiMemoryType,
  type EfiStatus,
  is64Bit,
  isCommonBuffer,
  isRead,
  isWrite,
  noEffects,
} from './efi.ts';
import { forEachData, ReservedRegion, reservedBytes } from './iommudxe-reserved.ts';
import type {
  AllocateBufferResult,
  Answer,
  ExitResult,
  IoMmuDxeMapping,
  MapResult,
  Source,
} from './iommudxe-results.ts';
import type { IoMmuDxeBehaviour, ReservedClass } from './iommudxe-versions.ts';

interface Buffer {
  readonly pages: number;
  readonly stash: number | null;
  /** First page to give back: the header page, where there is one. */
  readonly base: number;
  readonly source: Source;
}

const ACCESS_READ = 1;
const ACCESS_WRITE = 2;

/**
 * EDKII_IOMMU_PROTOCOL of OVMF (OvmfPkg/IoMmuDxe): every transfer of a confidential guest goes through pages that are shared
 * with the host, either bounce pages or an in-place converted common buffer. Addresses and sizes are bytes.
 */
export class IoMmuDxe {
  readonly #behaviour: IoMmuDxeBehaviour;
  readonly #pages: PageSource;
  readonly #memory: GuestMemory;
  readonly #buffers = new Map<number, Buffer>();
  readonly #mappings = new Map<number, IoMmuDxeMapping>();
  #region: ReservedRegion | null = null;
  #recycled = 0;
  #nextMapping = 1;

  constructor(behaviour: IoMmuDxeBehaviour, pages: PageSource, memory: GuestMemory) {
    this.#behaviour = behaviour;
    this.#pages = pages;
    this.#memory = memory;
  }

  /** Slots in use of the reserved region; 0 without one. */
  get bitmap(): number {
    return this.#region?.bitmap ?? 0;
  }

  get region(): ReservedRegion | null {
    return this.#region;
  }

  /** Mappings in force and MAP_INFOs kept for reuse. */
  get counts(): { readonly live: number; readonly recycled: number } {
    return { live: this.#mappings.size, recycled: this.#recycled };
  }

  mapping(id: number): IoMmuDxeMapping | undefined {
    return this.#mappings.get(id);
  }

  /** Reserves and shares the region. Without it, or when its pages cannot be had, every request is allocated and converted. */
  initialise(): Answer {
    const effects = noEffects();
    const { reserved } = this.#behaviour;
    if (reserved === null) return { ...effects, status: 'SUCCESS' };
    const base = this.#allocatePages(pagesFor(reservedBytes(reserved)), undefined, effects);
    if (base === null) return { ...effects, status: 'OUT_OF_RESOURCES' };
    this.#region = new ReservedRegion(reserved, base);
    this.#convertRegion(reserved, base, 'shared', effects);
    return { ...effects, status: 'SUCCESS' };
  }

  /** `attributes`: EDKII_IOMMU_ATTRIBUTE bits. A common buffer of `pages` pages (at least 1). */
  allocateBuffer(pages: number, attributes: number, memoryType: EfiMemoryType): AllocateBufferResult {
    const effects = noEffects();
    if (!areBufferAttributes(attributes)) return { ...effects, status: 'UNSUPPORTED' };
    if (memoryType === 'other') return { ...effects, status: 'INVALID_PARAMETER' };
    const limit = (attributes & ATTRIBUTE_DUAL_ADDRESS_CYCLE) === 0 ? FOUR_GIB - 1 : undefined;
    if (this.#behaviour.commonBuffersShared === 'while-allocated') {
      const host = this.#allocatePages(pages, limit, effects);
      if (host === null) return { ...effects, status: 'OUT_OF_RESOURCES' };
      this.#convert(host, pages, 'shared', effects);
      this.#buffers.set(host, { pages, stash: null, base: host, source: 'pages' });
      return { ...effects, status: 'SUCCESS', host, source: 'pages' };
    }
    const stash = this.#allocatePages(pages, undefined, effects);
    if (stash === null) return { ...effects, status: 'OUT_OF_RESOURCES' };
    // One more page for the header that finds the stash again. A piece has a page for it already, but is chosen by this size.
    const taken = this.#take(pages + 1, limit, effects);
    if (typeof taken === 'string') {
      this.#freePages(stash, pages, effects);
      return { ...effects, status: taken };
    }
    const { source, address } = taken;
    const host = source === 'pages' ? address + PAGE_BYTES : address;
    this.#buffers.set(host, { pages, stash, base: address, source });
    return { ...effects, status: 'SUCCESS', host, source };
  }

  freeBuffer(host: number): Answer {
    const effects = noEffects();
    const buffer = this.#buffers.get(host);
    if (buffer === undefined) return { ...effects, status: 'INVALID_PARAMETER', asserts: 1 };
    this.#buffers.delete(host);
    if (buffer.stash === null) {
      this.#convert(host, buffer.pages, 'private', effects);
      this.#freePages(host, buffer.pages, effects);
    } else {
      this.#freePages(buffer.stash, buffer.pages, effects);
      this.#giveBack(buffer.source, buffer.base, buffer.pages + 1, effects);
    }
    return { ...effects, status: 'SUCCESS' };
  }

  /** `operation` null = a value that the protocol does not know; `host` 0 = null. */
  map(operation: DmaOperation | null, host: number, bytes: number): MapResult {
    const effects = noEffects();
    if (host === 0) return { ...effects, status: 'INVALID_PARAMETER', bytes };
    if (this.#behaviour.commonBuffersShared === 'while-allocated') {
      if (operation === null) return { ...effects, status: 'INVALID_PARAMETER', bytes };
      if (isCommonBuffer(operation)) return this.#mapSharedBuffer(operation, host, bytes);
    }
    this.#takeMapInfo(effects);
    if (operation === null) return this.#refuse('INVALID_PARAMETER', effects);
    return isCommonBuffer(operation)
      ? this.#mapInPlace(operation, host, bytes, effects)
      : this.#mapBounced(operation, host, bytes, effects);
  }

  unmap(id: number): Answer {
    const effects = noEffects();
    // 2017-07 gives common buffers no token; later versions would follow the bad pointer.
    if (id === 0 && this.#behaviour.commonBuffersShared === 'while-allocated') return { ...effects, status: 'SUCCESS' };
    const mapping = this.#mappings.get(id);
    if (mapping === undefined) return { ...effects, status: 'INVALID_PARAMETER' };
    this.#mappings.delete(id);
    this.#revert(mapping, effects);
    if (!isCommonBuffer(mapping.operation)) {
      this.#giveBack(mapping.source, mapping.deviceAddress, pagesFor(mapping.bytes), effects);
    }
    if (this.#behaviour.mapInfos === 'recycled' && isCommonBuffer(mapping.operation)) this.#recycled += 1;
    else effects.poolFrees += 1;
    return { ...effects, status: 'SUCCESS' };
  }

  /** Only checks that the access (bit 0 read, bit 1 write) is the one that the operation needs; `access` 0 takes it away. */
  setAttribute(id: number, access: number): EfiStatus {
    const mapping = this.#mappings.get(id);
    if (mapping === undefined) return 'INVALID_PARAMETER';
    const needed = isRead(mapping.operation)
      ? ACCESS_READ
      : isWrite(mapping.operation)
        ? ACCESS_WRITE
        : ACCESS_READ | ACCESS_WRITE;
    return access === 0 || access === needed ? 'SUCCESS' : 'INVALID_PARAMETER';
  }

  /**
   * The second stage of the exit callback (the first only signals an event, so that all other drivers come before): every
   * live mapping is reverted, nothing is freed, and the reserved region becomes private without its content being kept.
   */
  exitBootServices(): ExitResult {
    const effects = noEffects();
    if (!this.#behaviour.exitBootServices) return { ...effects, mappings: [] };
    const mappings = [...this.#mappings.keys()].reverse();
    for (const id of mappings) {
      const mapping = this.#mappings.get(id);
      if (mapping !== undefined) this.#revert(mapping, effects);
    }
    this.#mappings.clear();
    if (this.#region !== null && this.#behaviour.reserved !== null) {
      this.#convertRegion(this.#behaviour.reserved, this.#region.base, 'private', effects);
    }
    return { ...effects, mappings };
  }

  /** 2017-07: the buffer has been shared since AllocateBuffer. */
  #mapSharedBuffer(operation: DmaOperation, host: number, bytes: number): MapResult {
    const effects = noEffects();
    if (!is64Bit(operation) && host + bytes > FOUR_GIB) return { ...effects, status: 'UNSUPPORTED', bytes };
    return { ...effects, status: 'SUCCESS', bytes, mapping: 0, deviceAddress: host, source: 'pages', duplicate: false };
  }

  #mapInPlace(operation: DmaOperation, host: number, bytes: number, effects: EffectsTally): MapResult {
    const pages = pagesFor(bytes);
    if (!is64Bit(operation) && (host > FOUR_GIB || pages * PAGE_BYTES > FOUR_GIB - host)) {
      return this.#refuse('UNSUPPORTED', effects);
    }
    const buffer = this.#buffers.get(host);
    // The header below a foreign buffer has no signature.
    if (buffer === undefined) effects.asserts += 1;
    const source = buffer?.source ?? 'pages';
    effects.copiedBytes += bytes;
    if (source === 'pages') this.#convert(host, pages, 'shared', effects);
    effects.copiedBytes += bytes;
    return this.#record({ operation, host, bytes, deviceAddress: host, source }, false, effects);
  }

  #mapBounced(operation: DmaOperation, host: number, bytes: number, effects: EffectsTally): MapResult {
    const low = this.#behaviour.bounceBelow4GiB === 'by-host-end' ? host + bytes > FOUR_GIB : true;
    const limit = low && !is64Bit(operation) ? FOUR_GIB - 1 : undefined;
    const pages = pagesFor(bytes);
    const taken = this.#take(pages, limit, effects);
    if (typeof taken === 'string') return this.#refuse(taken, effects);
    const { source, address: deviceAddress } = taken;
    if (source === 'pages') this.#convert(deviceAddress, pages, 'shared', effects);
    if (isRead(operation)) effects.copiedBytes += bytes;
    const duplicate = source !== 'pages' && this.#isLive(deviceAddress);
    return this.#record({ operation, host, bytes, deviceAddress, source }, duplicate, effects);
  }

  #record(mapping: IoMmuDxeMapping, duplicate: boolean, effects: Effects): MapResult {
    const id = this.#nextMapping;
    this.#nextMapping += 1;
    this.#mappings.set(id, mapping);
    const { bytes, deviceAddress, source } = mapping;
    return { ...effects, status: 'SUCCESS', bytes, mapping: id, deviceAddress, source, duplicate };
  }

  #refuse(status: Exclude<EfiStatus, 'SUCCESS'>, effects: EffectsTally): MapResult {
    effects.poolFrees += 1;
    return { ...effects, status, bytes: 0 };
  }

  /** Ends the device's access: data back to the host's buffer, pages private again, what the device saw wiped. */
  #revert({ operation, bytes, deviceAddress, source }: IoMmuDxeMapping, effects: EffectsTally): void {
    const pages = pagesFor(bytes);
    if (!isRead(operation)) effects.copiedBytes += bytes;
    if (source === 'pages') this.#convert(deviceAddress, pages, 'private', effects);
    if (isCommonBuffer(operation)) effects.copiedBytes += bytes;
    else if (this.#behaviour.zeroesBounce) effects.zeroedBytes += pages * PAGE_BYTES;
  }

  #isLive(deviceAddress: number): boolean {
    for (const mapping of this.#mappings.values()) if (mapping.deviceAddress === deviceAddress) return true;
    return false;
  }

  #takeMapInfo(effects: EffectsTally): void {
    if (this.#recycled > 0) this.#recycled -= 1;
    else effects.poolAllocations += 1;
  }

  /** A piece of the region or, failing that, pages. Versions with a region assert where later code asserts success. */
  #take(
    pages: number,
    maxAddress: number | undefined,
    effects: EffectsTally,
  ): { readonly source: Source; readonly address: number } | 'INVALID_PARAMETER' | 'OUT_OF_RESOURCES' {
    const pooled = this.#behaviour.reserved !== null;
    if (pooled && pages === 0) {
      effects.asserts += 2;
      return 'INVALID_PARAMETER';
    }
    const piece = this.#region?.take(pages) ?? null;
    if (piece !== null) return { source: piece, address: piece.address };
    const address = this.#allocatePages(pages, maxAddress, effects);
    if (address !== null) return { source: 'pages', address };
    if (pooled) effects.asserts += 1;
    return 'OUT_OF_RESOURCES';
  }

  #giveBack(source: Source, address: number, pages: number, effects: EffectsTally): void {
    if (source === 'pages') this.#freePages(address, pages, effects);
    else this.#region?.release(source);
  }

  #allocatePages(pages: number, maxAddress: number | undefined, effects: EffectsTally): number | null {
    const address = pages === 0 ? null : this.#pages.allocate(pages, maxAddress);
    if (address !== null) effects.pagesAllocated += pages;
    return address;
  }

  #freePages(address: number, pages: number, effects: EffectsTally): void {
    this.#pages.free(address, pages);
    effects.pagesFreed += pages;
  }

  #convert(address: number, pages: number, to: 'shared' | 'private', effects: EffectsTally): void {
    this.#memory.convert(address, pages, to);
    if (to === 'shared') effects.sharedPages += pages;
    else effects.privatePages += pages;
  }

  #convertRegion(
    classes: readonly ReservedClass[],
    base: number,
    to: 'shared' | 'private',
    effects: EffectsTally,
  ): void {
    forEachData(classes, base, (address, pages) => this.#convert(address, pages, to, effects));
  }
}
