/** Replays boots of a real kernel through the command line tool's own code: see docs/golden.md for the recordings. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { PLATFORMS } from '@dma-audit/simulator';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { replayTrace } from '../../server/src/cli/replay-run.ts';
import { replayText } from '../../server/src/cli/replay-text.ts';

const recorded = (name: string): string => join(import.meta.dirname, '../golden/data/qemu', name, 'trace.txt.gz');
const platforms = (...ids: readonly string[]) => PLATFORMS.filter(({ id }) => ids.includes(id));

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'replay-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('a recorded boot', () => {
  test('the high-water mark is the one that the kernel counted', async () => {
    const { recorded: pool, scan } = await replayTrace(recorded('swiotlb-tiny-smp1'), [], null);
    expect(scan).toMatchObject({ foreign: 0, lost: 0, backwards: 0, cpus: 1, poolStart: 0x3e70_0000, poolSlots: 512 });
    expect(pool).toEqual({
      slots: 512,
      highWater: 512,
      kernelHighWater: 512,
      highWaterAtMark: 512,
      held: 0,
      bytesIn: 24_334_292,
      bytesBack: 11_946_236,
      right: 6009,
      compared: 6009,
      refused: 3,
    });
  });

  test('what its kernel refused is asked for as well, and there is more that nobody knows', async () => {
    const replay = await replayTrace(recorded('swiotlb-tiny-smp1'), [], null);
    expect(replay.pools[0]).toMatchObject({ slots: 512, failures: 3 });
    expect(replay.peak.slots).toBe(514);
    expect(replay.suggestion).toEqual({ least: 1024, advised: 2048 });
    expect(replayText('t', replay, false)).toMatch(/exhausted \(3 refusals\), and .* a lower bound$/m);
    const roomy = await replayTrace(put('trace.txt', map(1, '1000', 64)), [], null);
    expect(replayText('t', roomy, false)).not.toContain('lower bound');
  });

  test('a mark is compared with what was counted until then', async () => {
    const lines = gunzipSync(readFileSync(recorded('swiotlb-tiny-smp1')))
      .toString()
      .split('\n')
      .slice(0, 3000);
    const replay = await replayTrace(put('trace.txt', lines.join('\n')), [], null);
    expect(replay.recorded).toMatchObject({ highWater: 512, kernelHighWater: 130, highWaterAtMark: 130 });
    expect(replayText('t', replay, false)).toContain(
      'high-water mark 512 slots; 130 until 27.122961 s, when the kernel counted 130, the same\n',
    );
  });

  test('without the probes on the slot allocator as well', async () => {
    const text = gunzipSync(readFileSync(recorded('swiotlb-tiny-smp1'))).toString();
    const file = put('trace.txt', text.replace(/^.*: sw_(?:un)?map: .*\n/gm, ''));
    const { recorded: pool } = await replayTrace(file, [], null);
    expect(pool).toMatchObject({ highWater: 512, kernelHighWater: 512, bytesIn: 24_334_292, right: 6006, refused: 3 });
  });

  test('lazy invalidation flushes by the times of the unmappings, strict once for each', async () => {
    const { invalidations, recorded: pool } = await replayTrace(recorded('iommu-lazy-smp1'), platforms('tdx'), null);
    expect(pool).toBeNull();
    expect(invalidations.strict).toBe(2610);
    expect(invalidations.lazy.full).toBe(3);
    expect(invalidations.lazy.flushes).toBeLessThan(invalidations.strict / 10);
  });
});

const HEAD = 'init-1 [000] ';
const map = (at: number, address: string, size: number): string =>
  `${HEAD}${at.toFixed(6)}: dma_map_page: 0000:00:01.0 dir=TO_DEVICE dma_addr=${address} size=${size} phys_addr=${address} attrs=\n`;
const unmap = (at: number, address: string, size: number): string =>
  `${HEAD}${at.toFixed(6)}: dma_unmap_page: 0000:00:01.0 dir=TO_DEVICE dma_addr=${address} size=${size} attrs=\n`;

describe('a trace that holds more than a machine has', () => {
  test('is refused with the line at which it does', async () => {
    const list = (i: number): string =>
      `${HEAD}${i}.000000: dma_map_sg: d dir=TO_DEVICE nents=1/1000000 ents=1/1000000 [TRUNCATED] dma_addrs={0x${i}000} sizes={0x1000} phys_addrs={0x${i}000} attrs=\n`;
    const text = Array.from({ length: 8 }, (_, i) => list(i + 1)).join('');
    await expect(replayTrace(put('trace.txt', text), [], null)).rejects.toThrow('line 5: more than 4 million pieces');
  });

  test('in coherent memory as well', async () => {
    const text = Array.from(
      { length: 12 },
      (_, i) => `${HEAD}${i}.000000: dma_alloc: d dir=BIDIRECTIONAL dma_addr=${i + 1}000 size=4294967296 attrs=\n`,
    ).join('');
    await expect(replayTrace(put('trace.txt', text), [], null)).rejects.toThrow('line 9: more than 32 GiB');
  });
});

describe('a trace without a pool', () => {
  test('tells the pool that it would need, and the moment of the peak', async () => {
    // 1 MiB and a half at once: 768 slots.
    const pieces = Array.from({ length: 6 }, (_, i) => `${i + 1}00000`);
    const text = [...pieces.map((p, i) => map(i, p, 262_144)), ...pieces.map((p, i) => unmap(10 + i, p, 262_144))];
    const { peak, suggestion, pools, maps } = await replayTrace(put('trace.txt', text.join('')), [], null);
    expect(maps).toBe(6);
    expect(peak).toMatchObject({ slots: 768, at: { line: 6, seconds: 5 }, devices: [['0000:00:01.0', 768]] });
    expect(pools[0]).toMatchObject({ slots: 512, failures: 2 });
    expect(suggestion).toEqual({ least: 1024, advised: 2048 });
  });

  test('runs on any platform', async () => {
    const file = put('trace.txt', map(1, '1000', 4096) + unmap(2, '1000', 4096));
    const runs = (await replayTrace(file, platforms('tdx', 'vtd-strict', 'direct'), null)).platforms;
    const counters = Object.fromEntries(runs.map((one) => [one.platform.id, one.counters]));
    expect(counters.tdx).toMatchObject({ bytesToBounce: 4096, slots: 0, slotsHighWater: 2 });
    expect(counters['vtd-strict']).toMatchObject({ invalidations: 1, iovaPages: 0 });
    expect(counters.direct).toMatchObject({ bytesToBounce: 0, invalidations: 0 });
  });
});

describe('a trace that is not whole', () => {
  test('tells where its time runs backwards', async () => {
    const text = `${map(5, '1000', 64)}${map(6, '2000', 64)}${unmap(3, '1000', 64)}${unmap(4, '2000', 64)}`;
    const replay = await replayTrace(put('trace.txt', text), [], null);
    expect(replay.scan).toMatchObject({ backwards: 1, firstBackwards: 3 });
    expect(replayText('t', replay, false)).toContain('the time runs backwards 1 time, first at line 3');
  });

  test('torn and foreign lines, lost events and unmatched releases are counted', async () => {
    const text = `# tracer: nop\nhello\n${map(1, '1000', 64)}${unmap(2, '9000', 64)}${HEAD}3.000000: dma_map_page: 0000:0\nCPU:0 [LOST 7 EVENTS]\n${HEAD}4.000000: sched_switch: a=b\n`;
    const replay = await replayTrace(put('trace.txt', text), [], null);
    expect(replay.scan).toMatchObject({ foreign: 2, lost: 7, lines: 7, firstForeign: { line: 2 } });
    expect(replay.scan.others.get('sched_switch')).toBe(1);
    expect(replay.unmatched).toBe(1);
    expect(replayText('t', replay, false)).toContain('2 lines not understood, the first is line 2');
  });

  test('a damaged archive is read as far as it goes', async () => {
    const packed = gzipSync(
      Array.from({ length: 5000 }, (_, i) => map(i, (4096 * i).toString(16), 64 + (i % 900))).join(''),
    );
    const replay = await replayTrace(put('trace.txt.gz', packed.subarray(0, packed.length - 4000)), [], null);
    expect(replay.scan.foreign).toBeGreaterThan(0);
    expect(replay.maps).toBeGreaterThan(100);
  });

  test('a file that is not there is a failure', async () => {
    await expect(replayTrace(join(folder, 'nowhere'), [], null)).rejects.toThrow('no such file');
  });

  test('nothing in it reaches the terminal as it is', async () => {
    const evil = map(1, '1000', 64).replace('init', 'in\u001b[31mit');
    expect(replayText('t', await replayTrace(put('trace.txt', evil), [], null), false)).not.toContain('\u001b');
  });
});
