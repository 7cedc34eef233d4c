import { defineRule } from './rule.ts';

export const apiMismatch = defineRule({
  id: 'api-mismatch',
  severity: 'error',
  dialects: ['linux', 'edk2'],
  precision: [{ tree: 'Linux 6.12.117', read: 3, true: 3 }],
  summary: 'Memory or a mapping is released by a function of another family than made it.',
  cwe: 762,
  message: ({ detail }) =>
    `${detail.api} releases what ${detail.made} made. Use the release function that belongs to ${detail.made}`,
});
