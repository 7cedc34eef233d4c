import { defineRule } from './rule.ts';

export const channelLeak = defineRule({
  id: 'channel-leak',
  severity: 'warning',
  dialects: ['linux'],
  nursery: true,
  precision: [{ tree: 'Linux 6.12.117', read: 12, true: 8 }],
  summary: 'A dmaengine channel is requested and not released on a failing path.',
  cwe: 772,
  message: ({ detail }) =>
    `the channel requested by ${detail.made} is not released on this path. Call dma_release_channel () before returning`,
});
