import { defineRule } from './rule.ts';

export const syncMismatch = defineRule({
  id: 'sync-mismatch',
  severity: 'error',
  dialects: ['linux'],
  precision: [{ tree: 'Linux 6.1.170', read: 2, true: 2 }],
  summary: 'The memory is synced for the device where the CPU reads it next.',
  cwe: 664,
  message: ({ detail }) =>
    `${detail.api} gives the memory to the device, but ${detail.read} is read by the CPU next. Sync it for the CPU`,
});
