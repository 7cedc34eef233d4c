import { COSTS } from '@dma-audit/simulator';
import { describe, expect, test } from 'vitest';
import { measureCopy, vtdLatency } from './calibrate.ts';
import { applied, parseProfile } from './calibrate-profile.ts';

test('a copy costs time for each byte, in the order low, typical, high', () => {
  let time = 0n;
  const { low, typical, high } = measureCopy(() => (time += 1_000_000n));
  expect(low).toBeGreaterThan(0);
  expect(typical).toBeGreaterThanOrEqual(low);
  expect(high).toBeGreaterThanOrEqual(typical);
});

describe('the latencies of VT-d', () => {
  const table = (...rows: readonly string[]) =>
    [
      'IOMMU: dmar0 Register Base Address: fed90000',
      '  <0.1us 0.1us-1us 1us-10us min(us) max(us) average(us)',
      ...rows,
    ].join('\n');

  test('are read over all units', () => {
    const text = table(' inv_iotlb 0 12 100 1 9 2', ' inv_devtlb 0 0 0 0 0 0', ' inv_iotlb 0 1 1 2 5 4');
    expect(vtdLatency(text)).toMatchObject({ low: 1000, typical: 3000, high: 9000 });
  });

  test.each([[null], [''], [table(' inv_iotlb 0 0 0 0 0 0')], ['nonsense']])('are unknown in %j', (text) => {
    expect(vtdLatency(text)).toBeNull();
  });
});

describe('a profile', () => {
  const memcpy = { low: 0.05, typical: 0.1, high: 0.2, source: 'a loop' };

  test('takes the place of published figures', () => {
    const profile = parseProfile({ title: 'my machine', figures: { memcpy } });
    expect(typeof profile === 'string' ? profile : applied(profile).memcpy).toMatchObject({
      typical: 0.1,
      unit: 'ns/byte',
      hardware: 'my machine',
      kind: 'measured',
    });
    expect(typeof profile === 'string' ? profile : applied(profile).tdvmcall).toBe(COSTS.tdvmcall);
  });

  test.each([
    [null, 'it must be an object'],
    [{ title: 1 }, 'title must be a text'],
    [{ title: '', figures: [] }, 'figures must be an object'],
    [{ title: '', figures: { warp: memcpy } }, 'figures.warp: there is no such figure'],
    [{ title: '', figures: { memcpy: { ...memcpy, low: 1 } } }, 'in this order'],
    [{ title: '', figures: { memcpy: { ...memcpy, source: 0 } } }, 'source must be a text'],
  ])('%j is refused', (value, why) => expect(parseProfile(value)).toContain(why));
});
