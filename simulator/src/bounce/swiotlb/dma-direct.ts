/**
 * The direct-mapping layer above the pool: device address = physical address wherever the device can use it, a bounce
 * buffer where it cannot. Rules: Linux 6.12.117.
 */
import type { SwiotlbDevice } from './device.ts';
import { BounceCopy, copyRange, syncCopies, type TransferDirection, unmapCopiesBack } from './movement.ts';
import type { Swiotlb } from './swiotlb.ts';

export interface DirectDevice {
  /** Highest address that the device can drive; from 2^53 - 1 on every one. */
  readonly dmaMask: number;
  /** Highest address that the buses in between let through; 0 = no limit. */
  readonly busLimit: number;
  /** Sees the CPU's caches: no cache maintenance. */
  readonly coherent: boolean;
  readonly bounce: SwiotlbDevice;
}

export interface DirectOptions {
  /** Every mapping bounces (swiotlb=force, memory encryption). */
  readonly forceBounce: boolean;
  /** CONFIG_DMA_BOUNCE_UNALIGNED_KMALLOC: memory that may share a cache line bounces for devices that are not coherent. */
  readonly bounceUnalignedKmalloc: boolean;
  /** ARCH_DMA_MINALIGN, bytes. */
  readonly minAlign: number;
  /** Cache line for DMA, bytes. */
  readonly cacheAlign: number;
}

/** What a mapping came to; reused from call to call. */
export class DirectMapping {
  /** Device address, or -1: the map failed. */
  address = -1;
  bounced = false;
  /** Cache maintenance calls. */
  cacheSyncs = 0;
  readonly copy = new BounceCopy();
}

/** Whether a mapping has to go through the pool. `physical` and `size` in bytes. */
export function mustBounce(
  device: DirectDevice,
  physical: number,
  size: number,
  direction: TransferDirection,
  options: DirectOptions,
): boolean {
  if (options.forceBounce || !canReach(device, physical, size)) return true;
  if (device.coherent || direction === 'to-device' || !options.bounceUnalignedKmalloc) return false;
  return size < 2 * options.minAlign && kmallocClass(size) % options.cacheAlign !== 0;
}

/** Whether the last byte is within the device's mask and the bus limit. */
export function canReach(device: Pick<DirectDevice, 'dmaMask' | 'busLimit'>, address: number, size: number): boolean {
  const limit = device.busLimit === 0 ? device.dmaMask : Math.min(device.dmaMask, device.busLimit);
  return address + size - 1 <= limit;
}

/** Bytes of the kmalloc size class that holds `size` bytes. */
export function kmallocClass(size: number): number {
  if (size > 64 && size <= 96) return 96;
  if (size > 128 && size <= 192) return 192;
  let bytes = 8;
  while (bytes < size) bytes *= 2;
  return bytes;
}

/** dma_map_page of the direct layer. A bounce buffer out of the device's reach is given back after it was filled. */
export function mapDirect(
  swiotlb: Swiotlb,
  device: DirectDevice,
  cpu: number,
  physical: number,
  size: number,
  direction: TransferDirection,
  skipSync: boolean,
  options: DirectOptions,
  mapping: DirectMapping,
): void {
  mapping.copy.length = 0;
  mapping.cacheSyncs = 0;
  mapping.address = physical;
  mapping.bounced = mustBounce(device, physical, size, direction, options);
  if (mapping.bounced) {
    const address = swiotlb.map(device.bounce, cpu, physical, size, 0);
    mapping.address = -1;
    if (address < 0) return;
    copyRange(swiotlb, device.bounce, address, size, mapping.copy);
    if (!canReach(device, address, size)) {
      swiotlb.unmap(address);
      return;
    }
    mapping.address = address;
  }
  mapping.cacheSyncs = cacheSyncs(device, skipSync);
}

/** dma_sync_single_for_cpu / _for_device of the direct layer: fills `copy`, returns the cache maintenance calls. */
export function syncDirect(
  swiotlb: Swiotlb,
  device: DirectDevice,
  owner: 'cpu' | 'device',
  address: number,
  size: number,
  direction: TransferDirection,
  copy: BounceCopy,
): number {
  copy.length = 0;
  if (syncCopies(owner, direction)) copyRange(swiotlb, device.bounce, address, size, copy);
  return cacheSyncs(device, false);
}

/** dma_unmap_page of the direct layer: a sync for the CPU, then the slots go back without a second copy. */
export function unmapDirect(
  swiotlb: Swiotlb,
  device: DirectDevice,
  address: number,
  size: number,
  direction: TransferDirection,
  skipSync: boolean,
  copy: BounceCopy,
): number {
  copy.length = 0;
  if (unmapCopiesBack(direction, skipSync)) copyRange(swiotlb, device.bounce, address, size, copy);
  swiotlb.unmap(address);
  return cacheSyncs(device, skipSync);
}

function cacheSyncs(device: DirectDevice, skipSync: boolean): number {
  return device.coherent || skipSync ? 0 : 1;
}
