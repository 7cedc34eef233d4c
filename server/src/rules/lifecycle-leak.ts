import { defineRule } from './rule.ts';

export const lifecycleLeak = defineRule({
  id: 'lifecycle-leak',
  severity: 'error',
  dialects: ['linux', 'edk2'],
  nurseryIn: ['edk2'],
  precision: [{ tree: 'Linux 6.12.117', read: 4, true: 4 }],
  summary: 'A field keeps a mapping or a buffer, and no function of the driver releases it.',
  cwe: 772,
  message: ({ detail }) =>
    detail.why === 'not-undone'
      ? `${detail.made} made this for a field, and the function that ends what was begun there releases it on no path. Release it here`
      : `${detail.made} made this for a field, and no function of the driver that releases anything names the field: it outlives the device. Release it where the driver stops or is removed`,
});
