import { defineRule } from './rule.ts';

export const hostControlledValue = defineRule({
  id: 'host-controlled-value',
  severity: 'warning',
  dialects: ['linux', 'edk2'],
  nursery: true,
  precision: [{ tree: 'Linux 6.12.117', read: 7, true: 7 }],
  summary: 'A number that the host can write is used as an index or a length, and never tested.',
  cwe: 129,
  message: ({ detail }) =>
    `${detail.value} comes from memory that the host can write, and is used as ${detail.as === 'index' ? 'an index' : 'a length'} without a test. Test it before`,
});
