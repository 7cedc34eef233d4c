import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FlushQueue, PER_CPU_QUEUE, SHARED_QUEUE } from './flush-queue.ts';
import { IovaAllocator } from './iova-allocator.ts';
import { IovaDomain } from './iova-domain.ts';
import { MAGAZINE_SIZE } from './iova-rcache.ts';
import { IovaTree } from './iova-tree.ts';

const PAGES_32 = 2 ** 20;

interface Step {
  readonly map: boolean;
  readonly cpu: number;
  readonly pages: number;
  readonly pick: number;
  /** ms that pass afterwards. */
  readonly wait: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  map: fc.boolean(),
  cpu: fc.nat(3),
  pages: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 200 })),
  pick: fc.nat(),
  wait: fc.constantFrom(0, 0, 0, 1, 7, 120),
});
const steps = fc.array(step, { maxLength: 400 });
/** Limits from so tight that requests fail to wide. */
const limit = fc.constantFrom(300, 4095, PAGES_32 - 1, 2 ** 36 - 1);
const queue = fc.constantFrom(null, PER_CPU_QUEUE, SHARED_QUEUE, { shared: false, slots: 4, timeout: 10 });

interface Range {
  readonly pfn: number;
  readonly pages: number;
}

function expectDisjoint(ranges: Iterable<Range>): void {
  let end = 0;
  for (const { pfn, pages } of [...ranges].sort((a, b) => a.pfn - b.pfn)) {
    expect(pfn).toBeGreaterThanOrEqual(end);
    end = pfn + pages;
  }
}

describe('whatever is asked of a domain', () => {
  const world = fc.record({ limit, queue, steps, try32First: fc.boolean() });

  /** Runs the steps on a domain; returns every answer and what is still mapped. */
  function run(
    domain: IovaDomain,
    list: readonly Step[],
    check: (live: readonly Range[], mapped: Range | null) => void = () => {},
  ): { readonly answers: readonly number[]; readonly live: readonly Range[] } {
    const live: Range[] = [];
    const answers: number[] = [];
    for (const { map, cpu, pages, pick, wait } of list) {
      let mapped: Range | null = null;
      if (map) {
        const pfn = domain.map(cpu, pages);
        answers.push(pfn);
        if (pfn >= 0) live.push((mapped = { pfn, pages }));
      } else {
        const [gone] = live.splice(pick % Math.max(1, live.length), 1);
        if (gone !== undefined) domain.unmap(cpu, gone.pfn, gone.pages);
      }
      check(live, mapped);
      domain.advance(wait);
    }
    return { answers, live };
  }

  test('no address is handed out twice, none beyond the limit', () => {
    fc.assert(
      fc.property(world, (options) => {
        run(new IovaDomain({ cpus: 4, ...options }), options.steps, (live, mapped) => {
          if (mapped === null) return;
          expect(mapped.pfn).toBeGreaterThanOrEqual(1);
          expect(mapped.pfn + mapped.pages - 1).toBeLessThanOrEqual(options.limit);
          expect(mapped.pfn % 2 ** Math.ceil(Math.log2(mapped.pages))).toBe(0);
          expectDisjoint(live);
        });
      }),
      { numRuns: 60 },
    );
  });

  test('an address is handed out again only after an invalidation that began after its unmap', () => {
    fc.assert(
      fc.property(world, (options) => {
        const domain = new IovaDomain({ cpus: 4, ...options });
        /** Ranges whose translation a device may still hold, with the invalidations made until they were unmapped. */
        let stale: (Range & { readonly flushes: number })[] = [];
        const invalidations = () => domain.counters.flushAll + domain.counters.sync;
        let before: readonly Range[] = [];
        run(domain, options.steps, (live, mapped) => {
          const gone = before.filter((range) => !live.includes(range));
          // A strict unmap invalidates before it is over.
          stale.push(...gone.map((range) => ({ ...range, flushes: invalidations() - domain.counters.sync })));
          if (options.queue === null) stale = [];
          else stale = stale.filter(({ flushes }) => flushes === invalidations());
          if (mapped !== null) expectDisjoint([mapped, ...stale]);
          before = [...live];
        });
      }),
      { numRuns: 60 },
    );
  });

  test('strict: one range invalidation for each unmap; lazy: none', () => {
    fc.assert(
      fc.property(world, (options) => {
        const domain = new IovaDomain({ cpus: 4, ...options });
        run(domain, options.steps);
        const { unmaps, sync, flushAll, released } = domain.counters;
        expect(sync).toBe(options.queue === null ? unmaps : 0);
        if (options.queue === null) expect(flushAll).toBe(0);
        else expect(domain.queued).toBe(unmaps - released);
      }),
      { numRuns: 60 },
    );
  });

  test('the same requests get the same answers', () => {
    fc.assert(
      fc.property(world, (options) => {
        const [first, second] = [new IovaDomain({ cpus: 4, ...options }), new IovaDomain({ cpus: 4, ...options })];
        expect(run(first, options.steps).answers).toEqual(run(second, options.steps).answers);
      }),
      { numRuns: 30 },
    );
  });

  test('unmapping everything, with time to settle, leaves only cached ranges in the tree', () => {
    fc.assert(
      fc.property(world, (options) => {
        const domain = new IovaDomain({ cpus: 4, ...options });
        for (const { pfn, pages } of run(domain, options.steps).live) domain.unmap(0, pfn, pages);
        domain.advance(2000);
        expect([domain.queued, domain.timerRunning]).toEqual([0, false]);
        const { tree, rcache } = domain.allocator;
        rcache.flush(tree);
        expect(tree.ranges).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a tree of ranges', () => {
  test('counts its ranges, and finds room wherever a search through all of them would', () => {
    const requests = fc.array(
      fc.record({ pages: fc.integer({ min: 1, max: 40 }), pick: fc.nat(), free: fc.boolean() }),
    );
    fc.assert(
      fc.property(requests, (list) => {
        const tree = new IovaTree();
        const live: Range[] = [];
        for (const { pages, pick, free } of list) {
          if (free) {
            const [gone] = live.splice(pick % Math.max(1, live.length), 1);
            if (gone !== undefined) expect(tree.free(gone.pfn)).toBe(true);
          } else {
            const pfn = tree.allocate(pages, 299, false);
            // Granules 1 to 299, none of them in a range.
            const taken = new Set(
              live.flatMap((range) => Array.from({ length: range.pages }, (_, page) => range.pfn + page)),
            );
            const room = Array.from({ length: 300 - pages }, (_, first) => first + 1).some((first) =>
              Array.from({ length: pages }, (_, page) => first + page).every((page) => !taken.has(page)),
            );
            if (pfn >= 0) live.push({ pfn, pages });
            else expect(room && pages < tree.smallestFailing32).toBe(false);
            expectDisjoint(live);
          }
          expect(tree.ranges).toBe(live.length);
        }
      }),
    );
  });

  test('goes downward from the last allocation', () => {
    const tree = new IovaTree();
    expect(tree.allocate(1, PAGES_32 - 1, true)).toBe(PAGES_32 - 1);
    expect(tree.allocate(4, PAGES_32 - 1, true)).toBe(PAGES_32 - 8);
    expect(tree.allocate(1, PAGES_32 - 1, true)).toBe(PAGES_32 - 9);
    expect(tree.free(PAGES_32 - 9)).toBe(true);
    expect(tree.free(PAGES_32 - 9)).toBe(false);
  });

  test('extends what is in the way of a reservation downward, and adds what lies above', () => {
    const tree = new IovaTree();
    expect(tree.reserve(100, 199)).toEqual({ low: 100, high: 199 });
    expect(tree.reserve(300, 399)).toEqual({ low: 300, high: 399 });
    expect(tree.reserve(50, 449)).toEqual({ low: 400, high: 449 });
    expect(tree.ranges).toBe(3);
    expect([tree.lengthAt(50), tree.lengthAt(200), tree.lengthAt(400)]).toEqual([150, 200, 50]);
    expect(tree.reserve(60, 70)).toEqual({ low: 50, high: 199 });
    expect(tree.free(120)).toBe(true);
    expect(tree.ranges).toBe(2);
  });

  test('takes a range at a given place only where all of it is free', () => {
    const tree = new IovaTree();
    tree.reserve(100, 199);
    expect([tree.place(99, 2), tree.place(199, 1), tree.place(90, 10), tree.place(200, 5)]).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(tree.allocate(1, PAGES_32 - 1, true)).toBe(89);
  });

  test('holds more ranges than it was made for', () => {
    const tree = new IovaTree();
    for (let count = 1; count <= 5000; count++) tree.allocate(1, 2 ** 40, true);
    expect(tree.ranges).toBe(5000);
    for (let count = 0; count < 5000; count++) expect(tree.free(2 ** 40 - count)).toBe(true);
    expect(tree.ranges).toBe(0);
  });
});

describe('an allocator', () => {
  test('hands out what was given back last, of the same size class', () => {
    const allocator = new IovaAllocator(1);
    const first = allocator.allocate(0, 3, PAGES_32 - 1, false);
    expect(allocator.source).toBe('tree');
    expect(allocator.free(0, first, 3, 0)).toBe(true);
    expect(allocator.allocate(0, 4, PAGES_32 - 1, false)).toBe(first);
    expect(allocator.source).toBe('rcache');
    expect(allocator.free(0, allocator.allocate(0, 33, PAGES_32 - 1, false), 33, 0)).toBe(false);
  });

  test('takes a magazine of another CPU only from the depot', () => {
    const allocator = new IovaAllocator(2);
    const pfns = Array.from({ length: 3 * MAGAZINE_SIZE }, () => allocator.allocate(0, 1, PAGES_32 - 1, false));
    for (const pfn of pfns.slice(0, 2 * MAGAZINE_SIZE)) allocator.free(0, pfn, 1, 0);
    allocator.allocate(1, 1, PAGES_32 - 1, false);
    expect(allocator.source).toBe('tree');
    for (const pfn of pfns.slice(2 * MAGAZINE_SIZE)) allocator.free(0, pfn, 1, 0);
    expect(allocator.rcache.depotSize(0)).toBe(1);
    allocator.allocate(1, 1, PAGES_32 - 1, false);
    expect(allocator.source).toBe('rcache');
  });
});

describe('a flush queue', () => {
  test('of 256 entries invalidates with the 256th waiting unmap, or 10 ms after the first', () => {
    let flushes = 0;
    const owner = { flushAll: () => void flushes++, released: () => {} };
    const waiting = new FlushQueue({ ...PER_CPU_QUEUE, cpus: 1 }, owner);
    for (let count = 0; count < 255; count++) waiting.queue(0, count, 1, 3);
    expect([flushes, waiting.queued, waiting.timerAt]).toEqual([0, 255, 13]);
    waiting.queue(0, 255, 1, 4);
    expect([flushes, waiting.queued, waiting.timerAt]).toEqual([1, 1, 13]);
    waiting.fire(0);
    expect([flushes, waiting.queued, waiting.timerAt]).toEqual([2, 0, Number.POSITIVE_INFINITY]);
  });

  test('releases entries of another CPU only when that CPU queues again', () => {
    const released: number[] = [];
    const owner = { flushAll: () => {}, released: (_cpu: number, pfn: number) => void released.push(pfn) };
    const waiting = new FlushQueue({ cpus: 2, shared: false, slots: 4, timeout: 10 }, owner);
    waiting.queue(1, 50, 1, 0);
    for (const pfn of [1, 2, 3, 4]) waiting.queue(0, pfn, 1, 0);
    expect(released).toEqual([1, 2, 3]);
    waiting.queue(1, 51, 1, 0);
    expect(released).toEqual([1, 2, 3, 50]);
  });
});
