import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK_BYTES, DefaultPool } from './device-pools.ts';
import { type ContentionOptions, simulateContention } from './device-pools-contention.ts';

describe('DefaultPool', () => {
  it('gives whole 2 MiB blocks, with a segment for each area at least', () => {
    const pool = new DefaultPool(64 * 1024 * 1024);
    expect(pool.allocate(4, 1)).toEqual({ blocks: [0], areas: 4, slotsPerArea: 256 });
    expect(pool.allocate(64, 1)?.blocks).toHaveLength(8);
    expect(pool.freeBlocks).toBe(23);
    expect(pool.allocate(1, 24 * BLOCK_BYTES)).toBeNull();
  });

  it('never gives a block to two devices, and gets all back', () => {
    const request = fc.tuple(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 20 * BLOCK_BYTES }));
    fc.assert(
      fc.property(fc.array(request, { maxLength: 12 }), (requests) => {
        const pool = new DefaultPool(64 * 1024 * 1024);
        const made = requests.map(([areas, bytes]) => pool.allocate(areas, bytes)).filter((made) => made !== null);
        const blocks = made.flatMap((device) => device.blocks);
        expect(new Set(blocks).size).toBe(blocks.length);
        expect(pool.freeBlocks).toBe(32 - blocks.length);
        for (const device of made) pool.release(device);
        expect(pool.freeBlocks).toBe(32);
      }),
    );
  });
});

const BASE: ContentionOptions = {
  queues: 4,
  areas: 1,
  slotsPerArea: 32768,
  slotsPerMapping: 1,
  depth: 1,
  mapHoldNs: 300,
  unmapHoldNs: 300,
  handoverNs: 0,
  workNs: 600,
  durationNs: 1e6,
};

describe('simulateContention', () => {
  it('one queue never waits', () => {
    const result = simulateContention({ ...BASE, queues: 1 });
    expect(result).toMatchObject({ waits: 0, failures: 0, highWater: 1 });
    expect(result.maps).toBe(Math.ceil(1e6 / 1200));
  });

  it('one lock is worth one map and unmap at a time, however many queues there are', () => {
    const bound = 1e9 / 600;
    for (const queues of [2, 8, 64]) {
      const { mapsPerSecond } = simulateContention({ ...BASE, queues });
      expect(mapsPerSecond / bound).toBeGreaterThan(0.95);
      expect(mapsPerSecond / bound).toBeLessThan(1.01);
    }
  });

  it('an area for each queue is worth as much as each queue alone', () => {
    const alone = simulateContention({ ...BASE, queues: 1 }).maps;
    const result = simulateContention({ ...BASE, queues: 16, areas: 16 });
    expect(result.waits).toBe(0);
    expect(result.maps).toBeGreaterThan(15.9 * alone);
  });

  it('spills into other areas when the own one is full, and fails when all are', () => {
    const small = { ...BASE, queues: 2, areas: 4, slotsPerArea: 128, depth: 200 };
    const spilling = simulateContention(small);
    expect(spilling).toMatchObject({ failures: 0, highWater: 400 });
    expect(spilling.spills).toBeGreaterThan(0);
    expect(simulateContention({ ...small, areas: 2 }).failures).toBeGreaterThan(0);
  });

  it('gives the same for the same, holds no more slots than there are, and more areas never lower throughput', () => {
    const options = fc.record({
      queues: fc.integer({ min: 1, max: 16 }),
      depth: fc.integer({ min: 1, max: 8 }),
      slotsPerMapping: fc.integer({ min: 1, max: 64 }),
      workNs: fc.integer({ min: 0, max: 3000 }),
      handoverNs: fc.nat(200),
    });
    fc.assert(
      fc.property(options, (changes) => {
        const run = (areas: number) => simulateContention({ ...BASE, slotsPerArea: 1024, ...changes, areas });
        const one = run(1);
        expect(run(1)).toEqual(one);
        expect(one.highWater).toBeLessThanOrEqual(1024);
        expect(run(16).maps).toBeGreaterThanOrEqual(one.maps);
      }),
      { numRuns: 50 },
    );
  });
});
