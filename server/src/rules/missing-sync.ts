import { defineRule } from './rule.ts';

export const missingSync = defineRule({
  id: 'missing-sync',
  severity: 'error',
  dialects: ['linux'],
  nursery: true,
  summary: 'The device is given memory that the CPU wrote after a sync, without a sync for the device.',
  cwe: 664,
  message: ({ detail }) =>
    `the CPU wrote to the memory of ${detail.made} since it was synced for the CPU, and the device is given it by ${detail.api}. Sync it for the device before`,
});
