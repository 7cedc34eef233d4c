import { defineRule } from './rule.ts';

export const invalidAttributes = defineRule({
  id: 'invalid-attributes',
  severity: 'warning',
  dialects: ['linux'],
  precision: [{ tree: 'Linux 6.12.117', read: 21, true: 20 }],
  summary: 'An allocation of DMA memory is given flags that it does not take.',
  cwe: 628,
  message: ({ detail }) =>
    `${detail.api} does not take ${detail.attributes} among its flags: the mask of the device decides on the zone, and the pages are one block. Leave it out`,
});
