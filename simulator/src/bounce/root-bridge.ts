import { FOUR_GIB, pagesFor } from '../memory/page.ts';
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

/** The part of EDKII_IOMMU_PROTOCOL that the root bridge calls; `IoMmuDxe` is one. */
export interface IoMmu {
  map(
    operation: DmaOperation,
    host: number,
    bytes: number,
  ): Effects &
    ({ readonly status: 'SUCCESS'; readonly mapping: number; readonly deviceAddress: number } | Refused) & {
      readonly bytes: number;
    };
  unmap(mapping: number): Effects & { readonly status: EfiStatus };
  allocateBuffer(
    pages: number,
    attributes: number,
    memoryType: EfiMemoryType,
  ): Effects & ({ readonly status: 'SUCCESS'; readonly host: number } | Refused);
  freeBuffer(host: number): Effects & { readonly status: EfiStatus };
}

interface Refused {
  readonly status: Exclude<EfiStatus, 'SUCCESS'>;
}

/**
 * The value that Unmap takes: `direct` = nothing was recorded, because the device uses the host's buffer; `tracked` = a
 * bounce buffer of the root bridge; `iommu` = a token of the IOMMU protocol.
 */
export type RootBridgeMapping =
  | { readonly kind: 'direct' }
  | { readonly kind: 'tracked'; readonly id: number }
  | { readonly kind: 'iommu'; readonly token: number };

export type RootBridgeMapResult = Effects & { readonly bytes: number } & (
    | { readonly status: 'SUCCESS'; readonly deviceAddress: number; readonly mapping: RootBridgeMapping }
    | Refused
  );

export type RootBridgeAllocateResult = Effects & ({ readonly status: 'SUCCESS'; readonly host: number } | Refused);

interface Bounce {
  readonly operation: DmaOperation;
  readonly bytes: number;
  readonly deviceAddress: number;
}

const NARROW: Readonly<Record<DmaOperation, DmaOperation>> = {
  Read: 'Read',
  Write: 'Write',
  CommonBuffer: 'CommonBuffer',
  Read64: 'Read',
  Write64: 'Write',
  CommonBuffer64: 'CommonBuffer',
};

/**
 * EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL of MdeModulePkg/Bus/Pci/PciHostBridgeDxe: bounces what a 32-bit device cannot reach, or
 * hands all to an IOMMU protocol. The bounce buffer is page aligned: the offset of the host buffer in its page is lost.
 */
export class PciRootBridgeIo {
  /** The bridge can forward addresses above 4 GiB. */
  dmaAbove4GiB: boolean;
  /** Present once the protocol is installed. */
  iommu: IoMmu | null = null;
  readonly #pages: PageSource;
  readonly #bounces = new Map<number, Bounce>();
  readonly #buffers = new Map<number, number>();
  #next = 1;

  constructor(dmaAbove4GiB: boolean, pages: PageSource) {
    this.dmaAbove4GiB = dmaAbove4GiB;
    this.#pages = pages;
  }

  /** Bounce buffers in use. */
  get tracked(): number {
    return this.#bounces.size;
  }

  /** `operation` null = out of range; `host` 0 = null. */
  map(operation: DmaOperation | null, host: number, bytes: number): RootBridgeMapResult {
    const effects = noEffects();
    if (operation === null || host === 0) return { ...effects, status: 'INVALID_PARAMETER', bytes };
    if (this.iommu !== null) {
      const result = this.iommu.map(this.dmaAbove4GiB ? operation : NARROW[operation], host, bytes);
      if (result.status !== 'SUCCESS') return result;
      return { ...result, mapping: { kind: 'iommu', token: result.mapping } };
    }
    const reaches = this.dmaAbove4GiB && is64Bit(operation);
    if (reaches || host + bytes <= FOUR_GIB) {
      return { ...effects, status: 'SUCCESS', bytes, deviceAddress: host, mapping: { kind: 'direct' } };
    }
    if (isCommonBuffer(operation)) return { ...effects, status: 'UNSUPPORTED', bytes };
    return this.#bounce(operation, bytes, effects);
  }

  /** `null` = a null or unknown value. */
  unmap(mapping: RootBridgeMapping | null): Effects & { readonly status: EfiStatus } {
    const effects = noEffects();
    if (mapping === null) return { ...effects, status: 'INVALID_PARAMETER' };
    if (mapping.kind === 'direct') return { ...effects, status: 'SUCCESS' };
    if (mapping.kind === 'iommu')
      return this.iommu?.unmap(mapping.token) ?? { ...effects, status: 'INVALID_PARAMETER' };
    const bounce = this.#bounces.get(mapping.id);
    if (bounce === undefined) return { ...effects, status: 'INVALID_PARAMETER' };
    this.#bounces.delete(mapping.id);
    if (isWrite(bounce.operation)) effects.copiedBytes += bounce.bytes;
    this.#release(bounce.deviceAddress, pagesFor(bounce.bytes), effects);
    effects.poolFrees += 1;
    return { ...effects, status: 'SUCCESS' };
  }

  allocateBuffer(pages: number, attributes: number, memoryType: EfiMemoryType): RootBridgeAllocateResult {
    const effects = noEffects();
    if (!areBufferAttributes(attributes)) return { ...effects, status: 'UNSUPPORTED' };
    if (memoryType === 'other') return { ...effects, status: 'INVALID_PARAMETER' };
    const usable = this.dmaAbove4GiB ? attributes : attributes & ~ATTRIBUTE_DUAL_ADDRESS_CYCLE;
    if (this.iommu !== null) return this.iommu.allocateBuffer(pages, usable, memoryType);
    const host = this.#pages.allocate(pages, usable & ATTRIBUTE_DUAL_ADDRESS_CYCLE ? undefined : FOUR_GIB - 1);
    if (host === null) return { ...effects, status: 'OUT_OF_RESOURCES' };
    effects.pagesAllocated += pages;
    this.#buffers.set(host, pages);
    return { ...effects, status: 'SUCCESS', host };
  }

  freeBuffer(host: number): Effects & { readonly status: EfiStatus } {
    const effects = noEffects();
    const pages = this.#buffers.get(host);
    if (pages === undefined) return this.iommu?.freeBuffer(host) ?? { ...effects, status: 'INVALID_PARAMETER' };
    this.#buffers.delete(host);
    this.#release(host, pages, effects);
    return { ...effects, status: 'SUCCESS' };
  }

  #bounce(operation: DmaOperation, bytes: number, effects: EffectsTally): RootBridgeMapResult {
    effects.poolAllocations += 1;
    const pages = pagesFor(bytes);
    const deviceAddress = this.#pages.allocate(pages, FOUR_GIB - 1);
    if (deviceAddress === null) {
      effects.poolFrees += 1;
      return { ...effects, status: 'OUT_OF_RESOURCES', bytes: 0 };
    }
    effects.pagesAllocated += pages;
    if (isRead(operation)) effects.copiedBytes += bytes;
    const id = this.#next;
    this.#next += 1;
    this.#bounces.set(id, { operation, bytes, deviceAddress });
    return { ...effects, status: 'SUCCESS', bytes, deviceAddress, mapping: { kind: 'tracked', id } };
  }

  #release(address: number, pages: number, effects: EffectsTally): void {
    this.#pages.free(address, pages);
    effects.pagesFreed += pages;
  }
}
