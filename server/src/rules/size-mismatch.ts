import { defineRule } from './rule.ts';

export const sizeMismatch = defineRule({
  id: 'size-mismatch',
  severity: 'warning',
  dialects: ['linux', 'edk2'],
  nursery: true,
  summary: 'Memory is unmapped or freed with another size than it was mapped or allocated with.',
  cwe: 131,
  message: ({ detail }) =>
    `${detail.api} releases ${detail.released} bytes of ${detail.made}. Use the same size at both ends`,
});
