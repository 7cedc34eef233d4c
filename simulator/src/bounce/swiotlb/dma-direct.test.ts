import { expect, test } from 'vitest';
import {
  BounceCopy,
  type DirectDevice,
  DirectMapping,
  type DirectOptions,
  kmallocClass,
  mapDirect,
  mustBounce,
  Swiotlb,
  SwiotlbDevice,
  unmapDirect,
} from './index.ts';

const GIB = 2 ** 30;
const START = 2 * GIB;
const options: DirectOptions = { forceBounce: false, bounceUnalignedKmalloc: true, minAlign: 128, cacheAlign: 64 };
const device: DirectDevice = { dmaMask: 4 * GIB - 1, busLimit: 0, coherent: true, bounce: new SwiotlbDevice() };

test.each([
  [1, 8],
  [8, 8],
  [65, 96],
  [97, 128],
  [129, 192],
  [193, 256],
  [257, 512],
])('%i bytes of kmalloc come from the class of %i', (size, bytes) => {
  expect(kmallocClass(size)).toBe(bytes);
});

test('a mapping bounces when its last byte is out of reach, not when it is the last one within', () => {
  expect(mustBounce(device, 4 * GIB - 4096, 4096, 'to-device', options)).toBe(false);
  expect(mustBounce(device, 4 * GIB - 4096, 4097, 'to-device', options)).toBe(true);
  expect(mustBounce({ ...device, busLimit: GIB - 1 }, GIB, 1, 'to-device', options)).toBe(true);
  expect(mustBounce(device, 0x1000, 1, 'to-device', { ...options, forceBounce: true })).toBe(true);
});

test('a small buffer that may share a cache line bounces when a device that is not coherent writes to it', () => {
  const other = { ...device, coherent: false };
  expect(mustBounce(other, 0x1000, 70, 'from-device', options)).toBe(true); // class 96
  expect(mustBounce(other, 0x1000, 100, 'from-device', options)).toBe(false); // class 128
  expect(mustBounce(other, 0x1000, 70, 'to-device', options)).toBe(false);
  expect(mustBounce(device, 0x1000, 70, 'from-device', options)).toBe(false);
  expect(mustBounce(other, 0x1000, 70, 'from-device', { ...options, bounceUnalignedKmalloc: false })).toBe(false);
});

test('a bounce buffer out of reach fails the map, after the copy in, and leaves no slot behind', () => {
  const swiotlb = new Swiotlb({ release: '6.12', slots: 1024, areas: 1, start: START });
  const mapping = new DirectMapping();
  const low = { ...device, dmaMask: GIB - 1 };
  mapDirect(swiotlb, low, 0, 8 * GIB, 100, 'to-device', false, options, mapping);
  expect(mapping).toMatchObject({ address: -1, copy: { original: 8 * GIB, bounce: START, length: 100 } });
  expect(swiotlb.used).toBe(0);
});

test('unmap copies back what the device wrote, once', () => {
  const swiotlb = new Swiotlb({ release: '6.12', slots: 1024, areas: 1, start: START });
  const mapping = new DirectMapping();
  const copy = new BounceCopy();
  mapDirect(swiotlb, device, 0, 8 * GIB, 5000, 'from-device', false, options, mapping);
  expect(mapping).toMatchObject({ address: START, bounced: true, copy: { length: 5000 } });
  unmapDirect(swiotlb, device, START, 5000, 'from-device', false, copy);
  expect(copy).toMatchObject({ original: 8 * GIB, bounce: START, length: 5000 });
  expect(swiotlb.used).toBe(0);
});
