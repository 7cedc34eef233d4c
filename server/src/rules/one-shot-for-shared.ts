import { defineRule } from './rule.ts';

export const oneShotForShared = defineRule({
  id: 'one-shot-for-shared',
  severity: 'error',
  dialects: ['edk2'],
  nursery: true,
  summary: 'Memory for lasting use by both sides is mapped for one transfer.',
  cwe: 662,
  message: ({ detail }) =>
    `${detail.made} maps for one transfer, and the mapping outlives the function: what either side writes later reaches the other only at the unmap. Map it as a common buffer`,
});
