import { defineRule } from './rule.ts';

export const unmapAfterFailedMap = defineRule({
  id: 'unmap-after-failed-map',
  severity: 'error',
  dialects: ['linux', 'edk2'],
  precision: [{ tree: 'Linux 6.12.117', read: 4, true: 4 }],
  summary: 'The handle of a map call that failed is unmapped.',
  cwe: 763,
  message: ({ detail }) =>
    `${detail.mapped} failed on this path, so there is no mapping to undo. Let the failing arm pass by this unmap`,
});
