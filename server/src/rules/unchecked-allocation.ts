import { defineRule } from './rule.ts';

export const uncheckedAllocation = defineRule({
  id: 'unchecked-allocation',
  severity: 'error',
  dialects: ['linux'],
  nursery: true,
  summary: 'The result of an allocation of DMA memory is used without being checked.',
  cwe: 476,
  message: ({ detail }) =>
    `the result of ${detail.made} is used by ${detail.api} without a check. Test it, and leave the function when it failed`,
});
