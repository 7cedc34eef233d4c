import { type FlushPlan, VtdDomain } from '../iommu/vtd-plans.ts';
import { PAGE_BYTES } from '../memory/page.ts';
import { estimate } from '../platforms/cost-estimate.ts';
import { parametersOf, type Row, type Workload } from './workload.ts';

const GIB = 2 ** 30;
const PAGES_PER_GIB = GIB / PAGE_BYTES;

const PARAMETERS = {
  gib: { title: 'GiB relocated; 0 = 1 and 3', value: 0, min: 0, max: 3 },
  pagesPerBatch: { title: 'pages of a batch under plan B', value: 1024, min: 1, max: 2 ** 20 },
} as const;

function relocate(name: string, plan: FlushPlan, cachingMode: boolean, gib: number): Row {
  const pages = gib * PAGES_PER_GIB;
  const domain = new VtdDomain({ plan, cachingMode });
  // RAM below the MMIO hole moves above 4 GiB.
  const from = (4 - gib) * PAGES_PER_GIB;
  const to = 4 * PAGES_PER_GIB;
  for (let page = 0; page < pages; page += 1) domain.populate(from + page, page);
  domain.relocate(from, to, pages);
  const { invalidations, hypercalls } = domain.counters;
  return {
    gib,
    plan: name,
    cachingMode: cachingMode ? 'yes' : 'no',
    pages,
    hypercalls,
    invalidations,
    fast: estimate({ 'vtd-iotlb': invalidations }),
    slow: estimate({ 'vtd-iotlb-slow': invalidations }),
  };
}

export const hvmloaderRelocation: Workload = {
  name: 'hvmloader-relocation',
  title: "hvmloader makes room for PCI memory by moving the guest's RAM page by page (Xen, VT-d)",
  claim: 'with 1 ms for each flush a domain takes minutes to start; a deferred or batched flush takes that away',
  source: 'xen-devel report and the plans A and B proposed there',
  parameters: PARAMETERS,
  columns: [
    { id: 'gib', title: 'GiB', unit: 'count' },
    { id: 'plan', title: 'plan', unit: 'text' },
    { id: 'cachingMode', title: 'caching mode', unit: 'text' },
    { id: 'pages', title: 'pages', unit: 'count' },
    { id: 'hypercalls', title: 'hypercalls', unit: 'count' },
    { id: 'invalidations', title: 'invalidations', unit: 'count' },
    { id: 'fast', title: 'at vtd-iotlb', unit: 'time' },
    { id: 'slow', title: 'at vtd-iotlb-slow', unit: 'time' },
  ],
  run(overrides) {
    const parameter = parametersOf(PARAMETERS, overrides);
    const sizes = parameter('gib') > 0 ? [parameter('gib')] : [1, 3];
    const batched = { kind: 'batched', pagesPerBatch: parameter('pagesPerBatch') } as const;
    return sizes.flatMap((gib) => [
      relocate('per page', { kind: 'per-page' }, false, gib),
      relocate('per page', { kind: 'per-page' }, true, gib),
      relocate('A: deferred', { kind: 'deferred' }, false, gib),
      relocate('B: batched', batched, false, gib),
    ]);
  },
};
