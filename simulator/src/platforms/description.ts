import type { IOMMU_DXE_VERSIONS } from '../bounce/iommudxe-versions.ts';
import type { Dialect } from '../machine/memory-system.ts';
import type { CostId } from './costs.ts';

/**
 * A platform as data: memory encryption × bounce pool × IOMMU × the device and what it reaches. `schema.ts` is the same as a
 * JSON Schema, `validate.ts` says what is wrong with a description, `createPlatform` puts the parts together.
 */
export interface PlatformDescription {
  /** Lower-case letters, digits, points and hyphens. */
  readonly id: string;
  readonly title: string;
  /** Whose programs run on it. */
  readonly dialects: readonly Dialect[];
  readonly memory: MemoryPart;
  readonly bounce: BouncePart;
  readonly iommu: IommuPart;
  readonly device: DevicePart;
  /** The figure by which each counted event is estimated; an event without one stays unpriced, and is shown so. */
  readonly costs: PlatformCosts;
}

/** Who can read memory: nobody is kept out (`plain`), or pages are private until they are converted. */
export interface MemoryPart {
  readonly technology: 'plain' | 'sev' | 'sev-snp' | 'tdx';
  /** TDX: largest page that the host backs memory with, and so accepts at once. Default 4k. */
  readonly acceptLimit?: '4k' | '2m' | '1g';
  /** SEV-SNP: entries of one PSC batch, 1 to 253. Default 64, as Linux does. */
  readonly batchEntries?: number;
  /** SEV: the CPU keeps encrypted and plain aliases coherent, so that nothing is flushed. Default false. */
  readonly coherentAliases?: boolean;
}

export type BouncePart =
  | { readonly kind: 'none' }
  | SwiotlbPart
  | IoMmuDxePart
  /** PciRootBridgeIo of EDK2 by itself. `above4GiB`: the bridge forwards addresses above 4 GiB. */
  | { readonly kind: 'root-bridge'; readonly above4GiB: boolean }
  | DmaLibPart;

/** Linux's software IO TLB. */
export interface SwiotlbPart {
  readonly kind: 'swiotlb';
  readonly release: '6.1' | '6.12';
  /** Size of the pool made at boot, MiB, a power of two; the kernel's default is 64. */
  readonly mebibytes: number;
  /** Areas with a lock each, a power of two. */
  readonly areas: number;
  /** `always`: swiotlb=force, or encrypted memory. `unreachable`: what the device cannot address. */
  readonly when: 'always' | 'unreachable';
  /** CONFIG_SWIOTLB_DYNAMIC: pools are added when there is no room. 6.12 only. */
  readonly dynamic?: boolean;
  /**
   * A pool for this device alone: `rfc-2022` is carved in 2 MiB blocks out of one of the pool's size, with `areas` areas and
   * `mebibytes` MiB; `restricted` is upstream's restricted-dma-pool, from which coherent memory is allocated as well.
   */
  readonly device?: 'rfc-2022' | 'restricted';
}

/** EDKII_IOMMU_PROTOCOL of OVMF, beneath PciRootBridgeIo. */
export interface IoMmuDxePart {
  readonly kind: 'iommudxe';
  readonly version: keyof typeof IOMMU_DXE_VERSIONS;
}

/** DmaLib of EDK2: CoherentDmaLib or NonCoherentDmaLib, as the device is coherent or not. */
export interface DmaLibPart {
  readonly kind: 'dmalib';
  /** Device address = CPU address + this (PcdDmaDeviceOffset), bytes. */
  readonly deviceOffset: number;
  /** Highest device address (PcdDmaDeviceLimit), bytes. */
  readonly deviceLimit: number;
  /** Cache line, bytes, a power of two. */
  readonly cacheLine: number;
}

export type IommuPart =
  | { readonly kind: 'none' }
  /**
   * Linux's IOMMU DMA layer. `lazy`: a flush queue of 256 entries for each CPU, 10 ms; `lazy-shared`: one of 32,768, 1 s;
   * `passthrough`: device addresses are host addresses.
   */
  | { readonly kind: 'dma-iommu'; readonly mode: 'strict' | 'lazy' | 'lazy-shared' | 'passthrough' }
  /** VT-d under Xen: who changes a guest's frames, and when that invalidates. */
  | XenPart
  | TcePart;

export interface XenPart {
  readonly kind: 'xen-vtd';
  readonly plan: 'per-page' | 'deferred' | 'batched';
  /** Pages of one batch; plan `batched` only. Default 1024. */
  readonly pagesPerBatch?: number;
  /** The IOMMU may cache that an entry is absent: a new entry needs an invalidation as well. */
  readonly cachingMode: boolean;
}

/** pseries: the default window of 4 KiB entries, or a 64-bit one that is direct (RAM mapped beforehand), dynamic, or both. */
export interface TcePart {
  readonly kind: 'tce';
  readonly window: 'default' | 'direct' | 'dynamic' | 'hybrid';
  /** RAM, GiB, a power of two. */
  readonly ramGiB: number;
  /** The device's buffers lie in persistent memory, beyond RAM. */
  readonly buffersInPersistentMemory?: boolean;
}

export interface DevicePart {
  /** Address bits that the device drives, 24 to 64. */
  readonly addressBits: number;
  /** It sees the CPU's caches. */
  readonly coherent: boolean;
  /** Where ordinary memory of the program lies. */
  readonly buffers: 'below-4g' | 'above-4g';
  /** Low address bits that a bounce buffer keeps (NVMe: 4095); Linux only. Default 0. */
  readonly minAlignMask?: number;
  /**
   * EDK2: how the driver reaches memory. `pci-io` (default); `virtio-legacy`: virtio 0.9.5 over PCI, which hands out host
   * addresses; `virtio-mmio`: the same over MMIO; `virtio-1.0`: through PciIo with 64 bits.
   */
  readonly transport?: 'pci-io' | 'virtio-legacy' | 'virtio-mmio' | 'virtio-1.0';
  /** EDK2: the driver enabled the dual address cycle, so that 64-bit addresses are asked for. Default false. */
  readonly dualAddressCycle?: boolean;
}

/** Events that may have a price. `pagesConverted` and `bytesCopied` are sums of counters. */
export const PRICED_EVENTS = [
  'conversions',
  'pagesConverted',
  'exits',
  'accepts4k',
  'accepts2m',
  'accepts1g',
  'bytesCopied',
  'cacheMaintenance',
  'invalidations',
  'hypercalls',
] as const;

export type PricedEvent = (typeof PRICED_EVENTS)[number];
export type PlatformCosts = Readonly<Partial<Record<PricedEvent, CostId>>>;
