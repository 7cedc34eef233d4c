import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GuestMemory } from '../memory/guest-memory.ts';
import { FOUR_GIB, PAGE_BYTES } from '../memory/page.ts';
import { PageAllocator } from '../memory/page-allocator.ts';
import { ATTRIBUTE_DUAL_ADDRESS_CYCLE, type DmaOperation } from './efi.ts';
import { IoMmuDxe } from './iommudxe.ts';
import { IOMMU_DXE_VERSIONS } from './iommudxe-versions.ts';

const MIB = 1024 * 1024;
const HOST = 0x5000_0000;

function start(version: keyof typeof IOMMU_DXE_VERSIONS) {
  const pages = new PageAllocator([
    { start: 0x1000_0000, end: 0x1000_0000 + 64 * MIB },
    { start: FOUR_GIB, end: FOUR_GIB + 64 * MIB },
  ]);
  const memory = new GuestMemory({ technology: 'sev' });
  const driver = new IoMmuDxe(IOMMU_DXE_VERSIONS[version], pages, memory);
  return { pages, memory, driver, initial: driver.initialise() };
}

function mapped(driver: IoMmuDxe, operation: DmaOperation, host: number, bytes: number) {
  const result = driver.map(operation, host, bytes);
  if (result.status !== 'SUCCESS') throw new Error(result.status);
  return result;
}

function buffer(driver: IoMmuDxe, pages: number): number {
  const result = driver.allocateBuffer(pages, 0, 'BootServicesData');
  if (result.status !== 'SUCCESS') throw new Error(result.status);
  return result.host;
}

describe('IoMmuDxe, head', () => {
  it('shares 1412 of 1429 pages once, and none for a small transfer', () => {
    const { driver, initial } = start('head');
    expect(initial).toMatchObject({ status: 'SUCCESS', pagesAllocated: 1429, sharedPages: 1412 });
    const read = mapped(driver, 'Read', HOST, 512);
    expect(read).toMatchObject({ sharedPages: 0, copiedBytes: 512, source: { className: '4K', slot: 0 } });
    expect(driver.unmap(read.mapping)).toMatchObject({ privatePages: 0, copiedBytes: 0, zeroedBytes: 4096 });
    expect(driver.bitmap).toBe(0);
  });

  it('converts pages when a class is exhausted, however many larger pieces are free', () => {
    const { driver } = start('head');
    for (let n = 0; n < 4; n += 1) mapped(driver, 'Write', HOST, 100);
    expect(mapped(driver, 'Write', HOST, 100)).toMatchObject({ source: 'pages', sharedPages: 1 });
  });

  it('chooses the piece of a common buffer with room for a header', () => {
    const { driver } = start('head');
    const classOf = (pages: number) => {
      const result = driver.allocateBuffer(pages, ATTRIBUTE_DUAL_ADDRESS_CYCLE, 'BootServicesData');
      return result.status === 'SUCCESS' && result.source !== 'pages' ? result.source.className : 'pages';
    };
    expect([1, 7, 8, 512].map(classOf)).toEqual(['32K', '32K', '128K', 'pages']);
  });

  it('refuses a 32-bit common buffer that passes 4 GiB, not one that ends there', () => {
    const { driver } = start('head');
    expect(driver.map('CommonBuffer', FOUR_GIB - PAGE_BYTES, PAGE_BYTES + 1)).toMatchObject({
      status: 'UNSUPPORTED',
      bytes: 0,
    });
    expect(driver.map('CommonBuffer', FOUR_GIB - PAGE_BYTES, PAGE_BYTES).status).toBe('SUCCESS');
  });

  it('reverts everything at ExitBootServices, newest first, and frees nothing', () => {
    const { driver, memory, pages } = start('head');
    const tokens = [
      mapped(driver, 'Write', HOST, 100).mapping,
      mapped(driver, 'CommonBuffer64', buffer(driver, 600), 600 * PAGE_BYTES).mapping,
      mapped(driver, 'Read64', HOST, 3 * MIB).mapping,
    ];
    const held = pages.used;
    const exit = driver.exitBootServices();
    expect(exit.mappings).toEqual(tokens.reverse());
    expect(exit).toMatchObject({ pagesFreed: 0, poolFrees: 0, privatePages: 1412 + 600 + 768 });
    expect(memory.sharedPages).toBe(0);
    expect(pages.used).toBe(held);
  });
});

describe('IoMmuDxe, history', () => {
  it('2017-07 shares at AllocateBuffer; Map of a common buffer then does nothing', () => {
    const { driver, memory } = start('2017-07');
    const host = buffer(driver, 4);
    expect(memory.sharedPages).toBe(4);
    expect(mapped(driver, 'CommonBuffer', host, 100)).toMatchObject({ sharedPages: 0, poolAllocations: 0, mapping: 0 });
    expect(driver.freeBuffer(host)).toMatchObject({ privatePages: 4 });
  });

  it('2017-08 keeps the MAP_INFO of a common buffer for the next Map', () => {
    const { driver } = start('2017-08');
    expect(driver.unmap(mapped(driver, 'CommonBuffer', buffer(driver, 1), 100).mapping)).toMatchObject({
      poolFrees: 0,
    });
    expect(mapped(driver, 'Read', HOST, 100).poolAllocations).toBe(0);
    expect(mapped(driver, 'Read', HOST, 100).poolAllocations).toBe(1);
  });

  it('the bad masks of 2025 hand the same 2 MiB piece out again', () => {
    const { driver } = start('2025-bad-masks');
    const first = mapped(driver, 'Read', HOST, 2 * MIB);
    const second = mapped(driver, 'Read', HOST, 2 * MIB);
    expect(second.deviceAddress).toBe(first.deviceAddress);
    expect([first.duplicate, second.duplicate]).toEqual([false, true]);
  });
});

describe('IoMmuDxe, any sequence', () => {
  const operations = ['Read', 'Write', 'Read64', 'Write64', 'CommonBuffer', 'CommonBuffer64'] as const;
  const step = fc.record({
    operation: fc.constantFrom(...operations),
    bytes: fc.integer({ min: 1, max: 3 * MIB }),
    drop: fc.option(fc.nat(20)),
  });
  const sequence = fc.array(step, { maxLength: 40 });

  for (const version of ['2017-08', '2017-09', '2021', 'head'] as const) {
    it(`${version}: no device page twice, shared while mapped, and back to the start in the end`, () => {
      fc.assert(
        fc.property(sequence, (steps) => {
          const { driver, memory, pages } = start(version);
          const before = { shared: memory.sharedPages, used: pages.used, bitmap: driver.bitmap };
          const live: { mapping: number; from: number; to: number; common: number | null }[] = [];
          const release = (index: number) => {
            const [gone] = live.splice(index, 1);
            if (gone === undefined) return;
            expect(driver.unmap(gone.mapping).status).toBe('SUCCESS');
            if (gone.common !== null) expect(driver.freeBuffer(gone.common).status).toBe('SUCCESS');
          };
          for (const { operation, bytes, drop } of steps) {
            const common = operation.startsWith('Common') ? buffer(driver, Math.ceil(bytes / PAGE_BYTES)) : null;
            const { mapping, deviceAddress } = mapped(driver, operation, common ?? HOST, bytes);
            const to = deviceAddress + bytes;
            expect(live.some((other) => deviceAddress < other.to && other.from < to)).toBe(false);
            expect(memory.isShared(deviceAddress, bytes)).toBe(true);
            live.push({ mapping, from: deviceAddress, to, common });
            if (drop !== null) release(drop % live.length);
          }
          while (live.length > 0) release(0);
          expect({ shared: memory.sharedPages, used: pages.used, bitmap: driver.bitmap }).toEqual(before);
          expect(memory.counters.redundantPages).toBe(0);
        }),
        { numRuns: 40 },
      );
    });
  }

  it('gives identical results for identical input', () => {
    const run = (steps: readonly { operation: DmaOperation; bytes: number }[]) => {
      const { driver } = start('head');
      return steps.map(({ operation, bytes }) => driver.map(operation, HOST, bytes));
    };
    fc.assert(
      fc.property(sequence, (steps) => {
        expect(run(steps)).toEqual(run(steps));
      }),
      { numRuns: 20 },
    );
  });
});
