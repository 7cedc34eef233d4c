import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PageAllocator } from '../memory/page-allocator.ts';
import { CoherentDmaLib, type DmaLibOptions, NonCoherentDmaLib } from './dmalib.ts';

const HOST = 0x5000_0000;
const start = (options: Partial<DmaLibOptions> = {}) => {
  const pages = new PageAllocator([{ start: 0x1000_0000, end: 0x2000_0000 }]);
  const all = { cacheLine: 64, deviceOffset: 0, deviceLimit: 2 ** 64, ...options };
  return { pages, library: new NonCoherentDmaLib(all, pages) };
};

it('CoherentDmaLib adds the offset of the device, and nothing else', () => {
  expect(new CoherentDmaLib(0x4000_0000).deviceAddress(HOST)).toBe(HOST + 0x4000_0000);
});

describe('NonCoherentDmaLib', () => {
  it('bounces a write into part of a cache line, never a read', () => {
    const { library } = start();
    expect(library.map('Write', HOST + 4, 64)).toMatchObject({ relation: 'double_buffer', copiedBytes: 0 });
    expect(library.map('Write', HOST, 65)).toMatchObject({ relation: 'double_buffer' });
    expect(library.map('Write', HOST, 128)).toMatchObject({ relation: 'identity' });
    expect(library.map('Read', HOST + 4, 65)).toMatchObject({
      relation: 'identity',
      cache: [{ type: 'writeback_invalidate', on: 'host', bytes: 65 }],
    });
  });

  it('bounces in whole lines what the device cannot reach, one byte early', () => {
    const { library } = start({ deviceLimit: 0xffff_ffff });
    expect(library.map('Write', 2 ** 32 - 100, 99)).toMatchObject({ relation: 'double_buffer' });
    const write = library.map('Write', 2 ** 32 - 100, 100);
    expect(write).toMatchObject({ relation: 'bounce_limit', cache: [{ type: 'writeback', on: 'bounce', bytes: 128 }] });
    const id = write.status === 'SUCCESS' ? write.mapping : 0;
    expect(library.unmap(id)).toMatchObject({ copiedBytes: 100, pagesFreed: 1 });
  });

  it('takes common buffers from itself only; an aligned foreign one passes outside of DEBUG builds', () => {
    const { library } = start();
    const own = library.allocateBuffer(1, 0, 'BootServicesData');
    const host = own.status === 'SUCCESS' ? own.host : 0;
    expect(library.map('CommonBuffer', host, 10)).toMatchObject({ status: 'SUCCESS', cache: [] });
    expect(library.map('CommonBuffer', HOST, 10).status).toBe('UNSUPPORTED');
    expect(library.map('CommonBuffer', HOST, 64)).toMatchObject({ status: 'SUCCESS', asserts: 1 });
  });

  it('aligns buffers and gives back what alignment cost', () => {
    const alignments = fc.integer({ min: 0, max: 20 }).map((order) => 2 ** order);
    const request = fc.tuple(fc.integer({ min: 1, max: 30 }), alignments);
    fc.assert(
      fc.property(fc.array(request, { maxLength: 20 }), (requests) => {
        const { library, pages } = start();
        const held: { host: number; count: number }[] = [];
        for (const [count, alignment] of requests) {
          const result = library.allocateBuffer(count, alignment, 'BootServicesData');
          if (result.status !== 'SUCCESS') continue;
          expect(result.host % alignment).toBe(0);
          held.push({ host: result.host, count });
        }
        expect(pages.used).toBe(held.reduce((sum, { count }) => sum + count, 0));
        for (const { host, count } of held) {
          expect(library.freeBuffer(host, count + 1)).toMatchObject({ status: 'INVALID_PARAMETER', asserts: 1 });
          expect(library.freeBuffer(host, count).status).toBe('SUCCESS');
        }
        expect([library.uncachedBuffers, pages.used]).toEqual([0, 0]);
      }),
    );
  });
});
