import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GuestMemory, type PageState } from './guest-memory.ts';
import { PAGE_BYTES } from './page.ts';
import { SNP_GHCB_MAXIMUM, SNP_LINUX, snpBatches } from './snp.ts';
import { accepts, mapGpa } from './tdx.ts';

const MIB_2 = 2 * 1024 * 1024;
const GIB = 2 ** 30;

describe('SEV-SNP batches', () => {
  it('fills 64 entries per exit on Linux, at most 253 by the GHCB', () => {
    expect(snpBatches(1, 253, SNP_LINUX).map(({ entries }) => entries)).toEqual([64, 64, 64, 61]);
    expect(snpBatches(1, 253, SNP_GHCB_MAXIMUM)).toHaveLength(1);
    expect(snpBatches(1, 254, SNP_GHCB_MAXIMUM)).toHaveLength(2);
  });

  it('uses a 2 MiB entry where page and rest allow it, and validates it piecewise where the host has none', () => {
    expect(snpBatches(511, 514, SNP_LINUX)).toEqual([{ first: 511, pages: 514, entries: 3, pvalidates: 3 }]);
    const split = { ...SNP_LINUX, largeBacking: false };
    expect(snpBatches(512, 512, split)).toEqual([{ first: 512, pages: 512, entries: 1, pvalidates: 513 }]);
    const vmalloc = { ...SNP_LINUX, largeEntries: false };
    expect(snpBatches(512, 512, vmalloc)).toHaveLength(8);
  });

  it('covers every page once, in order', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.nat(5000), fc.integer({ min: 1, max: 253 }), (first, pages, batchEntries) => {
        let next = first;
        for (const batch of snpBatches(first, pages, { ...SNP_LINUX, batchEntries })) {
          expect(batch.first).toBe(next);
          expect(batch.entries).toBeLessThanOrEqual(batchEntries);
          next += batch.pages;
        }
        expect(next).toBe(first + pages);
      }),
    );
  });
});

describe('TDX', () => {
  it('goes on where the host stopped', () => {
    const asked: number[] = [];
    const result = mapGpa(10, 100, (first) => {
      asked.push(first);
      return first < 70 ? { result: 'retry', from: first + 30 } : { result: 'done' };
    });
    expect(result).toEqual({ ok: true, calls: 3, retries: 2 });
    expect(asked).toEqual([10, 40, 70]);
  });

  it('gives up after three calls without progress, and on an answer outside the range', () => {
    expect(mapGpa(0, 8, (first) => ({ result: 'retry', from: first }))).toEqual({ ok: false, calls: 3, retries: 2 });
    expect(mapGpa(0, 8, () => ({ result: 'retry', from: 8 })).ok).toBe(false);
    expect(mapGpa(0, 8, () => ({ result: 'refused' })).ok).toBe(false);
  });

  it('accepts the largest pages first', () => {
    const page = PAGE_BYTES;
    expect(accepts(0, (GIB + MIB_2 + page) / page, '1g')).toEqual({ of4k: 1, of2m: 1, of1g: 1 });
    expect(accepts(0, GIB / page, '2m')).toEqual({ of4k: 0, of2m: 512, of1g: 0 });
    expect(accepts(1, 512, '1g')).toEqual({ of4k: 512, of2m: 0, of1g: 0 });
  });
});

describe('GuestMemory', () => {
  it('changes nothing where memory is plain', () => {
    const memory = new GuestMemory({ technology: 'plain' });
    expect(memory.convert(0, 8, 'shared')).toBe('ok');
    expect(memory.stateAt(0)).toBe('shared');
    expect(memory.counters.conversions).toBe(0);
  });

  it('leaks the pages of a conversion that the TDX host refuses', () => {
    const memory = new GuestMemory({ technology: 'tdx', mapGpa: () => ({ result: 'refused' }) });
    expect(memory.convert(PAGE_BYTES, 2, 'shared')).toBe('failed');
    expect(memory.stateAt(PAGE_BYTES)).toBe('unknown');
    expect(memory.isShared(PAGE_BYTES, 1)).toBe(false);
    expect(memory.counters).toMatchObject({ leakedPages: 2, pagesToShared: 0 });
  });

  it('ends an SNP guest whose page state change fails', () => {
    const memory = new GuestMemory({ technology: 'sev-snp', pageStateChange: () => false });
    expect(memory.convert(0, 1, 'shared')).toBe('guest-ended');
  });

  it('counts what each technology does for 1 MiB there and back', () => {
    const count = (technology: 'sev' | 'sev-snp' | 'tdx') => {
      const memory = new GuestMemory({ technology });
      memory.convert(PAGE_BYTES, 256, 'shared');
      memory.convert(PAGE_BYTES, 256, 'private');
      return memory.counters;
    };
    expect(count('sev')).toMatchObject({ exits: 0, cacheFlushedPages: 512, tlbFlushes: 4 });
    expect(count('sev-snp')).toMatchObject({ exits: 8, pscEntries: 512, pvalidates: 512 });
    expect(count('tdx')).toMatchObject({ exits: 2, accepts4k: 256, accepts2m: 0, tlbFlushes: 3 });
  });

  it('keeps every page in exactly one state: the one it was last converted to, or unknown once that failed', () => {
    const conversion = fc.record({
      first: fc.nat(40),
      pages: fc.integer({ min: 1, max: 20 }),
      to: fc.constantFrom('shared', 'private'),
      agrees: fc.boolean(),
    });
    const technology = fc.constantFrom('sev', 'sev-snp', 'tdx');
    fc.assert(
      fc.property(technology, fc.array(conversion), (kind, conversions) => {
        let host = true;
        const memory = new GuestMemory({
          technology: kind,
          mapGpa: () => ({ result: host ? 'done' : 'refused' }),
          pageStateChange: () => host,
        });
        const expected = new Array<PageState>(60).fill('private');
        for (const { first, pages, to, agrees } of conversions) {
          host = agrees;
          const now = memory.convert(first * PAGE_BYTES, pages, to) === 'ok' ? to : 'unknown';
          for (let page = first; page < first + pages; page += 1) {
            if (expected[page] !== 'unknown') expected[page] = now;
          }
        }
        expect(expected.map((_, page) => memory.stateAt(page * PAGE_BYTES))).toEqual(expected);
        expect(memory.sharedPages).toBe(expected.filter((state) => state === 'shared').length);
        expect(memory.counters.leakedPages).toBe(expected.filter((state) => state === 'unknown').length);
      }),
    );
  });
});
