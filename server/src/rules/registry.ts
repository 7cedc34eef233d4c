import { accessRightsLeak } from './access-rights-leak.ts';
import { apiMismatch } from './api-mismatch.ts';
import { bounceHeavy } from './bounce-heavy.ts';
import { bufferLeak } from './buffer-leak.ts';
import { channelLeak } from './channel-leak.ts';
import { conversionChurn } from './conversion-churn.ts';
import { cpuAccessWhileMapped } from './cpu-access-while-mapped.ts';
import { deviceLengthExceedsMapping } from './device-length-exceeds-mapping.ts';
import { deviceMismatch } from './device-mismatch.ts';
import { directionMismatch } from './direction-mismatch.ts';
import { doubleFetch } from './double-fetch.ts';
import { doubleFree } from './double-free.ts';
import { doubleUnmap } from './double-unmap.ts';
import { exitBootServicesLeak } from './exit-boot-services-leak.ts';
import { exitBootServicesMemoryMap } from './exit-boot-services-memory-map.ts';
import { exitBootServicesUnmapOrder } from './exit-boot-services-unmap-order.ts';
import { exportOffset } from './export-offset.ts';
import { flushPerPage } from './flush-per-page.ts';
import { foreignCommonBuffer } from './foreign-common-buffer.ts';
import { freeWhileMapped } from './free-while-mapped.ts';
import { freeWhileRunning } from './free-while-running.ts';
import { hostControlledValue } from './host-controlled-value.ts';
import { invalidAttributes } from './invalid-attributes.ts';
import { lifecycleLeak } from './lifecycle-leak.ts';
import { mapInLoop } from './map-in-loop.ts';
import { mappingLeak } from './mapping-leak.ts';
import { missingDualAddressCycle } from './missing-dual-address-cycle.ts';
import { missingSync } from './missing-sync.ts';
import { oneShotForShared } from './one-shot-for-shared.ts';
import { oversizedBounce } from './oversized-bounce.ts';
import type { Rule } from './rule.ts';
import { sgCountMismatch } from './sg-count-mismatch.ts';
import { sharedCacheLine } from './shared-cache-line.ts';
import { sharedPageFreed } from './shared-page-freed.ts';
import { shortMapping } from './short-mapping.ts';
import { sizeMismatch } from './size-mismatch.ts';
import { sleepingInAtomic } from './sleeping-in-atomic.ts';
import { staleSecretShared } from './stale-secret-shared.ts';
import { subPageCoherent } from './sub-page-coherent.ts';
import { swallowedFailure } from './swallowed-failure.ts';
import { syncMismatch } from './sync-mismatch.ts';
import { uncheckedAllocation } from './unchecked-allocation.ts';
import { uncheckedMapping } from './unchecked-mapping.ts';
import { uncheckedMask } from './unchecked-mask.ts';
import { uncheckedUnmap } from './unchecked-unmap.ts';
import { unmapAfterFailedMap } from './unmap-after-failed-map.ts';
import { unmappableMemory } from './unmappable-memory.ts';
import { unmappedCommonBuffer } from './unmapped-common-buffer.ts';
import { unmappedSgAccess } from './unmapped-sg-access.ts';
import { useAfterUnmap } from './use-after-unmap.ts';
import { wrongAddress } from './wrong-address.ts';
import { wrongHandle } from './wrong-handle.ts';
import { wrongMappingCheck } from './wrong-mapping-check.ts';
import { wrongOperation } from './wrong-operation.ts';

/** Every rule, by identifier. */
export const RULES: readonly Rule[] = [
  accessRightsLeak,
  apiMismatch,
  bounceHeavy,
  bufferLeak,
  channelLeak,
  conversionChurn,
  cpuAccessWhileMapped,
  deviceLengthExceedsMapping,
  deviceMismatch,
  directionMismatch,
  doubleFetch,
  doubleFree,
  doubleUnmap,
  exitBootServicesLeak,
  exitBootServicesMemoryMap,
  exitBootServicesUnmapOrder,
  exportOffset,
  flushPerPage,
  foreignCommonBuffer,
  freeWhileMapped,
  freeWhileRunning,
  hostControlledValue,
  invalidAttributes,
  lifecycleLeak,
  mapInLoop,
  mappingLeak,
  missingDualAddressCycle,
  missingSync,
  oneShotForShared,
  oversizedBounce,
  sgCountMismatch,
  sharedCacheLine,
  sharedPageFreed,
  shortMapping,
  sizeMismatch,
  sleepingInAtomic,
  staleSecretShared,
  subPageCoherent,
  swallowedFailure,
  syncMismatch,
  uncheckedAllocation,
  uncheckedMapping,
  uncheckedMask,
  uncheckedUnmap,
  unmapAfterFailedMap,
  unmappableMemory,
  unmappedCommonBuffer,
  unmappedSgAccess,
  useAfterUnmap,
  wrongAddress,
  wrongHandle,
  wrongMappingCheck,
  wrongOperation,
];

export const ruleById = (id: string): Rule | undefined => RULES.find((r) => r.id === id);
