import type { DevicePart, MemoryPart, PlatformCosts, PlatformDescription, SwiotlbPart } from './description.ts';

/** Platforms of PLATFORMS.md as data: P7 to P13, and those that both dialects share. */

const PLAIN: MemoryPart = { technology: 'plain' };
const PCI: DevicePart = { addressBits: 64, coherent: true, buffers: 'below-4g' };
const NO_BOUNCE = { kind: 'none' } as const;
const NO_IOMMU = { kind: 'none' } as const;

/** The kernel's default pool; on x86 an area for each CPU, here one. */
const SWIOTLB: SwiotlbPart = { kind: 'swiotlb', release: '6.12', mebibytes: 64, areas: 1, when: 'always' };
const COPIES: PlatformCosts = { bytesCopied: 'memcpy' };
const VTD: PlatformCosts = { invalidations: 'vtd-iotlb' };

const linux = (
  id: string,
  title: string,
  parts: Partial<Omit<PlatformDescription, 'id' | 'title'>>,
): PlatformDescription => ({
  id,
  title,
  dialects: ['linux'],
  memory: PLAIN,
  bounce: NO_BOUNCE,
  iommu: NO_IOMMU,
  device: PCI,
  costs: {},
  ...parts,
});

/** Confidential guests: everything bounces, coherent memory is made shared when it is allocated. */
const guest = (id: string, title: string, memory: MemoryPart, costs: PlatformCosts): PlatformDescription =>
  linux(id, title, { memory, bounce: SWIOTLB, costs: { ...COPIES, ...costs } });

const bouncing = (
  id: string,
  title: string,
  change: Partial<SwiotlbPart>,
  device: DevicePart = PCI,
): PlatformDescription => linux(id, title, { bounce: { ...SWIOTLB, ...change }, device, costs: COPIES });

const dmaIommu = (
  id: string,
  title: string,
  mode: 'strict' | 'lazy' | 'lazy-shared' | 'passthrough',
  costs: PlatformCosts,
  dialects: PlatformDescription['dialects'] = ['linux'],
): PlatformDescription => linux(id, title, { iommu: { kind: 'dma-iommu', mode }, costs, dialects });

const pseries = (
  id: string,
  title: string,
  window: 'default' | 'direct' | 'dynamic' | 'hybrid',
  buffersInPersistentMemory = false,
): PlatformDescription =>
  linux(id, title, {
    iommu: { kind: 'tce', window, ramGiB: 128, ...(buffersInPersistentMemory ? { buffersInPersistentMemory } : {}) },
    costs: { hypercalls: 'h-put-tce' },
  });

const xen = (id: string, title: string, plan: 'per-page' | 'deferred' | 'batched', cachingMode = false) =>
  linux(id, title, { iommu: { kind: 'xen-vtd', plan, cachingMode }, costs: { invalidations: 'vtd-iotlb-slow' } });

export const LINUX_PLATFORMS: readonly PlatformDescription[] = [
  linux('direct', 'Direct: device addresses are host addresses', { dialects: ['linux', 'edk2'] }),
  linux('noncoherent', 'No hardware cache coherency', {
    dialects: ['linux', 'edk2'],
    device: { ...PCI, coherent: false },
  }),
  dmaIommu('vtd-strict', 'VT-d, strict invalidation', 'strict', VTD, ['linux', 'edk2']),
  dmaIommu('vtd-lazy', 'VT-d, lazy invalidation: a flush queue for each CPU', 'lazy', VTD),
  dmaIommu('vtd-lazy-shared', 'VT-d of a virtual machine, lazy: one flush queue for all CPUs', 'lazy-shared', VTD),
  dmaIommu('vtd-passthrough', 'VT-d in passthrough', 'passthrough', VTD),
  dmaIommu('amdvi-strict', 'AMD-Vi, strict invalidation', 'strict', { invalidations: 'amdvi-wait' }),
  dmaIommu('smmuv3-strict', 'Arm SMMUv3, strict invalidation', 'strict', { invalidations: 'smmuv3-sync' }),
  dmaIommu('smmuv3-lazy', 'Arm SMMUv3, lazy invalidation', 'lazy', { invalidations: 'smmuv3-sync' }),
  bouncing('swiotlb', 'swiotlb bounce buffers', {}),
  bouncing('swiotlb-6.1', 'swiotlb of Linux 6.1', { release: '6.1' }),
  bouncing('swiotlb-areas', 'swiotlb in 8 areas, one lock each', { areas: 8 }),
  bouncing('swiotlb-dynamic', 'swiotlb that grows: 4 MiB at boot', { mebibytes: 4, dynamic: true }),
  bouncing('swiotlb-nvme', 'swiotlb for a device that keeps offsets in a page', {}, { ...PCI, minAlignMask: 4095 }),
  bouncing(
    'swiotlb-32bit',
    'swiotlb for a 32-bit device whose buffers lie above 4 GiB',
    { when: 'unreachable' },
    { addressBits: 32, coherent: true, buffers: 'above-4g' },
  ),
  bouncing('swiotlb-device-pool', 'swiotlb with a pool for the device, an area for each of 8 queues (RFC of 2022)', {
    mebibytes: 8,
    areas: 8,
    device: 'rfc-2022',
  }),
  bouncing('swiotlb-restricted', 'Restricted DMA pool: coherent memory comes from it as well', {
    mebibytes: 4,
    device: 'restricted',
  }),
  guest('sev', 'SEV guest, swiotlb', { technology: 'sev' }, { conversions: 'sev-cbit-flush' }),
  guest(
    'snp',
    'SEV-SNP guest, swiotlb',
    { technology: 'sev-snp' },
    { exits: 'vmexit', pagesConverted: 'snp-convert-4k' },
  ),
  guest('tdx', 'TDX guest, swiotlb', { technology: 'tdx' }, { exits: 'tdvmcall', accepts4k: 'tdx-accept-4k' }),
  pseries('pseries-default', 'pseries, default window of 4 KiB entries', 'default'),
  pseries('pseries-direct', 'pseries, direct window: RAM mapped beforehand', 'direct'),
  pseries('pseries-dynamic', 'pseries, dynamic window of 2 MiB entries', 'dynamic'),
  pseries('pseries-hybrid', 'pseries, one window split: RAM mapped beforehand, the rest dynamic', 'hybrid'),
  pseries('pseries-direct-pmem', 'pseries, direct window, buffers in persistent memory', 'direct', true),
  pseries('pseries-hybrid-pmem', 'pseries, split window, buffers in persistent memory', 'hybrid', true),
  xen('xen-per-page', 'Xen with VT-d: frames change one by one, each flushes', 'per-page'),
  xen('xen-per-page-cm', 'Xen with VT-d in caching mode: new entries flush as well', 'per-page', true),
  xen('xen-deferred', 'Xen with VT-d, plan A: flushes held back, one at the end', 'deferred'),
  xen('xen-batched', 'Xen with VT-d, plan B: ranges of 1,024 pages, a flush each', 'batched'),
];
