export { SwiotlbDevice } from './device.ts';
export {
  canReach,
  type DirectDevice,
  DirectMapping,
  type DirectOptions,
  kmallocClass,
  mapDirect,
  mustBounce,
  syncDirect,
  unmapDirect,
} from './dma-direct.ts';
export {
  BounceCopy,
  copyRange,
  syncCopies,
  type TransferDirection,
  unmapCopiesBack,
} from './movement.ts';
export type { SwiotlbRelease } from './request.ts';
export { SEGMENT_SLOTS, SLOT_BYTES } from './slot-map.ts';
export {
  FULL,
  NEVER_ENDS,
  type SlotGrant,
  Swiotlb,
  type SwiotlbGrowth,
  type SwiotlbOptions,
  TOO_LARGE,
} from './swiotlb.ts';
