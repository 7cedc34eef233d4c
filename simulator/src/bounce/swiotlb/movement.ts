/**
 * Which bytes the kernel copies between an original and its bounce buffer. A map always copies the whole mapping in,
 * whatever the direction and even if no sync was wanted, so that parts which the device does not write keep their content.
 */
import type { SwiotlbDevice } from './device.ts';
import { SLOT_BYTES } from './slot-map.ts';
import type { Swiotlb } from './swiotlb.ts';

/** Transfer direction, seen from the device. */
export type TransferDirection = 'to-device' | 'from-device' | 'bidirectional';

/** One copy, reused from call to call. `length` 0: nothing is copied. */
export class BounceCopy {
  /** Physical address of the original (byte). */
  original = 0;
  /** Physical address in the pool (byte). */
  bounce = 0;
  length = 0;
  /** The kernel warned: the range leaves the mapping's slots, or (6.1) begins before its data. */
  warned = false;
}

/** Whether `unmap` copies the whole mapping back. */
export function unmapCopiesBack(direction: TransferDirection, skipSync: boolean): boolean {
  return !skipSync && direction !== 'to-device';
}

/** Whether a sync for the CPU copies from the bounce buffer, or one for the device copies to it. */
export function syncCopies(owner: 'cpu' | 'device', direction: TransferDirection): boolean {
  return direction !== (owner === 'cpu' ? 'to-device' : 'from-device');
}

/**
 * The copy for `length` bytes of bounce buffer at `address`, which need not be the start of a mapping: only the slot that
 * the address lies in is asked, so a range that begins behind its own mapping moves another mapping's bytes.
 * A range longer than what is left of the allocation, alignment included, is cut.
 */
export function copyRange(
  swiotlb: Swiotlb,
  device: SwiotlbDevice,
  address: number,
  length: number,
  copy: BounceCopy,
): void {
  copy.length = 0;
  copy.warned = false;
  const pool = swiotlb.poolOf(address);
  if (pool === null) return;
  const { map } = pool;
  const slot = pool.slotAt(address);
  if (!map.isTaken(slot)) return;
  const head = map.headOf(slot);
  const padding = map.padding[head] ?? 0;
  const before = (slot - head - padding) * SLOT_BYTES;
  if (before < 0) return; // a padding slot has no original
  const origin = (map.origins[head] ?? 0) + before;
  // From where the data begins in this slot, as far as the device that asks is concerned.
  const lead = origin & device.minAlignMask & (SLOT_BYTES - 1);
  const within = address - (pool.start + slot * SLOT_BYTES) - lead;
  const left = (map.lengths[head] ?? 0) - before - within;
  if (within < 0 && swiotlb.release === '6.1') {
    copy.warned = true;
    return;
  }
  copy.original = origin + within;
  copy.bounce = address;
  copy.warned = length > left;
  copy.length = Math.max(0, Math.min(length, left));
}
