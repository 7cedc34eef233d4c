import { defineRule } from './rule.ts';

export const doubleFetch = defineRule({
  id: 'double-fetch',
  severity: 'warning',
  dialects: ['linux', 'edk2'],
  nursery: true,
  precision: [{ tree: 'Linux 6.12.117', read: 2, true: 1 }],
  summary: 'What the host can change is tested, read again, and used.',
  cwe: 367,
  message: ({ detail }) =>
    `${detail.value} was tested, and is read again before it is used as ${detail.as === 'index' ? 'an index' : 'a length'}: the host can change it between. Read it once, into a variable`,
});
