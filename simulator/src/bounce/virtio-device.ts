import type { PageSource } from '../memory/page-allocator.ts';
import { ATTRIBUTE_CACHED, type BusMasterOperation, type Effects, type EfiStatus, noEffects } from './efi.ts';
import type { PciIo } from './pci-io.ts';
import type { RootBridgeAllocateResult, RootBridgeMapping, RootBridgeMapResult } from './root-bridge.ts';

/**
 * The four DMA members of VIRTIO_DEVICE_PROTOCOL (OvmfPkg): what a virtio driver calls for its rings (shared pages, mapped as
 * a common buffer for as long as the device works) and for its requests (mapped for one transfer).
 *
 * Drivers unmap at ExitBootServices and free nothing there, because the memory map must not change any more.
 */
export interface VirtioDevice {
  allocateSharedPages(pages: number): RootBridgeAllocateResult;
  freeSharedPages(host: number, pages: number): Effects & { readonly status: EfiStatus };
  mapSharedBuffer(operation: BusMasterOperation, host: number, bytes: number): RootBridgeMapResult;
  unmapSharedBuffer(mapping: RootBridgeMapping): Effects & { readonly status: EfiStatus };
}

/** virtio 0.9.5 over PCI and virtio over MMIO: the device is given host addresses; nothing is mapped, nothing is shared. */
export class LegacyVirtioDevice implements VirtioDevice {
  readonly #pages: PageSource;

  constructor(pages: PageSource) {
    this.#pages = pages;
  }

  allocateSharedPages(pages: number): RootBridgeAllocateResult {
    const host = this.#pages.allocate(pages);
    if (host === null) return { ...noEffects(), status: 'OUT_OF_RESOURCES' };
    return { ...noEffects(), status: 'SUCCESS', host, pagesAllocated: pages };
  }

  freeSharedPages(host: number, pages: number): Effects & { readonly status: EfiStatus } {
    this.#pages.free(host, pages);
    return { ...noEffects(), status: 'SUCCESS', pagesFreed: pages };
  }

  mapSharedBuffer(_operation: BusMasterOperation, host: number, bytes: number): RootBridgeMapResult {
    return { ...noEffects(), status: 'SUCCESS', bytes, deviceAddress: host, mapping: { kind: 'direct' } };
  }

  unmapSharedBuffer(): Effects & { readonly status: EfiStatus } {
    return { ...noEffects(), status: 'SUCCESS' };
  }
}

/** virtio 1.0 over PCI: everything goes through PciIo, which its driver widens to 64 bits. */
export class ModernVirtioDevice implements VirtioDevice {
  readonly #pciIo: PciIo;

  constructor(pciIo: PciIo) {
    this.#pciIo = pciIo;
  }

  allocateSharedPages(pages: number): RootBridgeAllocateResult {
    return this.#pciIo.allocateBuffer(pages, ATTRIBUTE_CACHED, 'BootServicesData');
  }

  freeSharedPages(host: number): Effects & { readonly status: EfiStatus } {
    return this.#pciIo.freeBuffer(host);
  }

  mapSharedBuffer(operation: BusMasterOperation, host: number, bytes: number): RootBridgeMapResult {
    return this.#pciIo.map(operation, host, bytes);
  }

  unmapSharedBuffer(mapping: RootBridgeMapping): Effects & { readonly status: EfiStatus } {
    return this.#pciIo.unmap(mapping);
  }
}
