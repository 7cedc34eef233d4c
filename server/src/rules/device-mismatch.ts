import { defineRule } from './rule.ts';

export const deviceMismatch = defineRule({
  id: 'device-mismatch',
  severity: 'error',
  dialects: ['linux'],
  nursery: true,
  summary: 'A mapping is unmapped for another device than it was made for.',
  cwe: 628,
  message: ({ detail }) =>
    `${detail.api} names another device than the map call. Use the same struct device at both ends`,
});
