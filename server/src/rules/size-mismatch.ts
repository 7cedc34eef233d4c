import { defineRule } from './rule.ts';

export const sizeMismatch = defineRule({
  id: 'size-mismatch',
  severity: 'warning',
  dialects: ['linux', 'edk2'],
  summary: 'Memory is unmapped or freed with another size than it was mapped or allocated with.',
  cwe: 131,
  precision: [
    { tree: 'EDK2 2022.11', read: 2, true: 2 },
    { tree: 'Linux 6.1.170', read: 1, true: 1 },
  ],
  message: ({ detail }) =>
    detail.madeField
      ? `${detail.api} is told the size that ${detail.releasedField} holds, and the memory has that of ${detail.madeField}. Use the same size at both ends`
      : detail.times
        ? `${detail.api} is told ${Number(detail.times) > 1 ? 'bytes where it wants pages' : 'pages where bytes are wanted'}: the size is ${detail.times} times the one at the other end. Use the same size at both ends`
        : `${detail.api} releases ${detail.released} bytes of ${detail.made}. Use the same size at both ends`,
});
