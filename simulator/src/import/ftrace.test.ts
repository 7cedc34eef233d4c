import { describe, expect, test } from 'vitest';
import { Swiotlb, SwiotlbDevice } from '../bounce/swiotlb/index.ts';
import type { FtraceEvent, FtraceRecord } from './ftrace-event.ts';
import { IommuTrace, tickPhaseOf } from './ftrace-iommu.ts';
import { TraceLedger } from './ftrace-ledger.ts';
import { parseFtraceLine } from './ftrace-parse.ts';
import { type RefusedRequest, SwiotlbTrace } from './ftrace-swiotlb.ts';

const HEAD = 'kworker/u4:0-12      [001]     10.912976: ';

describe('a line of trace text', () => {
  const event = (text: string) => {
    const line = parseFtraceLine(text);
    return line.kind === 'event' ? line.record.event : line;
  };

  test('gives task, CPU and time, with and without the optional columns', () => {
    const record = { task: 'kworker/u4:0-12', cpu: 1, seconds: 10.912976, event: { name: 'mark', text: 'STEP a b=1' } };
    expect(parseFtraceLine(`${HEAD}tracing_mark_write: STEP a b=1`)).toEqual({ kind: 'event', record });
    for (const head of [
      'kworker/u4:0-12 [001] d..1. 10.912976: ',
      '    kworker/u4:0-12      (   12) [001] .....    10.912976: ',
      'kworker/u4:0-12      (-------) [001] dNh2. 10.912976: ',
    ]) {
      expect(parseFtraceLine(`${head}tracing_mark_write: STEP a b=1`)).toEqual({ kind: 'event', record });
    }
    expect(parseFtraceLine('<idle>-0 [000] 1.5: fq_timeout: (f+0x4/0xd0)')).toMatchObject({
      record: { task: '<idle>-0', event: { name: 'flush-timer' } },
    });
  });

  test.each([
    'dma_map_page: d dir=TO_DEVICE dma_addr=10 size=18446744073709551615 phys_addr=10 attrs=',
    'dma_map_page: d dir=TO_DEVICE dma_addr=fffffffffffffffff size=16 phys_addr=10 attrs=',
    'dma_map_sg: d dir=TO_DEVICE nents=1/4000000000 ents=1/1 dma_addrs={0x10} sizes={0x10} phys_addrs={0x1} attrs=',
  ])('with numbers that no machine has is torn: %s', (text) => {
    expect(event(`${HEAD}${text}`)).toMatchObject({ kind: 'foreign', why: expect.stringContaining('out of range') });
  });

  test('of a CPU that no machine has is torn', () => {
    expect(parseFtraceLine('a-1 [999999] 1.5: fq_timeout: (f)')).toMatchObject({ kind: 'foreign' });
  });

  test.each<[string, FtraceEvent]>([
    [
      'dma_map_page: 0000:00:02.0 dir=TO_DEVICE dma_addr=3e700000 size=16 phys_addr=8c721f8 attrs=',
      {
        name: 'map-page',
        device: '0000:00:02.0',
        direction: 'to-device',
        address: 0x3e700000,
        size: 16,
        physical: 0x8c721f8,
        skipSync: false,
      },
    ],
    [
      'dma_unmap_page: nvme dir=BIDIRECTIONAL dma_addr=ffffffffffffffff size=4096 attrs=SKIP_CPU_SYNC|NO_WARN',
      { name: 'unmap-page', device: 'nvme', direction: 'bidirectional', address: -1, size: 4096, skipSync: true },
    ],
    [
      'dma_map_sg: d dir=FROM_DEVICE nents=2/3 ents=1/2 [TRUNCATED] dma_addrs={0x10,0x2000} sizes={0x200,0x10} phys_addrs={0x1,0x2} attrs=',
      {
        name: 'map-sg',
        device: 'd',
        direction: 'from-device',
        given: 3,
        mapped: 2,
        truncated: true,
        addresses: [0x10, 0x2000],
        sizes: [0x200, 0x10],
        physicals: [1, 2],
      },
    ],
    [
      'swiotlb_bounced: dev_name: d dma_mask=ffffffff dev_addr=123000 size=40 NORMAL',
      { name: 'bounced', device: 'd', mask: 0xffffffff, origin: 0x123000, size: 40, forced: false },
    ],
    [
      'sw_map: (f+0x6c/0x280 <- g) dev="d" orig=0x1ff size=16 amask=0xfff dir=2 attrs=0x0 tlb=0xffffffffffffffff',
      {
        name: 'slot-map',
        device: 'd',
        origin: 0x1ff,
        size: 16,
        allocAlignMask: 0xfff,
        direction: 'from-device',
        address: -1,
      },
    ],
    [
      'unmap: IOMMU: iova=0x00000000ffffe000 - 0x0000000100000000 size=8192 unmapped_size=8192',
      { name: 'iommu-unmap', from: 0xffffe000, to: 0x100000000 },
    ],
    [
      'cache_tag_flush_range: dmar0 dmar0[0] type iotlb did 9 [0xfff3f000-0xfff40fff] addr 0xfff3e000 pages 0x4 mask 0x2',
      { name: 'flush-range', domain: 9, from: 0xfff3f000, last: 0xfff40fff, address: 0xfff3e000, order: 2 },
    ],
    ['qi_submit: iotlb_inv dmar0: 0x900f2 0xfff3f040 0x0 0x0', { name: 'invalidation', scope: 'iotlb-page' }],
    ['qi_submit: iotlb_inv dmar0: 0x400e2 0x0 0x0 0x0', { name: 'invalidation', scope: 'iotlb-domain' }],
    ['qi_submit: iotlb_inv dmar0: 0xd2 0x0 0x0 0x0', { name: 'invalidation', scope: 'iotlb-global' }],
    ['qi_submit: cc_inv dmar0: 0x11 0x0 0x0 0x0', { name: 'invalidation', scope: 'context' }],
    [
      'iova_alloc: (a <- b) iovad=0xff11000005900808 pages=2 limit=0xfffff pfn=0xffffe',
      { name: 'iova-alloc', domain: '0xff11000005900808', pfn: 0xffffe, pages: 2, limit: 0xfffff },
    ],
    [
      'dma_sync_single_for_cpu: d dir=FROM_DEVICE dma_addr=7c69e800 size=64',
      { name: 'sync', owner: 'cpu', device: 'd', direction: 'from-device', address: 0x7c69e800, size: 64 },
    ],
    [
      'dma_free: d dir=BIDIRECTIONAL dma_addr=52d4000 size=6726 virt_addr=00000000809040ba attrs=',
      { name: 'free', device: 'd', address: 0x52d4000, size: 6726 },
    ],
  ])('%s', (text, expected) => {
    expect(event(HEAD + text)).toEqual(expected);
  });

  test('comments, other events, lost events and foreign text are told apart', () => {
    expect(parseFtraceLine('# tracer: nop')).toEqual({ kind: 'comment' });
    expect(parseFtraceLine('')).toEqual({ kind: 'comment' });
    expect(parseFtraceLine(`${HEAD}sched_switch: prev_comm=a`)).toEqual({ kind: 'other', name: 'sched_switch' });
    expect(parseFtraceLine(`${HEAD}toString: x`)).toEqual({ kind: 'other', name: 'toString' });
    expect(parseFtraceLine('CPU:3 [LOST 84 EVENTS]')).toEqual({ kind: 'lost', events: 84 });
    expect(parseFtraceLine('{"op":"map"}')).toMatchObject({ kind: 'foreign' });
    expect(parseFtraceLine(`${HEAD}dma_map_page: d dir=TO_DEVICE dma_a`)).toEqual({
      kind: 'foreign',
      why: 'dma_map_page: no dma_addr',
    });
    expect(parseFtraceLine(`${HEAD}dma_map_page: d dir=SIDEWAYS dma_addr=1 size=1 phys_addr=1 attrs=`)).toMatchObject({
      kind: 'foreign',
    });
  });
});

/** Feeds lines (without their heads) and returns the replay. */
function feed(target: { event(record: FtraceRecord, line: number): void }, lines: readonly string[], cpu = 0): void {
  for (const [index, text] of lines.entries()) {
    const line = parseFtraceLine(`task-1 [00${cpu}] ${(index / 1000).toFixed(6)}: ${text}`);
    if (line.kind !== 'event') throw new Error(`no event: ${text}`);
    target.event(line.record, index + 1);
  }
}

describe('a replay on the pool', () => {
  const START = 0x3e700000;
  function replay(...lines: readonly string[]) {
    const pool = new Swiotlb({ release: '6.12', slots: 512, areas: 1, start: START });
    const ledger = new TraceLedger();
    const plain = new SwiotlbDevice();
    const trace = new SwiotlbTrace({ pool, cpus: 1, device: () => plain, ledger });
    feed(trace, lines);
    return { pool, ledger, trace };
  }
  const bounced = (origin: string, size: number) =>
    `swiotlb_bounced: dev_name: d dma_mask=ffffffff dev_addr=${origin} size=${size} FORCE`;
  const taken = (origin: string, size: number, tlb: string) =>
    `sw_map: (f <- g) dev="d" orig=0x${origin} size=${size} amask=0x0 dir=2 attrs=0x0 tlb=0x${tlb}`;
  const mapped = (origin: string, size: number, address: string) =>
    `dma_map_page: d dir=FROM_DEVICE dma_addr=${address} size=${size} phys_addr=${origin} attrs=`;
  const released = (tlb: string, size: number) =>
    `sw_unmap: (f+0x4/0x60) dev="d" tlb=0x${tlb} size=${size} dir=2 attrs=0x20`;
  const unmapped = (address: string, size: number, attrs = '') =>
    `dma_unmap_page: d dir=FROM_DEVICE dma_addr=${address} size=${size} attrs=${attrs}`;

  test('tells what was refused, with what a scatterlist had got before', () => {
    const refused: RefusedRequest[] = [];
    const full = new Swiotlb({ release: '6.12', slots: 128, areas: 1, start: START });
    const plain = new SwiotlbDevice();
    const options = { pool: full, cpus: 1, device: () => plain, ledger: new TraceLedger() };
    const trace = new SwiotlbTrace({ ...options, refused: (one) => refused.push(one) });
    feed(trace, [bounced('1000', 4096), bounced('2000', 262_144), 'tracing_mark_write: none']);
    expect(refused).toEqual([
      {
        device: 'd',
        pieces: [
          { physical: 0x1000, bytes: 4096 },
          { physical: 0x2000, bytes: 262_144 },
        ],
      },
    ]);
    expect(full.used).toBe(0);
  });

  test('believes the kernel about a refusal, and about room', () => {
    const gone = replay(bounced('1000', 100), mapped('1000', 100, 'ffffffffffffffff'));
    expect(gone.pool.used).toBe(0);
    expect(gone.trace).toMatchObject({ bytesIn: 0, predictions: { right: 0, wrong: 1, failures: 1 } });
    const room = replay(bounced('1000', 2 ** 19), mapped('1000', 2 ** 19, '3e700000'));
    expect(room.trace.predictions).toMatchObject({ wrong: 1, failures: 0 });
  });

  test('compares every call of the allocator, and takes the kernel over where it differs', () => {
    const { pool, ledger, trace } = replay(
      bounced('1000', 100),
      taken('1000', 100, '3e700000'),
      mapped('1000', 100, '3e700000'),
      bounced('2000', 100),
      taken('2000', 100, '3e701000'),
    );
    expect(ledger).toMatchObject({ compared: 2, mismatches: 1 });
    expect(ledger.first).toEqual({ line: 5, what: 'bounce address', recorded: 0x3e701000, computed: 0x3e700800 });
    expect(pool.grantOf(0x3e701000)).toMatchObject({ slot: 2, slots: 1 });
    expect(trace.predictions).toEqual({ right: 1, wrong: 1, failures: 0 });
  });

  test('does without probes', () => {
    const { pool, ledger, trace } = replay(
      bounced('1000', 100),
      mapped('1000', 100, '3e700000'),
      bounced('2000', 5000),
      mapped('2000', 5000, '3e701000'),
      unmapped('3e700000', 100),
    );
    expect(ledger).toMatchObject({ compared: 2, mismatches: 0 });
    expect([pool.used, pool.highWaterMark, trace.bytesIn, trace.bytesBack]).toEqual([3, 4, 5100, 100]);
  });

  test('without probes, moves a mapping to where the kernel put it', () => {
    const { pool, ledger, trace } = replay(bounced('1000', 100), mapped('1000', 100, '3e700800'));
    expect(ledger.first).toMatchObject({ recorded: START + 2048, computed: START });
    expect([pool.used, trace.bytesIn, pool.grantOf(START + 2048)?.slot]).toEqual([1, 100, 1]);
  });

  test('copies nothing back for what was rolled back, or unmapped without a sync', () => {
    const { pool, trace } = replay(
      taken('1000', 100, '3e700000'),
      taken('2000', 300_000, 'ffffffffffffffff'),
      released('3e700000', 100),
      taken('3000', 64, '3e700800'),
      mapped('3000', 64, '3e700800'),
      released('3e700800', 64),
      unmapped('3e700800', 64, 'SKIP_CPU_SYNC'),
    );
    expect([pool.used, trace.bytesIn, trace.bytesBack]).toEqual([0, 164, 0]);
    expect(trace.predictions).toEqual({ right: 3, wrong: 0, failures: 1 });
  });

  test('without probes, rolls a scatterlist back that does not fit', () => {
    const big = Array.from({ length: 5 }, (_, index) => bounced(`${index + 1}00000`, 262_144));
    const { pool, trace } = replay(...big, mapped('900000', 1, '900000'));
    expect([pool.used, pool.highWaterMark, trace.bytesBack]).toEqual([0, 512, 0]);
    expect(trace.predictions.failures).toBe(1);
  });

  test('counts syncs, and scatterlists by their original addresses', () => {
    const { pool, trace } = replay(
      bounced('1000', 100),
      bounced('2000', 100),
      'dma_map_sg: d dir=BIDIRECTIONAL nents=2/2 ents=2/2 dma_addrs={0x3e700000,0x3e700800} sizes={0x64,0x64} phys_addrs={0x1000,0x2000} attrs=',
      'dma_sync_single_for_cpu: d dir=BIDIRECTIONAL dma_addr=3e700810 size=20',
      'dma_sync_single_for_device: d dir=BIDIRECTIONAL dma_addr=3e700800 size=7',
      'dma_unmap_sg: d dir=BIDIRECTIONAL phys_addrs={0x1000,0x2000} attrs=',
    );
    expect([pool.used, trace.bytesIn, trace.bytesBack]).toEqual([0, 207, 220]);
  });
});

describe('a replay on the IOMMU', () => {
  const options = {
    lazy: true,
    cachingMode: false,
    cpus: 1,
    hz: 250,
    tickPhase: 0,
    domainOf: (device: string) => device,
  };
  const page = (number: number) => (0xffff0000 + number * 4096).toString(16);
  const map = (device: string, number: number) =>
    `dma_map_page: ${device} dir=TO_DEVICE dma_addr=${page(number)} size=16 phys_addr=1000 attrs=`;
  const unmap = (number: number) => `unmap: IOMMU: iova=0x${page(number)} - 0x${page(number + 1)} size=4096`;
  const unmapped = (device: string, number: number) =>
    `dma_unmap_page: ${device} dir=TO_DEVICE dma_addr=${page(number)} size=16 attrs=`;

  test('strict: every unmapping invalidates the aligned block that holds it', () => {
    const ledger = new TraceLedger();
    const trace = new IommuTrace({ ...options, lazy: false, ledger });
    feed(trace, [
      'unmap: IOMMU: iova=0xfff3f000 - 0xfff41000 size=8192',
      'cache_tag_flush_range: dmar0 dmar0[0] type iotlb did 9 [0xfff3f000-0xfff40fff] addr 0xfff00000 pages 0x80 mask 0x7',
      'qi_submit: iotlb_inv dmar0: 0x900f2 0xfff00047 0x0 0x0',
      'cache_tag_flush_range: dmar0 dmar0[0] type iotlb did 9 [0x1000-0x1fff] addr 0x1000 pages 0x1 mask 0x0',
    ]);
    expect(ledger).toMatchObject({ compared: 4, mismatches: 2, first: { line: 4, recorded: 0x1000, computed: -1 } });
    expect([trace.computed.page, trace.recorded.page]).toEqual([1, 1]);
  });

  test('lazy: 12 to 16 ms after the first unmapping the timer flushes its domain', () => {
    const trace = new IommuTrace({ ...options, ledger: new TraceLedger() });
    const lines = [map('a', 1), unmap(1), unmapped('a', 1)];
    const later = Array.from({ length: 14 }, () => 'tracing_mark_write: tick');
    feed(trace, [...lines, ...later.slice(0, 12)]); // to 14 ms
    expect(trace.computed.timer).toBe(0);
    const longer = new IommuTrace({ ...options, ledger: new TraceLedger() });
    feed(longer, [...lines, ...later]); // to 16 ms
    expect(longer.computed).toEqual({ page: 0, domain: 1, timer: 1, full: 0 });
  });

  test('lazy: each domain has its own queue, also where both use the same addresses', () => {
    const count = (shared: boolean) => {
      const domainOf = shared ? () => 'both' : options.domainOf;
      const trace = new IommuTrace({ ...options, hz: 1, domainOf, ledger: new TraceLedger() });
      const lines = Array.from({ length: 130 }, (_, number) => [
        map('a', number),
        map('b', number),
        unmap(number),
        unmapped('b', number),
        unmap(number),
        unmapped('a', number),
      ]).flat();
      feed(trace, lines);
      return trace.computed.full;
    };
    expect([count(false), count(true)]).toEqual([0, 1]);
  });

  test('a tick begins shortly before most timers fire', () => {
    const times = [0.0002, 4.0003, 8.0001, 12.0029, 16.0003];
    expect(tickPhaseOf(times, 250)).toBeCloseTo(0.0001, 3);
    expect(tickPhaseOf([0.0039, 0.00795, 0.0001 + 0.012], 250)).toBeCloseTo(0.0039, 3);
    expect(tickPhaseOf([], 250)).toBeLessThan(0.004);
  });
});
