import type { ViolationKind } from '@dma-audit/simulator';
import { device, direction, entries, family, handle, size } from './arguments.ts';
import { checkMapping } from './check-mapping.ts';
import type { Fix, FixProvider, FixRequest } from './fix.ts';
import { leavingArm } from './leaving-arm.ts';
import { mappingTest } from './mapping-test.ts';
import { needlessRelease } from './needless-release.ts';
import { releaseOrder } from './release-order.ts';

/** Who mends what. Faults of the other kinds need a decision that no rule can make. */
const PROVIDERS: Partial<Record<ViolationKind, FixProvider>> = {
  'unchecked-mapping': checkMapping,
  'wrong-mapping-check': mappingTest,
  'mapping-leak': leavingArm,
  'buffer-leak': leavingArm,
  'channel-leak': leavingArm,
  'short-mapping': leavingArm,
  'free-while-mapped': releaseOrder,
  'double-unmap': needlessRelease,
  'double-free': needlessRelease,
  'unmap-after-failed-map': needlessRelease,
  'direction-mismatch': direction,
  'size-mismatch': size,
  'sg-count-mismatch': entries,
  'device-mismatch': device,
  'wrong-handle': handle,
  'api-mismatch': family,
};

/** Whether faults of this kind can be mended at all. */
export const isFixable = (kind: ViolationKind): boolean => PROVIDERS[kind] !== undefined;

/** Proposals that may mend a fault, the best first, without those that say the same. */
export function proposedFixes(request: FixRequest): readonly Fix[] {
  const fixes = PROVIDERS[request.fault.violation.kind]?.(request) ?? [];
  return [...new Map(fixes.toReversed().map((fix) => [JSON.stringify(fix.edits), fix])).values()].reverse();
}
