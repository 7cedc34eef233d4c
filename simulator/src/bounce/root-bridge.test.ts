import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GuestMemory } from '../memory/guest-memory.ts';
import { FOUR_GIB } from '../memory/page.ts';
import { PageAllocator } from '../memory/page-allocator.ts';
import { ATTRIBUTE_DUAL_ADDRESS_CYCLE } from './efi.ts';
import { IoMmuDxe } from './iommudxe.ts';
import { IOMMU_DXE_VERSIONS } from './iommudxe-versions.ts';
import { PciRootBridgeIo, type RootBridgeMapping } from './root-bridge.ts';

const start = (dmaAbove4GiB: boolean) => {
  const pages = new PageAllocator([{ start: 0x1000_0000, end: 0x2000_0000 }]);
  return { pages, bridge: new PciRootBridgeIo(dmaAbove4GiB, pages) };
};

describe('PciRootBridgeIo without an IOMMU', () => {
  it('leaves alone what ends exactly at 4 GiB and bounces one byte more', () => {
    const { bridge } = start(false);
    expect(bridge.map('Read64', FOUR_GIB - 512, 512)).toMatchObject({ copiedBytes: 0, mapping: { kind: 'direct' } });
    expect(bridge.map('Read64', FOUR_GIB - 512, 513)).toMatchObject({ copiedBytes: 513, mapping: { kind: 'tracked' } });
  });

  it('bounces a 32-bit operation even where the bridge reaches all memory', () => {
    const { bridge } = start(true);
    expect(bridge.map('Write', FOUR_GIB, 8)).toMatchObject({ mapping: { kind: 'tracked' } });
    expect(bridge.map('Write64', FOUR_GIB, 8)).toMatchObject({ mapping: { kind: 'direct' }, deviceAddress: FOUR_GIB });
  });

  it('cannot move a common buffer, and leaves the caller its byte count', () => {
    const { bridge } = start(false);
    expect(bridge.map('CommonBuffer64', FOUR_GIB, 8)).toMatchObject({ status: 'UNSUPPORTED', bytes: 8 });
  });

  it('takes everything back', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('Read', 'Write'), fc.integer({ min: 1, max: 99_999 }))), (list) => {
        const { bridge, pages } = start(false);
        const live: RootBridgeMapping[] = [];
        for (const [operation, bytes] of list) {
          const result = bridge.map(operation, FOUR_GIB, bytes);
          if (result.status === 'SUCCESS') live.push(result.mapping);
        }
        expect(bridge.tracked).toBe(live.length);
        for (const mapping of live) expect(bridge.unmap(mapping).status).toBe('SUCCESS');
        for (const mapping of live) expect(bridge.unmap(mapping).status).toBe('INVALID_PARAMETER');
        expect([bridge.tracked, pages.used]).toEqual([0, 0]);
      }),
    );
  });
});

describe('PciRootBridgeIo with an IOMMU protocol', () => {
  it('forwards the 32-bit twin and drops the dual address cycle where the bridge has no 64-bit DMA', () => {
    const { bridge, pages } = start(false);
    const memory = new GuestMemory({ technology: 'sev' });
    bridge.iommu = new IoMmuDxe(IOMMU_DXE_VERSIONS['2021'], pages, memory);
    const buffer = bridge.allocateBuffer(1, ATTRIBUTE_DUAL_ADDRESS_CYCLE, 'BootServicesData');
    expect(buffer.status === 'SUCCESS' && buffer.host < FOUR_GIB).toBe(true);
    const read = bridge.map('Read64', 0x3000_0000, 100);
    expect(read).toMatchObject({ status: 'SUCCESS', sharedPages: 1, mapping: { kind: 'iommu' } });
    expect(bridge.map('CommonBuffer64', FOUR_GIB, 100).status).toBe('UNSUPPORTED');
  });
});
