import { describe, expect, it } from 'vitest';
import { GuestMemory } from '../memory/guest-memory.ts';
import { FOUR_GIB, PAGE_BYTES } from '../memory/page.ts';
import { PageAllocator } from '../memory/page-allocator.ts';
import { IoMmuDxe } from './iommudxe.ts';
import { IOMMU_DXE_VERSIONS } from './iommudxe-versions.ts';
import { PciIo } from './pci-io.ts';
import { PciRootBridgeIo } from './root-bridge.ts';
import { LegacyVirtioDevice, ModernVirtioDevice, type VirtioDevice } from './virtio-device.ts';

const HOST = 0x5000_0000;

function guest(transport: 'legacy' | 'modern') {
  const pages = new PageAllocator([{ start: FOUR_GIB, end: 2 * FOUR_GIB }]);
  const memory = new GuestMemory({ technology: 'tdx' });
  const iommu = new IoMmuDxe(IOMMU_DXE_VERSIONS.head, pages, memory);
  iommu.initialise();
  const bridge = new PciRootBridgeIo(true, pages);
  bridge.iommu = iommu;
  const device: VirtioDevice =
    transport === 'legacy' ? new LegacyVirtioDevice(pages) : new ModernVirtioDevice(new PciIo(bridge, true));
  return { device, memory, pages, iommu };
}

function ring(device: VirtioDevice) {
  const pages = device.allocateSharedPages(3);
  if (pages.status !== 'SUCCESS') throw new Error(pages.status);
  const mapped = device.mapSharedBuffer('CommonBuffer', pages.host, 3 * PAGE_BYTES);
  if (mapped.status !== 'SUCCESS') throw new Error(mapped.status);
  return { host: pages.host, deviceAddress: mapped.deviceAddress, mapping: mapped.mapping };
}

describe('virtio in a TDX guest', () => {
  it('1.0: the device sees a ring above 4 GiB, and a request through a bounce buffer', () => {
    const { device, memory } = guest('modern');
    const { host, deviceAddress } = ring(device);
    expect(deviceAddress).toBe(host);
    expect(host).toBeGreaterThanOrEqual(FOUR_GIB);
    expect(memory.isShared(deviceAddress, 3 * PAGE_BYTES)).toBe(true);
    expect(device.mapSharedBuffer('Read', HOST, 512)).toMatchObject({ copiedBytes: 512, mapping: { kind: 'iommu' } });
  });

  it('0.9.5 and MMIO: every call succeeds, and the device reads nothing but private pages', () => {
    const { device, memory } = guest('legacy');
    const { host, deviceAddress } = ring(device);
    expect(deviceAddress).toBe(host);
    expect(memory.isShared(deviceAddress, 3 * PAGE_BYTES)).toBe(false);
  });

  it('at ExitBootServices a ring is unmapped and not freed', () => {
    const { device, memory, pages, iommu } = guest('modern');
    const { mapping } = ring(device);
    const held = pages.used;
    expect(device.unmapSharedBuffer(mapping)).toMatchObject({ status: 'SUCCESS', pagesFreed: 0 });
    expect(iommu.exitBootServices().mappings).toEqual([]);
    expect([pages.used, memory.sharedPages]).toEqual([held, 0]);
  });
});

describe('PciIo', () => {
  it('asks for 64 bits only after the driver enabled the dual address cycle', () => {
    const bridge = new PciRootBridgeIo(true, new PageAllocator([{ start: 0x1000_0000, end: 0x2000_0000 }]));
    expect(new PciIo(bridge, false).map('Read', FOUR_GIB, 8)).toMatchObject({ mapping: { kind: 'tracked' } });
    expect(new PciIo(bridge, true).map('Read', FOUR_GIB, 8)).toMatchObject({ mapping: { kind: 'direct' } });
  });

  it('does not let the caller ask for the dual address cycle', () => {
    const bridge = new PciRootBridgeIo(true, new PageAllocator([{ start: 0x1000_0000, end: 0x2000_0000 }]));
    expect(new PciIo(bridge, true).allocateBuffer(1, 0x8000, 'BootServicesData').status).toBe('UNSUPPORTED');
  });
});
