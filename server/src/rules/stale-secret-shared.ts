import { defineRule } from './rule.ts';

export const staleSecretShared = defineRule({
  id: 'stale-secret-shared',
  severity: 'warning',
  dialects: ['linux', 'edk2'],
  nursery: true,
  precision: [
    { tree: 'Linux 6.12.117', read: 6, true: 1 },
    { tree: 'EDK2 2022.11', read: 10, true: 10 },
  ],
  summary: 'Memory becomes shared with the host while it still holds what its last owner left there.',
  cwe: 226,
  message: ({ detail }) =>
    `${detail.api} shares memory that was not cleared since it was allocated. Clear it before, or allocate it zeroed`,
});
