import type { Dialect, MemorySystem } from '../machine/memory-system.ts';
import type { PlatformDescription } from './description.ts';
import type { Platform } from './platform.ts';
import { CoherentDmaLibSystem, NonCoherentDmaLibSystem } from './systems/dmalib.ts';
import { FirmwareSystem } from './systems/firmware.ts';
import { IovaSystem } from './systems/iova.ts';
import { LinuxDirectSystem } from './systems/linux-direct.ts';
import { TceSystem } from './systems/tce.ts';
import { XenSystem } from './systems/xen.ts';
import { traitsOf } from './traits.ts';
import { incompatible } from './validate.ts';

/** Puts the parts of a description together. Throws a RangeError for parts that `validatePlatform` refuses. */
export function createPlatform(description: PlatformDescription): Platform {
  const [conflict] = incompatible(description);
  if (conflict !== undefined)
    throw new RangeError(`${description.id}: ${conflict.path.join('.')}: ${conflict.message}`);
  const { id, title, dialects } = description;
  const create = (dialect: Dialect): MemorySystem => system(description, dialect);
  return { id, title, dialects, traits: traitsOf(description), description, create };
}

function system(description: PlatformDescription, dialect: Dialect): MemorySystem {
  const { bounce, iommu, device } = description;
  switch (iommu.kind) {
    case 'xen-vtd':
      return new XenSystem(iommu);
    case 'tce':
      return new TceSystem(iommu, device.buffers);
    case 'dma-iommu':
      if (iommu.mode === 'passthrough') break;
      return new IovaSystem(description, iommu.mode, dialect === 'linux');
    case 'none':
      break;
  }
  switch (bounce.kind) {
    case 'none':
    case 'swiotlb':
      return new LinuxDirectSystem(description);
    case 'iommudxe':
    case 'root-bridge':
      return new FirmwareSystem(description);
    case 'dmalib':
      return device.coherent ? new CoherentDmaLibSystem(bounce) : new NonCoherentDmaLibSystem(bounce, description);
  }
}
