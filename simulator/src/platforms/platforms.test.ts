import { describe, expect, it } from 'vitest';
import { run } from '../machine/index.ts';
import type { Allocate, MapOperation, Operation, Program } from '../program/index.ts';
import { PLATFORMS, platformsFor } from './named.ts';
import type { Platform } from './platform.ts';
import { costOf } from './platform-cost.ts';

const common = { site: 0, api: 'x' };
const size = (bytes: number | null) => ({ bytes, key: `${bytes}` });
const EXACT = 'exact' as const;

const allocate = (buffer: number, bytes: number | null): Allocate => ({
  ...common,
  op: 'allocate',
  buffer,
  memory: 'dma',
  family: 'f',
  releasedBy: ['f'],
  device: null,
  size: size(bytes),
  outcome: 'ok',
  managed: false,
  attributes: [],
});
const free = (id: number, bytes: number | null): Operation => ({
  ...common,
  op: 'free',
  target: { to: 'buffer', id, how: EXACT },
  family: 'f',
  device: null,
  size: size(bytes),
});
const map = (
  mapping: number,
  buffer: number,
  bytes: number | null,
  change: Partial<MapOperation> = {},
): MapOperation => ({
  ...common,
  op: 'map',
  mapping,
  buffer: { to: 'buffer', id: buffer, how: EXACT },
  size: size(bytes),
  direction: 'from-device',
  mode: 'streaming',
  family: 'f',
  releasedBy: ['f'],
  device: null,
  outcome: 'ok',
  managed: false,
  attributes: [],
  ...change,
});
const unmap = (id: number): Operation => ({
  ...common,
  op: 'unmap',
  target: { to: 'mapping', id, how: EXACT },
  family: 'f',
  device: null,
  size: size(null),
  direction: 'unknown',
  entries: null,
});

function platform(id: string): Platform {
  const found = PLATFORMS.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no platform ${id}`);
  return found;
}

function execute(id: string, ...operations: readonly Operation[]) {
  const on = platform(id);
  const [dialect = 'linux'] = on.dialects;
  const program: Program = { name: 'p', dialect, operations };
  return run(program, on);
}

const COMMON = { mode: 'common', direction: 'bidirectional' } as const;
const KIB = 1024;

describe('every platform', () => {
  const program = [
    allocate(1, 8 * KIB),
    map(2, 1, 8 * KIB, COMMON),
    map(3, 4, 512, { direction: 'to-device' }),
    map(5, 6, null),
    unmap(5),
    unmap(3),
    unmap(2),
    free(1, 8 * KIB),
  ];

  it.each(PLATFORMS.map(({ id }) => id))('%s: holds nothing after a program that releases all', (id) => {
    const { violations, refusals, counters } = execute(id, ...program);
    expect(violations).toEqual([]);
    // There nothing of persistent memory can be mapped.
    expect(refusals).toHaveLength(id === 'pseries-direct-pmem' ? 2 : 0);
    expect([counters.slots, counters.bouncePages, counters.iovaPages, counters.tceEntries]).toEqual([0, 0, 0, 0]);
    expect(counters.pagesShared).toBe(counters.pagesPrivate);
    expect([counters.leakedPages, counters.overlaps]).toEqual([0, 0]);
  });

  it.each(PLATFORMS.map(({ id }) => id))('%s: gives the same for the same', (id) => {
    expect(execute(id, ...program)).toEqual(execute(id, ...program));
  });

  it('has a name of its own, and says what belongs to the default set of each dialect', () => {
    const ids = PLATFORMS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(platformsFor('linux').map(({ id }) => id)).toEqual([
      'direct',
      'noncoherent',
      'vtd-strict',
      'swiotlb',
      'sev',
      'tdx',
    ]);
    expect(platformsFor('edk2').map(({ id }) => id)).toEqual([
      'direct',
      'noncoherent',
      'vtd-strict',
      'iommudxe-sev',
      'iommudxe-tdx',
      'root-bridge-4g',
    ]);
    expect(platformsFor('linux', new Set(['vtd-lazy', 'iommudxe-sev'])).map(({ id }) => id)).toEqual(['vtd-lazy']);
  });
});

describe('OVMF', () => {
  const fwCfg = [allocate(1, 16), map(2, 1, 16, COMMON), map(3, 9, 64 * KIB), unmap(2), free(1, 16), unmap(3)];

  it('converts 4 times for a fw_cfg read without the reserved region, never with it', () => {
    expect(execute('iommudxe-tdx-no-pool', ...fwCfg).counters).toMatchObject({
      conversions: 4,
      pagesShared: 17,
      exits: 4,
      accepts4k: 17,
      bytesFromBounce: 64 * KIB,
      bytesStashed: 64,
      bouncePagesHighWater: 16,
    });
    expect(execute('iommudxe-tdx', ...fwCfg).counters).toMatchObject({
      conversions: 0,
      slotsHighWater: 2,
      bytesFromBounce: 64 * KIB,
    });
  });

  it('shared the reserved region before the program began', () => {
    expect(platform('iommudxe-tdx').create('edk2').startup()).toMatchObject({ conversions: 17, pagesShared: 1412 });
  });

  it('converts at AllocateBuffer in 2017-07, at Map after the redistribution', () => {
    expect(execute('iommudxe-2017-07', allocate(1, 4 * KIB)).counters.pagesShared).toBe(1);
    expect(execute('iommudxe-2017-08', allocate(1, 4 * KIB)).counters.pagesShared).toBe(0);
    expect(execute('iommudxe-2017-08', allocate(1, 4 * KIB), map(2, 1, 4 * KIB, COMMON)).counters.pagesShared).toBe(1);
  });

  it('hands the same piece out twice with the masks of 2025', () => {
    const two = [map(1, 10, 1024 * KIB), map(2, 11, 1024 * KIB)];
    expect(execute('iommudxe-2025-masks', ...two).counters.overlaps).toBe(1);
    expect(execute('iommudxe-tdx', ...two).counters.overlaps).toBe(0);
  });

  it('unmaps at ExitBootServices what drivers left, since 2017-09', () => {
    const exit = (phase: 'begin' | 'end'): Operation => ({ ...common, op: 'exit-boot-services', phase });
    const left = [map(1, 10, 4 * KIB), exit('begin'), exit('end')];
    const { counters } = execute('iommudxe-2017-09', ...left);
    expect(counters).toMatchObject({ pagesPrivate: 1, bytesFromBounce: 4 * KIB, bytesStashed: 0, bouncePages: 1 });
    expect(execute('iommudxe-2017-08', ...left).counters.pagesPrivate).toBe(0);
  });

  it('gives a legacy virtio device host addresses of private pages', () => {
    const { counters } = execute('virtio-legacy-tdx', allocate(1, 4 * KIB), map(2, 1, 4 * KIB, COMMON));
    expect(counters).toMatchObject({ conversions: 0, bytesStashed: 0 });
    expect(platform('virtio-legacy-tdx').traits).toMatchObject({ bounces: false, encrypted: true });
  });

  it('refuses a foreign common buffer that it cannot move', () => {
    const { refusals } = execute('root-bridge-4g', map(1, 10, 4 * KIB, COMMON));
    expect(refusals).toEqual([{ index: 0, reason: expect.stringContaining('UNSUPPORTED') }]);
  });
});

describe('Linux', () => {
  it('copies and holds slots on swiotlb', () => {
    const { counters } = execute('swiotlb', map(1, 10, 5000), unmap(1));
    expect(counters).toMatchObject({
      bytesToBounce: 5000,
      bytesFromBounce: 5000,
      slots: 0,
      slotsHighWater: 3,
      lockAcquisitions: 2,
    });
  });

  it('refuses what needs more than 128 slots', () => {
    const { refusals, counters } = execute('swiotlb', map(1, 10, 300 * KIB));
    expect(refusals).toMatchObject([{ index: 0, reason: expect.stringContaining('128') }]);
    expect(counters).toMatchObject({ refusals: 1, slots: 0, lockAcquisitions: 0 });
  });

  it('grows a dynamic pool instead of refusing', () => {
    const maps = Array.from({ length: 40 }, (_, n) => map(n + 1, 100 + n, 256 * KIB));
    expect(execute('swiotlb-dynamic', ...maps).refusals).toEqual([]);
    expect(execute('swiotlb-restricted', ...maps).refusals).toHaveLength(24);
  });

  it('makes coherent memory shared when it is allocated', () => {
    const { counters } = execute('snp', allocate(1, 300 * KIB), free(1, 300 * KIB));
    expect(counters).toMatchObject({
      conversions: 2,
      pagesShared: 75,
      exits: 4,
      pscBatches: 4,
      pscEntries: 150,
      pvalidates: 150,
    });
    expect(execute('swiotlb', allocate(1, 4 * KIB)).counters.slots).toBe(0);
    expect(execute('swiotlb-restricted', allocate(1, 4 * KIB)).counters.slots).toBe(2);
  });

  it('invalidates each unmap when strict, all of them at once when lazy', () => {
    const pairs = Array.from({ length: 300 }, (_, n) => [map(n + 1, 10, 4 * KIB), unmap(n + 1)]).flat();
    expect(execute('vtd-strict', ...pairs).counters).toMatchObject({ invalidations: 300, iovaSearches: 1 });
    expect(execute('vtd-lazy', ...pairs).counters).toMatchObject({ invalidations: 1, pendingInvalidations: 45 });
    expect(execute('vtd-lazy-shared', ...pairs).counters).toMatchObject({
      invalidations: 0,
      pendingInvalidations: 300,
    });
    expect(execute('vtd-passthrough', ...pairs).counters.invalidations).toBe(0);
  });

  it('takes hypercalls where a window was not mapped beforehand', () => {
    const pair = [map(1, 10, 64 * KIB), unmap(1)];
    const hypercalls = (id: string) => execute(id, ...pair).counters.hypercalls;
    expect(
      ['pseries-default', 'pseries-direct', 'pseries-dynamic', 'pseries-hybrid', 'pseries-hybrid-pmem'].map(hypercalls),
    ).toEqual([2, 0, 2, 0, 2]);
    expect(execute('pseries-direct-pmem', ...pair).refusals).toHaveLength(1);
  });

  it('flushes per page, once, or per batch under Xen', () => {
    const move = [map(1, 10, 8192 * KIB), unmap(1)];
    const invalidations = (id: string) => execute(id, ...move).counters.invalidations;
    expect(['xen-per-page', 'xen-per-page-cm', 'xen-deferred', 'xen-batched'].map(invalidations)).toEqual([
      2048, 4096, 0, 2,
    ]);
  });
});

describe('cost', () => {
  it('is a range for what is known, and says what is not', () => {
    const { counters } = execute('tdx', allocate(1, 4 * KIB), map(2, 10, 1000), unmap(2), free(1, 4 * KIB));
    expect(costOf(counters, platform('tdx').description.costs)).toEqual({
      known: { low: 12_700, typical: 16_700, high: 23_700 },
      unknown: [{ id: 'memcpy', count: 2000 }],
      sources: ['tdvmcall', 'tdx-accept-4k', 'memcpy'],
      unpriced: [],
    });
    expect(costOf(execute('noncoherent', map(1, 10, 64)).counters, {}).unpriced).toEqual([
      { event: 'cacheMaintenance', count: 1 },
    ]);
  });
});
