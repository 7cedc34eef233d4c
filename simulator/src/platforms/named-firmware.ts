import type {
  DevicePart,
  DmaLibPart,
  IoMmuDxePart,
  MemoryPart,
  PlatformCosts,
  PlatformDescription,
} from './description.ts';

/** Platforms of EDK2 as data: P1 to P5. */

const GIB = 2 ** 30;
const PCI: DevicePart = { addressBits: 64, coherent: true, buffers: 'below-4g' };
const SEV: MemoryPart = { technology: 'sev' };
const SNP: MemoryPart = { technology: 'sev-snp', batchEntries: 253 };
const TDX: MemoryPart = { technology: 'tdx' };
const COPIES: PlatformCosts = { bytesCopied: 'memcpy' };

const COSTS: Readonly<Record<MemoryPart['technology'], PlatformCosts>> = {
  plain: COPIES,
  sev: { ...COPIES, conversions: 'sev-cbit-flush' },
  'sev-snp': { ...COPIES, exits: 'vmexit', pagesConverted: 'snp-convert-4k' },
  tdx: { ...COPIES, exits: 'tdvmcall', accepts4k: 'tdx-accept-4k' },
};

const ioMmuDxe = (
  id: string,
  title: string,
  memory: MemoryPart,
  version: IoMmuDxePart['version'],
  device: Partial<DevicePart> = {},
): PlatformDescription => ({
  id,
  title,
  dialects: ['edk2'],
  memory,
  bounce: { kind: 'iommudxe', version },
  iommu: { kind: 'none' },
  device: { ...PCI, ...device },
  costs: COSTS[memory.technology],
});

const bridge = (id: string, title: string, above4GiB: boolean, device: Partial<DevicePart>): PlatformDescription => ({
  id,
  title,
  dialects: ['edk2'],
  memory: { technology: 'plain' },
  bounce: { kind: 'root-bridge', above4GiB },
  iommu: { kind: 'none' },
  device: { ...PCI, buffers: 'above-4g', ...device },
  costs: COPIES,
});

const dmaLib = (id: string, title: string, coherent: boolean, change: Partial<DmaLibPart>): PlatformDescription => ({
  id,
  title,
  dialects: ['edk2'],
  memory: { technology: 'plain' },
  bounce: { kind: 'dmalib', deviceOffset: 0, deviceLimit: 16 * GIB - 1, cacheLine: 64, ...change },
  iommu: { kind: 'none' },
  device: { ...PCI, coherent },
  costs: COPIES,
});

export const FIRMWARE_PLATFORMS: readonly PlatformDescription[] = [
  ioMmuDxe('iommudxe-sev', 'OVMF IoMmuDxe under SEV', SEV, 'head'),
  ioMmuDxe('iommudxe-snp', 'OVMF IoMmuDxe under SEV-SNP', SNP, 'head'),
  ioMmuDxe('iommudxe-tdx', 'OVMF IoMmuDxe under TDX', TDX, 'head'),
  ioMmuDxe('iommudxe-sev-no-pool', 'OVMF IoMmuDxe under SEV, before the reserved region', SEV, '2021'),
  ioMmuDxe('iommudxe-snp-no-pool', 'OVMF IoMmuDxe under SEV-SNP, before the reserved region', SNP, '2021'),
  ioMmuDxe('iommudxe-tdx-no-pool', 'OVMF IoMmuDxe under TDX, before the reserved region', TDX, '2021'),
  ioMmuDxe('iommudxe-2017-07', 'OVMF IoMmuDxe as first written: AllocateBuffer converts', SEV, '2017-07'),
  ioMmuDxe('iommudxe-2017-08', 'OVMF IoMmuDxe after the redistribution: Map converts', SEV, '2017-08'),
  ioMmuDxe('iommudxe-2017-09', 'OVMF IoMmuDxe that unmaps at ExitBootServices', SEV, '2017-09'),
  ioMmuDxe(
    'iommudxe-2025-masks',
    'OVMF IoMmuDxe of 2025 with wrong masks: 1M and 2M pieces never look taken',
    TDX,
    '2025-bad-masks',
  ),
  ioMmuDxe('virtio-legacy-tdx', 'virtio 0.9.5 in a TDX guest: host addresses, nothing shared', TDX, 'head', {
    transport: 'virtio-legacy',
  }),
  ioMmuDxe('virtio-mmio-tdx', 'virtio over MMIO in a TDX guest: host addresses, nothing shared', TDX, 'head', {
    transport: 'virtio-mmio',
  }),
  ioMmuDxe('virtio-1.0-tdx', 'virtio 1.0 in a TDX guest, through PciIo', TDX, 'head', { transport: 'virtio-1.0' }),
  ioMmuDxe('virtio-1.0-sev', 'virtio 1.0 in a SEV guest, through PciIo', SEV, 'head', { transport: 'virtio-1.0' }),
  bridge('root-bridge-4g', 'PCI root bridge below 4 GiB', false, {}),
  bridge('root-bridge-dac', 'PCI root bridge, dual address cycle: no bounce', true, { dualAddressCycle: true }),
  dmaLib('dmalib-coherent', 'CoherentDmaLib, one to one', true, {}),
  dmaLib('dmalib-offset', 'CoherentDmaLib, device addresses at an offset', true, { deviceOffset: 3 * GIB }),
  dmaLib(
    'dmalib-noncoherent',
    'NonCoherentDmaLib: cache maintenance, double buffers for shared cache lines',
    false,
    {},
  ),
  dmaLib('dmalib-limited', 'NonCoherentDmaLib for a device that reaches 256 MiB', false, { deviceLimit: GIB / 4 - 1 }),
];
