import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FOUR_GIB, PAGE_BYTES } from './page.ts';
import { PageAllocator } from './page-allocator.ts';

const LOW = { start: 0x1000_0000, end: 0x1010_0000 };
const HIGH = { start: FOUR_GIB, end: FOUR_GIB + 0x10_0000 };

describe('PageAllocator', () => {
  it('takes the topmost pages of the first region that fits', () => {
    const pages = new PageAllocator([LOW, HIGH]);
    expect(pages.allocate(1)).toBe(LOW.end - PAGE_BYTES);
    expect(pages.allocate(255)).toBe(LOW.start);
    expect(pages.allocate(1)).toBe(HIGH.end - PAGE_BYTES);
  });

  it('keeps the last byte at or below the limit', () => {
    const pages = new PageAllocator([HIGH, LOW]);
    expect(pages.allocate(1, FOUR_GIB - 1)).toBe(LOW.end - PAGE_BYTES);
    expect(pages.allocate(1, LOW.start + 2 * PAGE_BYTES - 1)).toBe(LOW.start + PAGE_BYTES);
    expect(pages.allocate(1, LOW.start)).toBeNull();
  });

  it('refuses what no single run holds', () => {
    const pages = new PageAllocator([LOW]);
    const parts = Array.from({ length: 4 }, () => pages.allocate(64));
    pages.free(parts[0] ?? 0, 64);
    pages.free(parts[2] ?? 0, 64);
    expect(pages.allocate(65)).toBeNull();
    pages.free(parts[1] ?? 0, 64);
    expect(pages.allocate(192)).toBe(LOW.end - 192 * PAGE_BYTES);
  });

  it('refuses to take back free pages', () => {
    const pages = new PageAllocator([LOW]);
    expect(() => pages.free(LOW.start, 1)).toThrow(RangeError);
    expect(() => pages.free(0, 1)).toThrow(RangeError);
  });

  it('never hands a page out twice, and counts what is out', () => {
    const step = fc.oneof(
      fc.record({ take: fc.integer({ min: 1, max: 90 }), limit: fc.constantFrom(undefined, FOUR_GIB - 1) }),
      fc.record({ drop: fc.nat(50) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const pages = new PageAllocator([HIGH, LOW]);
        const held: { address: number; count: number }[] = [];
        const owned = new Set<number>();
        for (const action of steps) {
          if ('take' in action) {
            const address = pages.allocate(action.take, action.limit);
            if (address === null) continue;
            if (action.limit !== undefined)
              expect(address + action.take * PAGE_BYTES - 1).toBeLessThanOrEqual(action.limit);
            for (let n = 0; n < action.take; n += 1) {
              expect(owned.has(address + n * PAGE_BYTES)).toBe(false);
              owned.add(address + n * PAGE_BYTES);
            }
            held.push({ address, count: action.take });
          } else {
            const [run] = held.splice(action.drop % (held.length || 1), 1);
            if (run === undefined) continue;
            pages.free(run.address, run.count);
            for (let n = 0; n < run.count; n += 1) owned.delete(run.address + n * PAGE_BYTES);
          }
          expect(pages.used).toBe(owned.size);
        }
        for (const { address, count } of held) pages.free(address, count);
        expect(pages.allocate(256)).toBe(HIGH.start);
      }),
    );
  });
});
