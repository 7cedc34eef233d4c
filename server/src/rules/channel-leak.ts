import { defineRule } from './rule.ts';

export const channelLeak = defineRule({
  id: 'channel-leak',
  severity: 'warning',
  dialects: ['linux'],
  precision: [
    { tree: 'Linux 6.12.117', read: 24, true: 23 },
    { tree: 'Linux 6.1.192', read: 18, true: 18 },
  ],
  summary: 'A dmaengine channel is requested and not released on a failing path.',
  cwe: 772,
  message: ({ detail }) =>
    `the channel requested by ${detail.made} is not released on this path. Call dma_release_channel () before returning`,
});
