import type { FaultKind } from '../machine/violation.ts';

const KINDS: Readonly<Record<FaultKind, true>> = {
  'mapping-leak': true,
  'buffer-leak': true,
  'channel-leak': true,
  'lifecycle-leak': true,
  'double-unmap': true,
  'double-free': true,
  'unmap-after-failed-map': true,
  'use-after-unmap': true,
  'free-while-mapped': true,
  'direction-mismatch': true,
  'size-mismatch': true,
  'api-mismatch': true,
  'device-mismatch': true,
  'wrong-handle': true,
  'sg-count-mismatch': true,
  'unmapped-sg-access': true,
  'sync-mismatch': true,
  'unchecked-mapping': true,
  'wrong-mapping-check': true,
  'unchecked-allocation': true,
  'short-mapping': true,
  'unmapped-common-buffer': true,
  'foreign-common-buffer': true,
  'exit-boot-services-memory-map': true,
  'unmappable-memory': true,
  'sleeping-in-atomic': true,
  'free-while-running': true,
  'unchecked-mask': true,
  'wrong-address': true,
  'missing-sync': true,
  'device-length-exceeds-mapping': true,
  'shared-cache-line': true,
  'invalid-attributes': true,
  'cpu-access-while-mapped': true,
};

export const VIOLATION_KINDS = Object.keys(KINDS) as readonly FaultKind[];

export const isViolationKind = (word: string): word is FaultKind => Object.hasOwn(KINDS, word);
