import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { replayDirectory } from './replay-directory.ts';
import { describe } from './report.ts';

const recorded = `${import.meta.dirname}/data/qemu`;
let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kernel-run-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** A copy of a run with another trace text. */
function run(name: string, edit: (trace: string) => string, counters?: string) {
  cpSync(`${recorded}/${name}/counters.json`, `${directory}/counters.json`);
  if (counters !== undefined) writeFileSync(`${directory}/counters.json`, counters);
  const trace = gunzipSync(readFileSync(`${recorded}/${name}/trace.txt.gz`)).toString();
  writeFileSync(`${directory}/trace.txt`, edit(trace));
  const [replayed] = [...replayDirectory(directory)];
  if (replayed === undefined) throw new Error('nothing replayed');
  return replayed.result;
}

test('a pool that the kernel exhausted: every slot, the copies and the high-water mark', () => {
  const result = run('swiotlb-tiny-smp1', (trace) => trace);
  expect(result).toMatchObject({ name: 'linux-ftrace/swiotlb-tiny-smp1', mismatches: 0, unreadable: 0 });
  expect(result.notes).toEqual([
    'swiotlb: high-water 512 of 512 slots, 24334292 bytes in, 11946236 back, 6009 of 6009 slot addresses predicted, 3 refusals',
  ]);
});

test('without the probes the same comes out, from the events of the DMA layer', () => {
  const result = run('swiotlb-tiny-smp1', (trace) => trace.replace(/^.*: sw_(?:un)?map: .*\n/gm, ''));
  expect(result).toMatchObject({ mismatches: 0, unreadable: 0 });
  expect(result.notes[0]).toContain('high-water 512 of 512 slots, 24334292 bytes in, 11946236 back, 6006 of 6006');
});

test('lazy invalidation: full queues exactly, the timer from the times of the unmappings', () => {
  const result = run('iommu-lazy-smp1', (trace) => trace);
  expect(result).toMatchObject({ mismatches: 0, unreadable: 0 });
  expect(result.notes[0]).toContain('3 flushes by a full queue, 105 by the timer (kernel: 0, 3, 105)');
});

test('another slot than the kernel took is a mismatch, shown with its line', () => {
  const result = run('swiotlb-tiny-smp1', (trace) => trace.replace('tlb=0x3e701000', 'tlb=0x3e701800'));
  expect(result.mismatches).toBeGreaterThan(0);
  expect(describe(result, 'trace.txt').slice(2)).toEqual([
    expect.stringMatching(/ {2}mismatch at line \d+: ".* sw_map: .* tlb=0x3e701800"/),
    `    bounce address: recorded ${0x3e701800}, computed ${0x3e701000}`,
  ]);
});

test('a count that the kernel did not make is a mismatch of the totals', () => {
  const counters = readFileSync(`${recorded}/swiotlb-tiny-smp1/counters.json`, 'utf8');
  const result = run('swiotlb-tiny-smp1', (trace) => trace, counters.replace('"bytes": 24334292', '"bytes": 24334293'));
  expect(result).toMatchObject({ mismatches: 1, firstMismatch: { line: 0, operation: 'totals of the run' } });
});

test('torn lines and lost events are counted and said, and do not stop it', () => {
  const tear = (trace: string) => `CPU:0 [LOST 84 EVENTS]\n${trace}modprobe-9 [000]  40.1: dma_map_page: 0000:00:0`;
  const result = run('swiotlb-tiny-smp1', tear);
  expect(result).toMatchObject({ mismatches: 0, unreadable: 2 });
  expect(result.firstUnreadable).toEqual({ line: 1, why: 'the kernel lost 84 events here' });
});

test('counters that cannot be read are said', () => {
  const result = run('swiotlb-tiny-smp1', (trace) => trace, '{"run": ');
  expect(result).toMatchObject({ operations: 0, unreadable: 1 });
  expect(result.firstUnreadable?.why).toMatch(/^counters\.json: /);
});

test('a pool that nothing places is said', () => {
  const counters = JSON.stringify({ run: 'x', vcpus: 1, swiotlb_debugfs: { before: { io_tlb_nslabs: 512 } } });
  const result = run('swiotlb-tiny-smp1', (trace) => trace, counters);
  expect(result).toMatchObject({ operations: 0, mismatches: 0, unreadable: 6009 });
});
