import { describe, expect, it } from 'vitest';
import { estimate, rangeOf } from './cost-estimate.ts';
import { COSTS, type CostFigure } from './costs.ts';

const figures: readonly CostFigure[] = Object.values(COSTS);

describe('cost figures', () => {
  it('carry a source, or say that they are unknown', () => {
    for (const figure of figures) {
      const empty = figure.low === null && figure.typical === null && figure.high === null;
      expect(empty).toBe(figure.kind === 'unknown' || figure.kind === 'calibrate');
      if (figure.kind !== 'unknown') expect(figure.source).not.toBe('');
    }
  });

  it('are ordered, and named by their keys', () => {
    for (const [key, figure] of Object.entries(COSTS) as [string, CostFigure][]) {
      expect(figure.id).toBe(key);
      const known = [figure.low, figure.typical, figure.high].filter((value) => value !== null);
      expect(known).toEqual([...known].sort((a, b) => a - b));
    }
  });

  it('keep the unknown out of the sum, and in sight', () => {
    expect(estimate({ tdvmcall: 2, 'h-put-tce': 7, 'amdvi-wait': 0 })).toEqual({
      known: { low: 7700, typical: 7700, high: 7700 },
      unknown: [{ id: 'h-put-tce', count: 7 }],
      sources: ['tdvmcall', 'h-put-tce'],
    });
  });

  it('have no middle where one of the figures has none', () => {
    expect(rangeOf(COSTS['smmuv3-sync'])).toEqual({ low: 240, typical: null, high: 550 });
    expect(estimate({ 'smmuv3-sync': 10, 'vtd-iotlb': 1 }).known).toEqual({ low: 4400, typical: null, high: 7500 });
  });

  it('that are no times cannot be added up', () => {
    expect(() => estimate({ 'swiotlb-lock': 1 })).toThrow(RangeError);
  });
});
