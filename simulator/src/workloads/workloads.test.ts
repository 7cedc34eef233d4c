import { describe, expect, it } from 'vitest';
import type { CostEstimate } from '../platforms/cost-estimate.ts';
import { WORKLOADS } from './all.ts';
import { fwCfgRead } from './fw-cfg.ts';
import { grubBoot, grubBootSteps } from './grub-boot.ts';
import { hvmloaderRelocation } from './hvmloader.ts';
import { netReceive } from './net-receive.ts';
import { renderCell } from './render.ts';
import { sriovPmem } from './sriov-pmem.ts';
import { swiotlbQueues } from './swiotlb-queues.ts';
import type { Row } from './workload.ts';

const MS = 1e6;
const MINUTE = 60e9;

function rowWhere(rows: readonly Row[], wanted: Row): Row {
  const found = rows.find((row) => Object.entries(wanted).every(([column, cell]) => row[column] === cell));
  if (found === undefined) throw new Error(`no row ${JSON.stringify(wanted)}`);
  return found;
}

function timeOf(row: Row, column = 'time'): CostEstimate {
  const cell = row[column];
  if (typeof cell !== 'object' || cell === null) throw new Error(`${column} is not an estimate`);
  return cell;
}

describe('grub boot', () => {
  it('is 5,100 mappings, 5,080 below 32 KiB, and two at a time above 1 MiB', () => {
    const steps = grubBootSteps(5100, 5080, 1);
    const sizes = steps.flatMap(({ bytes }) => bytes);
    expect(sizes).toHaveLength(5100);
    expect(sizes.filter((bytes) => bytes < 32 * 1024)).toHaveLength(5080);
    expect(steps.at(-1)?.bytes.every((bytes) => bytes > 2 ** 20)).toBe(true);
    expect(steps.at(-1)?.bytes).toHaveLength(2);
  });

  it('claim: the reserved region saves hundreds of ms under TDX', () => {
    const rows = grubBoot.run();
    const without = rowWhere(rows, { memory: 'tdx', pool: 'none' });
    const reserved = rowWhere(rows, { memory: 'tdx', pool: 'reserved' });
    expect([without.converted, reserved.converted]).toEqual([5100, 0]);
    // By published costs of exits and accepts, and by the figure that was derived from the claim itself.
    for (const column of ['time', 'pairs']) {
      const saved = (timeOf(without, column).known.typical ?? 0) - (timeOf(reserved, column).known.typical ?? 0);
      expect(saved).toBeGreaterThan(100 * MS);
      expect(saved).toBeLessThan(1000 * MS);
    }
  });

  it('says that the cost of a C-bit change is unknown', () => {
    const row = rowWhere(grubBoot.run({ operations: 10, small: 10 }), { memory: 'sev', pool: 'none' });
    expect(renderCell(row.time, 'time')).toBe('unknown: 20 × sev-cbit-flush');
  });
});

describe('fw_cfg read', () => {
  it('claim: 4 conversions for each transfer, none with the region as far as its pieces go', () => {
    const rows = fwCfgRead.run();
    for (const row of rows) {
      const expected = row.pool === 'none' ? 4 : Number(row.bytes) <= 2 ** 21 ? 0 : 2;
      expect(row.conversions).toBe(expected);
    }
  });
});

describe('hvmloader relocation', () => {
  it('claim: minutes at 1 ms per flush; plan A takes one flush, plan B one for each batch', () => {
    const rows = hvmloaderRelocation.run({ gib: 1 });
    const perPage = rowWhere(rows, { plan: 'per page', cachingMode: 'no' });
    expect(perPage.invalidations).toBe(262_144);
    expect(timeOf(perPage, 'slow').known.low).toBeGreaterThan(4 * MINUTE);
    expect(rowWhere(rows, { plan: 'per page', cachingMode: 'yes' }).invalidations).toBe(2 * 262_144);
    expect(rowWhere(rows, { plan: 'A: deferred' }).invalidations).toBe(1);
    const batched = rowWhere(rows, { plan: 'B: batched' });
    expect(batched.invalidations).toBe(256);
    expect(timeOf(batched, 'slow').known.high).toBeLessThan(1000 * MS);
  });
});

describe('queues on swiotlb', () => {
  const rows = swiotlbQueues.run();
  const rate = (queues: number, pool: string, areas: number) => Number(rowWhere(rows, { queues, pool, areas }).rate);

  it('claim: some 20 Gbit/s over one lock however many queues, 34 and more once it is split', () => {
    for (const queues of [4, 16, 64]) {
      expect(rate(queues, 'default', 1)).toBeGreaterThan(19);
      expect(rate(queues, 'default', 1)).toBeLessThan(21);
      expect(rate(queues, 'default', 4)).toBeGreaterThan(34);
    }
  });

  it('four areas saturate as one does; a pool with an area for each queue grows with the queues', () => {
    expect(rate(64, 'default', 4)).toBeLessThan(1.1 * rate(16, 'default', 4));
    expect(rate(64, 'of the device', 64)).toBeGreaterThan(3.9 * rate(16, 'of the device', 16));
    expect(rowWhere(rows, { queues: 64, pool: 'of the device' })).toMatchObject({ waiting: 0, failures: 0 });
  });
});

describe('SR-IOV with persistent memory', () => {
  it('claim: all direct fails for persistent memory, the split works and needs hypercalls for that only', () => {
    const rows = sriovPmem.run();
    const dynamic = rowWhere(rows, { mode: 'all dynamic' });
    const direct = rowWhere(rows, { mode: 'all direct' });
    const hybrid = rowWhere(rows, { mode: 'hybrid' });
    expect([dynamic.refused, hybrid.refused]).toEqual([0, 0]);
    expect(direct.refused).toBeGreaterThan(0);
    expect(dynamic.perOperation).toBe(2);
    expect(hybrid.hypercalls).toBe(2 * Number(hybrid.dynamic));
    expect(Number(hybrid.hypercalls) / Number(dynamic.hypercalls)).toBeCloseTo(0.2, 1);
    expect(timeOf(hybrid).unknown).toHaveLength(1);
  });
});

describe('net receive', () => {
  it('claim: strict one invalidation per buffer, lazy one per 255 or one in 10 ms', () => {
    const rows = netReceive.run();
    for (const rate of [1_000, 20_000, 100_000, 1_000_000]) {
      expect(rowWhere(rows, { rate, mode: 'strict' }).invalidations).toBe(rate);
      const lazy = Number(rowWhere(rows, { rate, mode: 'lazy' }).invalidations);
      expect(lazy).toBeGreaterThanOrEqual(Math.max(99, rate / 256));
      expect(lazy).toBeLessThanOrEqual(Math.max(100, (rate / 255) * 1.05));
    }
  });
});

describe('every workload', () => {
  it('has a claim with a source, and fills its columns', () => {
    const small = { operations: 20, small: 10, gib: 1, pagesPerBatch: 4096, durationNs: 10_000, rate: 1000 };
    for (const workload of WORKLOADS) {
      expect(workload.claim).not.toBe('');
      expect(workload.source).not.toBe('');
      for (const row of workload.run(small)) {
        for (const { id } of workload.columns) expect(row).toHaveProperty(id);
      }
    }
  });

  it('refuses what has no sense or no end', () => {
    for (const { parameters, run } of WORKLOADS)
      for (const [name, { value, min, max }] of Object.entries(parameters)) {
        expect(value).toBeGreaterThanOrEqual(min);
        expect(value).toBeLessThanOrEqual(max);
        for (const wrong of [min - 1, max + 1, 1e99, Number.NaN, value + 0.5])
          expect(() => run({ [name]: wrong })).toThrow(`${name} must be a whole number from ${min} to ${max}`);
      }
    expect(() => grubBoot.run({ operations: 10, small: 11 })).toThrow('small is a part of operations');
    expect(() => sriovPmem.run({ ramGiB: 3 })).toThrow('a power of two');
  });

  it('gives the same rows for the same parameters', () => {
    const small = { operations: 200, small: 190 };
    expect(grubBoot.run(small)).toEqual(grubBoot.run(small));
    expect(sriovPmem.run(small)).toEqual(sriovPmem.run(small));
  });
});
