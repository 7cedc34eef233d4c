import { IOMMU_DXE_VERSIONS } from '../bounce/iommudxe-versions.ts';
import type { Traits } from '../machine/memory-system.ts';
import { FOUR_GIB } from '../memory/page.ts';
import type { BouncePart, DevicePart, PlatformDescription } from './description.ts';

const IOVA = 'an IOVA range, with access to the memory,';

/** What a description means for every mapping and buffer. */
export function traitsOf({ memory, bounce, iommu, device }: PlatformDescription): Traits {
  const encrypted = memory.technology !== 'plain';
  const { coherent } = device;
  const passive = {
    bounces: false,
    translates: false,
    offset: false,
    encrypted,
    coherent,
    mapCanFail: false,
    held: null,
  };
  if (handsOutHostAddresses(device)) return passive;
  switch (iommu.kind) {
    case 'xen-vtd':
      return { ...passive, translates: true, mapCanFail: true, held: IOVA };
    case 'tce': {
      const premapped = iommu.window === 'direct' || (iommu.window === 'hybrid' && !iommu.buffersInPersistentMemory);
      if (premapped) return { ...passive, offset: true, mapCanFail: true };
      const held = 'a range of the DMA window, with access to the memory,';
      return { ...passive, translates: true, mapCanFail: true, held };
    }
    case 'dma-iommu':
      if (iommu.mode !== 'passthrough') return { ...passive, translates: true, mapCanFail: true, held: IOVA };
      break;
    case 'none':
      break;
  }
  const offset = bounce.kind === 'dmalib' && bounce.deviceOffset !== 0;
  const held = heldBy(bounce, device);
  return { ...passive, offset, bounces: held !== null, mapCanFail: held !== null || usesPool(bounce, device), held };
}

const handsOutHostAddresses = ({ transport }: DevicePart): boolean =>
  transport === 'virtio-legacy' || transport === 'virtio-mmio';

/** Every map takes memory, although it may not bounce. */
const usesPool = (bounce: BouncePart, device: DevicePart): boolean => bounce.kind === 'dmalib' && !device.coherent;

/** What a bounced mapping holds; null where nothing bounces. */
function heldBy(bounce: BouncePart, device: DevicePart): string | null {
  const above = device.buffers === 'above-4g';
  switch (bounce.kind) {
    case 'none':
      return null;
    case 'swiotlb':
      return bounce.when === 'always' || (above && device.addressBits <= 32) ? 'bounce slots' : null;
    case 'iommudxe':
      return IOMMU_DXE_VERSIONS[bounce.version].reserved === null
        ? 'pages converted to shared'
        : 'a piece of the shared pool or converted pages';
    case 'root-bridge':
      return above && !(bounce.above4GiB && device.dualAddressCycle === true) ? 'pages below 4 GiB' : null;
    case 'dmalib': {
      const reach = bounce.deviceLimit - bounce.deviceOffset;
      return !device.coherent && reach < (above ? 2 * FOUR_GIB : FOUR_GIB / 2) ? 'pages that the device reaches' : null;
    }
  }
}
