import { defineRule } from './rule.ts';

export const exportOffset = defineRule({
  id: 'export-offset',
  severity: 'error',
  dialects: ['linux'],
  precision: [{ tree: 'Linux 6.12.107', read: 1, true: 1 }],
  summary: 'Addresses inside an allocation are handed on as if they were those of the allocation.',
  cwe: 823,
  message: ({ detail }) =>
    `${detail.api} is given addresses inside an allocation, but it wants those of its beginning and its whole length. Pass what the allocation gave back; to map a part, choose it by vma->vm_pgoff`,
});
