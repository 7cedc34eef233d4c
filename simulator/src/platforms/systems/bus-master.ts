import type { BusMasterOperation } from '../../bounce/efi.ts';
import type { MapRequest } from '../../machine/memory-system.ts';

/** EDK2 names the direction from the bus master: it reads what goes to the device. Both ways takes a common buffer. */
export function busMasterOperation({ direction, mode }: MapRequest): BusMasterOperation {
  if (mode === 'common') return 'CommonBuffer';
  if (direction === 'to-device') return 'Read';
  // A streaming mapping whose direction is not known has at least to come back.
  return 'Write';
}
