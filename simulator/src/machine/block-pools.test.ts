import { describe, expect, test } from 'vitest';
import { BlockPools } from './block-pools.ts';
import { noCounters } from './counters.ts';
import type { MemorySystem } from './memory-system.ts';

/** A system that only counts its allocations. */
function counting(): { readonly system: MemorySystem; readonly sizes: (number | null)[] } {
  const sizes: (number | null)[] = [];
  const system: MemorySystem = {
    allocate: ({ bytes }) => ({ id: sizes.push(bytes), refused: null }),
    free: () => {
      throw new Error('the pages of a pool stay');
    },
    map: () => ({ id: 0, address: 'host', refused: null }),
    unmap: () => {},
    sync: () => {},
    convert: () => {},
    exitBootServices: () => {},
    counters: noCounters,
    startup: noCounters,
  };
  return { system, sizes };
}

describe('blocks of a dma_pool', () => {
  test('share pages, one size each', () => {
    const { system, sizes } = counting();
    const pools = new BlockPools(system);
    for (let i = 0; i < 17; i++) pools.allocate({ bytes: 256 });
    pools.allocate({ bytes: 64 });
    expect(sizes).toEqual([4096, 4096, 4096]);
  });

  test('are used again when they were freed, and their pages kept', () => {
    const { system, sizes } = counting();
    const pools = new BlockPools(system);
    for (let i = 0; i < 100; i++) expect(pools.free(pools.allocate({ bytes: 4096 }).id)).toBe(true);
    expect(sizes).toEqual([4096]);
    expect(pools.free(99)).toBe(false);
  });
});
