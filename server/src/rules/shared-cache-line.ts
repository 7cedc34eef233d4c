import { defineRule } from './rule.ts';

export const sharedCacheLine = defineRule({
  id: 'shared-cache-line',
  severity: 'warning',
  dialects: ['linux'],
  precision: [{ tree: 'Linux 6.12.117', read: 54, true: 46 }],
  summary: 'The device writes to an array inside a structure that shares cache lines with other fields.',
  message: ({ detail }) =>
    `${detail.name} is part of a structure: its first and last cache line belong to other fields too. Allocate the buffer by itself, or align it to a cache line`,
});
