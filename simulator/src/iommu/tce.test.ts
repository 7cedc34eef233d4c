import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntryBitmap } from './entry-bitmap.ts';
import { poolNumber, TceTable } from './tce.ts';
import { mapScatterlist, unmapScatterlist } from './tce-scatterlist.ts';

const OPTIONS = { entries: 2 ** 18, offset: 0, pageShift: 12, reserved: [0, 0], kernelPageBytes: 65536 } as const;
const REQUEST = { cpu: 0, alignOrder: 0, mask: 2 ** 52 - 1, boundary: 2 ** 20 } as const;

describe('EntryBitmap', () => {
  it('finds the same as a walk bit by bit', () => {
    const runs = fc.array(fc.tuple(fc.nat(150), fc.nat(40)), { maxLength: 8 });
    fc.assert(
      fc.property(runs, fc.nat(200), fc.nat(200), (set, from, limit) => {
        const bitmap = new EntryBitmap(200);
        const plain = new Array<boolean>(200).fill(false);
        for (const [start, count] of set) {
          bitmap.set(start, count);
          plain.fill(true, start, start + count);
        }
        expect(bitmap.ones).toBe(plain.filter(Boolean).length);
        const walk = (wanted: boolean) => {
          for (let n = from; n < limit; n += 1) if (plain[n] === wanted) return n;
          return limit;
        };
        expect(bitmap.nextOne(from, limit)).toBe(walk(true));
        expect(bitmap.nextZero(from, limit)).toBe(walk(false));
      }),
    );
  });
});

describe('TceTable', () => {
  it('spreads CPUs over four pools, and sends 16 pages and more to the large one', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((cpu) => poolNumber(cpu, 4))).toEqual([0, 1, 3, 0, 2, 3, 1, 2]);
    const table = new TceTable(OPTIONS);
    expect(table.allocate({ ...REQUEST, cpu: 1, pages: 15 })).toBe(49152);
    expect(table.allocate({ ...REQUEST, cpu: 1, pages: 16 })).toBe(196608);
  });

  it('never gives out entry 0 of a window at 0, and starts small requests on blocks of 16', () => {
    const table = new TceTable(OPTIONS);
    expect([1, 1, 1].map((pages) => table.allocate({ ...REQUEST, pages }))).toEqual([1, 16, 32]);
  });

  it('takes the reserved range exclusive of its end', () => {
    const table = new TceTable({ ...OPTIONS, offset: 1000, reserved: [1010, 1020] });
    expect([table.isUsed(9), table.isUsed(10), table.isUsed(19), table.isUsed(20)]).toEqual([false, true, true, false]);
  });

  it('merges neighbours of a list up to the longest segment, and frees by the merged lengths', () => {
    const table = new TceTable(OPTIONS);
    const before = table.used;
    const elements = Array.from({ length: 5 }, (_, n) => ({ address: 0x2001_0000 + n * 0x8000, bytes: 0x8000 }));
    const request = { cpu: 0, dmaMask: 2 ** 32 - 1, segmentBoundaryMask: 2 ** 32 - 1, maxSegmentBytes: 65536 };
    const out = mapScatterlist(table, elements, request);
    expect(out?.map(({ bytes }) => bytes)).toEqual([65536, 65536, 32768]);
    unmapScatterlist(table, out ?? []);
    expect(table.used).toBe(before);
  });

  it('maps nothing of a list that does not fit', () => {
    const table = new TceTable({ ...OPTIONS, entries: 64 });
    const before = table.used;
    const elements = [
      { address: 0, bytes: 40_960 },
      { address: 2 ** 20, bytes: 2 ** 20 },
    ];
    const request = { cpu: 0, dmaMask: 2 ** 32 - 1, segmentBoundaryMask: 2 ** 32 - 1, maxSegmentBytes: 65536 };
    expect(mapScatterlist(table, elements, request)).toBeNull();
    expect(table.used).toBe(before);
  });

  it('never hands an entry out twice; used is the sum of what is out; alignment and boundary hold', () => {
    const step = fc.record({
      cpu: fc.nat(7),
      pages: fc.oneof(fc.integer({ min: 1, max: 15 }), fc.integer({ min: 16, max: 200 })),
      alignOrder: fc.nat(6),
      mask: fc.constantFrom(2 ** 52 - 1, 2 ** 10 - 1, 2 ** 11 - 1),
      drop: fc.option(fc.nat(30)),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const boundary = 256;
        const table = new TceTable({ ...OPTIONS, entries: 2048, pageShift: 19 });
        const reserved = table.used;
        const live: { entry: number; pages: number }[] = [];
        for (const { drop, ...request } of steps) {
          const { pages, alignOrder, mask } = request;
          const entry = table.allocate({ ...request, boundary });
          if (entry !== null) {
            expect(live.some((other) => entry < other.entry + other.pages && other.entry < entry + pages)).toBe(false);
            expect(entry % 2 ** alignOrder).toBe(0);
            expect((entry % boundary) + pages).toBeLessThanOrEqual(boundary);
            expect(entry + pages - 1).toBeLessThanOrEqual(mask);
            live.push({ entry, pages });
          }
          const [gone] = drop === null ? [] : live.splice(drop % (live.length || 1), 1);
          if (gone !== undefined) table.free(gone.entry, gone.pages);
          expect(table.used).toBe(reserved + live.reduce((sum, run) => sum + run.pages, 0));
        }
      }),
    );
  });
});
