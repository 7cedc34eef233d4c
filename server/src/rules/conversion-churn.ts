import { defineRule } from './rule.ts';

export const conversionChurn = defineRule({
  id: 'conversion-churn',
  severity: 'information',
  dialects: ['linux', 'edk2'],
  nursery: true,
  precision: [
    { tree: 'Linux 6.12.117', read: 35, true: 31 },
    { tree: 'EDK2 2022.11', read: 4, true: 4 },
  ],
  summary: 'Each call shares a buffer with the device and takes it back, which converts its pages twice.',
  message: ({ detail }) =>
    `each call makes this buffer shared by ${detail.made} and private again by ${detail.freed}: ${detail.saving}, for each call after the first. Allocate it once, when the device is set up, and keep it`,
  related: (role) => (role === 'released' ? 'given back here' : 'made here'),
});
