import { defineRule } from './rule.ts';

export const sgCountMismatch = defineRule({
  id: 'sg-count-mismatch',
  severity: 'error',
  dialects: ['linux'],
  precision: [{ tree: 'Linux 6.12.117', read: 1, true: 1 }],
  summary: 'A scatterlist is unmapped or synced with the mapped count instead of the original number of entries.',
  cwe: 628,
  message: ({ detail }) =>
    `${detail.api} is given the count that the map call returned; it wants the number of entries that was passed to the map call`,
});
