import { defineRule } from './rule.ts';

export const subPageCoherent = defineRule({
  id: 'sub-page-coherent',
  severity: 'information',
  dialects: ['linux'],
  nursery: true,
  precision: [{ tree: 'Linux 6.12.117', read: 1, true: 1 }],
  summary: 'Coherent buffers far smaller than a page take a page, and a conversion, each.',
  message: ({ detail }) =>
    `${detail.times} coherent buffers of ${detail.sizes} bytes take a page each: ${detail.saving}. Cut them from one allocation, or from a dma_pool`,
  related: () => 'and here',
});
