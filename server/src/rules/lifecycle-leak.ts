import { defineRule } from './rule.ts';

export const lifecycleLeak = defineRule({
  id: 'lifecycle-leak',
  severity: 'error',
  dialects: ['linux', 'edk2'],
  nurseryIn: ['edk2'],
  precision: [
    { tree: 'Linux 6.12.117', read: 13, true: 13 },
    { tree: 'Linux 6.1.170', read: 1, true: 1 },
  ],
  summary: 'A field keeps a mapping or a buffer, and no function of the driver releases it.',
  cwe: 772,
  message: ({ detail }) =>
    detail.why === 'not-undone'
      ? `${detail.made} made this for a field, and the function that ends what was begun there releases it on no path. Release it here`
      : `${detail.made} made this for a field, and no function of the driver that releases any such thing names the field: it outlives the device. Release it where the driver stops or is removed`,
});
