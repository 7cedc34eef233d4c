import { defineRule } from './rule.ts';

export const sleepingInAtomic = defineRule({
  id: 'sleeping-in-atomic',
  severity: 'error',
  dialects: ['linux'],
  nursery: true,
  precision: [{ tree: 'Linux 6.12.117', read: 4, true: 4 }],
  summary: 'A call that may sleep makes or releases DMA memory where nothing may sleep.',
  cwe: 833,
  message: ({ detail }) =>
    `${detail.api} may sleep, but ${detail.lock} forbids that here. Call it before or after, or allocate with GFP_ATOMIC`,
});
