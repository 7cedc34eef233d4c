export { type DdwRequest, type DdwResult, type DdwWindow, enableDdw, mapsDirectly, unmapsDirectly } from './ddw.ts';
export {
  FlushQueue,
  type FlushQueueOptions,
  type FlushQueueOwner,
  PER_CPU_QUEUE,
  SHARED_QUEUE,
} from './flush-queue.ts';
export { IovaAllocator, type IovaSource } from './iova-allocator.ts';
export { type IovaCounters, IovaDomain, type IovaDomainOptions } from './iova-domain.ts';
export { IovaRcache } from './iova-rcache.ts';
export { IovaTree } from './iova-tree.ts';
export { type TceRequest, TceTable, type TceTableOptions } from './tce.ts';
export {
  TceDevice,
  type TceDeviceCounters,
  type TceDeviceOptions,
  type TceMapping,
  type TceRoute,
} from './tce-device.ts';
export { mapScatterlist, type ScatterlistRequest, type Segment, unmapScatterlist } from './tce-scatterlist.ts';
export { type FlushPlan, VtdDomain, type VtdOptions } from './vtd-plans.ts';
