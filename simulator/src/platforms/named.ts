import type { Traits } from '../machine/memory-system.ts';
import type { Platform } from './platform.ts';
import { SimpleMemorySystem } from './simple.ts';

const DIRECT: Traits = { bounces: false, translates: false, encrypted: false, coherent: true, mapCanFail: false, held: null };

function platform(id: string, title: string, dialects: Platform['dialects'], change: Partial<Traits>): Platform {
  const traits = { ...DIRECT, ...change };
  return { id, title, dialects, traits, create: () => new SimpleMemorySystem(traits) };
}

/** The machines on which every program is tried. */
export const PLATFORMS: readonly Platform[] = [
  platform('direct', 'Direct: device addresses are host addresses', ['linux', 'edk2'], {}),
  platform('noncoherent', 'No hardware cache coherency', ['linux', 'edk2'], { coherent: false }),
  platform('vtd-strict', 'VT-d, strict invalidation', ['linux', 'edk2'], { translates: true, mapCanFail: true, held: 'an IOVA range, and the device keeps access to the memory' }),
  platform('swiotlb', 'swiotlb bounce buffers', ['linux'], { bounces: true, mapCanFail: true, held: 'bounce slots' }),
  platform('sev', 'SEV guest, swiotlb', ['linux'], { bounces: true, encrypted: true, mapCanFail: true, held: 'bounce slots' }),
  platform('tdx', 'TDX guest, swiotlb', ['linux'], { bounces: true, encrypted: true, mapCanFail: true, held: 'bounce slots' }),
  platform('iommudxe-sev', 'OVMF IoMmuDxe under SEV', ['edk2'], { bounces: true, encrypted: true, mapCanFail: true, held: 'a piece of the shared pool or converted pages' }),
  platform('iommudxe-tdx', 'OVMF IoMmuDxe under TDX', ['edk2'], { bounces: true, encrypted: true, mapCanFail: true, held: 'a piece of the shared pool or converted pages' }),
  platform('root-bridge-4g', 'PCI root bridge below 4 GiB', ['edk2'], { bounces: true, mapCanFail: true, held: 'pages below 4 GiB' }),
];

export const platformsFor = (dialect: 'linux' | 'edk2'): readonly Platform[] => PLATFORMS.filter((p) => p.dialects.includes(dialect));
