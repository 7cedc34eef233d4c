/** Words shared by the EDK2 parts. */

export type EfiStatus = 'SUCCESS' | 'INVALID_PARAMETER' | 'UNSUPPORTED' | 'OUT_OF_RESOURCES';

/** EDKII_IOMMU_OPERATION and the root bridge's twin of it; "Read" = the bus master reads memory. */
export type DmaOperation = 'Read' | 'Write' | 'CommonBuffer' | 'Read64' | 'Write64' | 'CommonBuffer64';

/** The same without a width: EFI_PCI_IO_PROTOCOL_OPERATION, VIRTIO_MAP_OPERATION, DMA_MAP_OPERATION. */
export type BusMasterOperation = 'Read' | 'Write' | 'CommonBuffer';

const OPERATIONS: ReadonlySet<string> = new Set<DmaOperation>([
  'Read',
  'Write',
  'CommonBuffer',
  'Read64',
  'Write64',
  'CommonBuffer64',
]);

export const isDmaOperation = (name: string): name is DmaOperation => OPERATIONS.has(name);
export const isRead = (operation: DmaOperation): boolean => operation === 'Read' || operation === 'Read64';
export const isWrite = (operation: DmaOperation): boolean => operation === 'Write' || operation === 'Write64';
export const isCommonBuffer = (operation: DmaOperation): boolean => !isRead(operation) && !isWrite(operation);

/** Whether the device may be given any 64-bit address. */
export const is64Bit = (operation: DmaOperation): boolean =>
  operation === 'Read64' || operation === 'Write64' || operation === 'CommonBuffer64';

/** EDKII_IOMMU_ATTRIBUTE_*: the only bits that AllocateBuffer takes. */
export const ATTRIBUTE_WRITE_COMBINE = 0x80;
export const ATTRIBUTE_CACHED = 0x800;
export const ATTRIBUTE_DUAL_ADDRESS_CYCLE = 0x8000;
const BUFFER_ATTRIBUTES = ATTRIBUTE_WRITE_COMBINE | ATTRIBUTE_CACHED | ATTRIBUTE_DUAL_ADDRESS_CYCLE;

export const areBufferAttributes = (attributes: number): boolean => (attributes & ~BUFFER_ATTRIBUTES) === 0;

/** UEFI memory type of an allocation, as far as DMA cares: all others are refused. */
export type EfiMemoryType = 'BootServicesData' | 'RuntimeServicesData' | 'other';

/** What one call did, besides its answer. Pages are 4 KiB. */
export interface Effects {
  readonly sharedPages: number;
  readonly privatePages: number;
  /** Bytes copied by the CPU, stash copies included. */
  readonly copiedBytes: number;
  readonly zeroedBytes: number;
  readonly pagesAllocated: number;
  readonly pagesFreed: number;
  readonly poolAllocations: number;
  readonly poolFrees: number;
  /** Debug assertions hit: a DEBUG build would have stopped here. */
  readonly asserts: number;
}

export type EffectsTally = { -readonly [K in keyof Effects]: Effects[K] };

export const noEffects = (): EffectsTally => ({
  sharedPages: 0,
  privatePages: 0,
  copiedBytes: 0,
  zeroedBytes: 0,
  pagesAllocated: 0,
  pagesFreed: 0,
  poolAllocations: 0,
  poolFrees: 0,
  asserts: 0,
});
