import { defineRule } from './rule.ts';

export const uncheckedAllocation = defineRule({
  id: 'unchecked-allocation',
  severity: 'error',
  dialects: ['linux'],
  precision: [
    { tree: 'Linux 6.12.117', read: 2, true: 2 },
    { tree: 'Linux 6.12.107', read: 1, true: 1 },
    { tree: 'Linux 6.1.170', read: 2, true: 2 },
  ],
  summary: 'The result of an allocation of DMA memory is used without being checked.',
  cwe: 476,
  message: ({ detail }) =>
    `the result of ${detail.made} is used by ${detail.api} without a check. Test it, and leave the function when it failed`,
});
