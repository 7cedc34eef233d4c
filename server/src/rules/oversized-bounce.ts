import { defineRule } from './rule.ts';

export const oversizedBounce = defineRule({
  id: 'oversized-bounce',
  severity: 'warning',
  dialects: ['linux'],
  nursery: true,
  precision: [{ tree: 'Linux 6.12.117', read: 1, true: 1 }],
  summary: 'A mapping is larger than any bounce pool can hold at once.',
  message: ({ detail }) =>
    `${detail.made} maps ${Number(detail.bytes).toLocaleString('en')} bytes at once, and a bounce pool gives at most ${Number(detail.limit).toLocaleString('en')}: it fails wherever memory bounces, always in a confidential guest. Ask dma_max_mapping_size and map pieces, or use coherent memory`,
});
