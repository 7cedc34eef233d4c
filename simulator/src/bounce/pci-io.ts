import {
  ATTRIBUTE_CACHED,
  ATTRIBUTE_DUAL_ADDRESS_CYCLE,
  ATTRIBUTE_WRITE_COMBINE,
  type BusMasterOperation,
  type DmaOperation,
  type Effects,
  type EfiMemoryType,
  type EfiStatus,
  noEffects,
} from './efi.ts';
import type {
  PciRootBridgeIo,
  RootBridgeAllocateResult,
  RootBridgeMapping,
  RootBridgeMapResult,
} from './root-bridge.ts';

const WIDE: Readonly<Record<BusMasterOperation, DmaOperation>> = {
  Read: 'Read64',
  Write: 'Write64',
  CommonBuffer: 'CommonBuffer64',
};

const CALLER_ATTRIBUTES = ATTRIBUTE_WRITE_COMBINE | ATTRIBUTE_CACHED;

/**
 * DMA members of EFI_PCI_IO_PROTOCOL (MdeModulePkg/Bus/Pci/PciBusDxe): the root bridge's, widened to 64 bits once the driver
 * has enabled the dual address cycle attribute.
 */
export class PciIo {
  readonly #bridge: PciRootBridgeIo;
  /** EFI_PCI_IO_ATTRIBUTE_DUAL_ADDRESS_CYCLE is enabled. */
  readonly dualAddressCycle: boolean;

  constructor(bridge: PciRootBridgeIo, dualAddressCycle: boolean) {
    this.#bridge = bridge;
    this.dualAddressCycle = dualAddressCycle;
  }

  map(operation: BusMasterOperation, host: number, bytes: number): RootBridgeMapResult {
    return this.#bridge.map(this.dualAddressCycle ? WIDE[operation] : operation, host, bytes);
  }

  unmap(mapping: RootBridgeMapping | null): Effects & { readonly status: EfiStatus } {
    return this.#bridge.unmap(mapping);
  }

  /** The caller may ask for write-combined or cached memory only; the dual address cycle is the device's. */
  allocateBuffer(pages: number, attributes: number, memoryType: EfiMemoryType): RootBridgeAllocateResult {
    if ((attributes & ~CALLER_ATTRIBUTES) !== 0) return { ...noEffects(), status: 'UNSUPPORTED' };
    const width = this.dualAddressCycle ? ATTRIBUTE_DUAL_ADDRESS_CYCLE : 0;
    return this.#bridge.allocateBuffer(pages, attributes | width, memoryType);
  }

  freeBuffer(host: number): Effects & { readonly status: EfiStatus } {
    return this.#bridge.freeBuffer(host);
  }
}
