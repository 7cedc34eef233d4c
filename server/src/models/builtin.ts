import edk2Core from './data/edk2-core.json' with { type: 'json' };
import edk2Dmalib from './data/edk2-dmalib.json' with { type: 'json' };
import edk2Harmless from './data/edk2-harmless.json' with { type: 'json' };
import edk2Iommu from './data/edk2-iommu.json' with { type: 'json' };
import edk2Memory from './data/edk2-memory.json' with { type: 'json' };
import edk2PciIo from './data/edk2-pci-io.json' with { type: 'json' };
import edk2RootBridgeIo from './data/edk2-root-bridge-io.json' with { type: 'json' };
import edk2Virtio from './data/edk2-virtio.json' with { type: 'json' };
import linuxCore from './data/linux-core.json' with { type: 'json' };
import linuxDmaCoherent from './data/linux-dma-coherent.json' with { type: 'json' };
import linuxDmaMapping from './data/linux-dma-mapping.json' with { type: 'json' };
import linuxDmaPool from './data/linux-dma-pool.json' with { type: 'json' };
import linuxDmaengine from './data/linux-dmaengine.json' with { type: 'json' };
import linuxEntryPoints from './data/linux-entry-points.json' with { type: 'json' };
import linuxHarmless from './data/linux-harmless.json' with { type: 'json' };
import linuxIommu from './data/linux-iommu.json' with { type: 'json' };
import linuxMemory from './data/linux-memory.json' with { type: 'json' };
import linuxScatterlist from './data/linux-scatterlist.json' with { type: 'json' };
import linuxSubsystems from './data/linux-subsystems.json' with { type: 'json' };
import linuxTransfers from './data/linux-transfers.json' with { type: 'json' };
import type { ModelFile } from './schema.ts';

/** The tables that come with the program, by file name. A test validates each against `schema.json`. */
export const builtinFiles: Readonly<Record<string, ModelFile>> = {
  'linux-dma-mapping': linuxDmaMapping as ModelFile,
  'linux-dma-coherent': linuxDmaCoherent as ModelFile,
  'linux-dma-pool': linuxDmaPool as ModelFile,
  'linux-scatterlist': linuxScatterlist as ModelFile,
  'linux-subsystems': linuxSubsystems as ModelFile,
  'linux-transfers': linuxTransfers as ModelFile,
  'linux-iommu': linuxIommu as ModelFile,
  'linux-dmaengine': linuxDmaengine as ModelFile,
  'linux-memory': linuxMemory as ModelFile,
  'linux-core': linuxCore as ModelFile,
  'linux-entry-points': linuxEntryPoints as ModelFile,
  'linux-harmless': linuxHarmless as ModelFile,
  'edk2-pci-io': edk2PciIo as ModelFile,
  'edk2-root-bridge-io': edk2RootBridgeIo as ModelFile,
  'edk2-iommu': edk2Iommu as ModelFile,
  'edk2-dmalib': edk2Dmalib as ModelFile,
  'edk2-virtio': edk2Virtio as ModelFile,
  'edk2-memory': edk2Memory as ModelFile,
  'edk2-core': edk2Core as ModelFile,
  'edk2-harmless': edk2Harmless as ModelFile,
};

export const builtinModels: readonly ModelFile[] = Object.values(builtinFiles);
