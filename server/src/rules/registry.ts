import { apiMismatch } from './api-mismatch.ts';
import { bufferLeak } from './buffer-leak.ts';
import { channelLeak } from './channel-leak.ts';
import { cpuAccessWhileMapped } from './cpu-access-while-mapped.ts';
import { deviceMismatch } from './device-mismatch.ts';
import { directionMismatch } from './direction-mismatch.ts';
import { doubleFree } from './double-free.ts';
import { doubleUnmap } from './double-unmap.ts';
import { exitBootServicesMemoryMap } from './exit-boot-services-memory-map.ts';
import { foreignCommonBuffer } from './foreign-common-buffer.ts';
import { freeWhileMapped } from './free-while-mapped.ts';
import { mappingLeak } from './mapping-leak.ts';
import type { Rule } from './rule.ts';
import { sgCountMismatch } from './sg-count-mismatch.ts';
import { shortMapping } from './short-mapping.ts';
import { sizeMismatch } from './size-mismatch.ts';
import { uncheckedMapping } from './unchecked-mapping.ts';
import { unmapAfterFailedMap } from './unmap-after-failed-map.ts';
import { unmappableMemory } from './unmappable-memory.ts';
import { unmappedCommonBuffer } from './unmapped-common-buffer.ts';
import { unmappedSgAccess } from './unmapped-sg-access.ts';
import { useAfterUnmap } from './use-after-unmap.ts';
import { wrongHandle } from './wrong-handle.ts';
import { wrongMappingCheck } from './wrong-mapping-check.ts';

/** Every rule, by identifier. */
export const RULES: readonly Rule[] = [
  apiMismatch,
  bufferLeak,
  channelLeak,
  cpuAccessWhileMapped,
  deviceMismatch,
  directionMismatch,
  doubleFree,
  doubleUnmap,
  exitBootServicesMemoryMap,
  foreignCommonBuffer,
  freeWhileMapped,
  mappingLeak,
  sgCountMismatch,
  shortMapping,
  sizeMismatch,
  uncheckedMapping,
  unmapAfterFailedMap,
  unmappableMemory,
  unmappedCommonBuffer,
  unmappedSgAccess,
  useAfterUnmap,
  wrongHandle,
  wrongMappingCheck,
];

export const ruleById = (id: string): Rule | undefined => RULES.find((r) => r.id === id);
