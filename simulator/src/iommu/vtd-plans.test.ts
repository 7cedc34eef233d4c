import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FlushPlan, VtdDomain } from './vtd-plans.ts';

function relocated(plan: FlushPlan, cachingMode: boolean, pages: number): VtdDomain {
  const domain = new VtdDomain({ plan, cachingMode });
  for (let frame = 0; frame < pages; frame += 1) domain.populate(1000 + frame, frame);
  domain.relocate(1000, 9000, pages);
  return domain;
}

describe('VT-d invalidations of a relocation', () => {
  it('one per page; two in caching mode, where the new entry needs one as well', () => {
    expect(relocated({ kind: 'per-page' }, false, 100).counters).toEqual({
      maps: 100,
      unmaps: 100,
      invalidations: 100,
      hypercalls: 100,
    });
    expect(relocated({ kind: 'per-page' }, true, 100).counters.invalidations).toBe(200);
  });

  it('one in all under plan A, caching mode or not', () => {
    expect(relocated({ kind: 'deferred' }, false, 100).counters).toMatchObject({ invalidations: 1, hypercalls: 100 });
    expect(relocated({ kind: 'deferred' }, true, 100).counters.invalidations).toBe(1);
  });

  it('one per batch under plan B, and fewer hypercalls', () => {
    const plan = { kind: 'batched', pagesPerBatch: 32 } as const;
    expect(relocated(plan, false, 100).counters).toMatchObject({ invalidations: 4, hypercalls: 4 });
  });

  it('none for an entry that was not there', () => {
    const domain = new VtdDomain({ plan: { kind: 'per-page' }, cachingMode: false });
    domain.relocate(0, 100, 10);
    expect(domain.counters).toMatchObject({ invalidations: 0, maps: 0 });
  });

  it('every plan moves the same pages and leaves nothing stale', () => {
    const plans: FlushPlan[] = [{ kind: 'per-page' }, { kind: 'deferred' }, { kind: 'batched', pagesPerBatch: 7 }];
    fc.assert(
      fc.property(fc.constantFrom(...plans), fc.boolean(), fc.integer({ min: 1, max: 300 }), (plan, caching, pages) => {
        const domain = relocated(plan, caching, pages);
        expect(domain.stale).toBe(0);
        for (let frame = 0; frame < pages; frame += 1) {
          expect([domain.frameAt(1000 + frame), domain.frameAt(9000 + frame)]).toEqual([undefined, frame]);
        }
      }),
    );
  });
});
