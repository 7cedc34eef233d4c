import { defineRule } from './rule.ts';

export const flushPerPage = defineRule({
  id: 'flush-per-page',
  severity: 'information',
  dialects: ['linux'],
  nursery: true,
  precision: [{ tree: 'Linux 6.12.117', read: 9, true: 8 }],
  summary: 'Pages are unmapped one by one, with an IOTLB invalidation each.',
  message: ({ detail }) =>
    `${detail.made} unmaps page by page, and each is invalidated by itself where invalidation is strict: ${detail.saving}, for ${detail.times} pages. ${
      detail.family === 'iommu'
        ? 'Unmap the range by one call, or gather with iommu_unmap_fast and iommu_iotlb_sync'
        : 'Map the pages as one scatterlist (dma_map_sgtable), and unmap that'
    }`,
});
