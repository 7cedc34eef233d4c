export { BLOCK_BYTES, DefaultPool, type DevicePool } from './device-pools.ts';
export { type ContentionOptions, type ContentionResult, simulateContention } from './device-pools-contention.ts';
export {
  type CacheOperation,
  CoherentDmaLib,
  type DmaLibEffects,
  type DmaLibMapResult,
  type DmaLibOptions,
  type DmaLibRelation,
  NonCoherentDmaLib,
} from './dmalib.ts';
export type { BusMasterOperation, DmaOperation, Effects, EfiMemoryType, EfiStatus } from './efi.ts';
export { IoMmuDxe } from './iommudxe.ts';
export type { AllocateBufferResult, IoMmuDxeMapping, MapResult } from './iommudxe-results.ts';
export { IOMMU_DXE_VERSIONS, type IoMmuDxeBehaviour, type ReservedClass } from './iommudxe-versions.ts';
export { PciIo } from './pci-io.ts';
export { type IoMmu, PciRootBridgeIo, type RootBridgeMapping, type RootBridgeMapResult } from './root-bridge.ts';
export * from './swiotlb/index.ts';
export { LegacyVirtioDevice, ModernVirtioDevice, type VirtioDevice } from './virtio-device.ts';
