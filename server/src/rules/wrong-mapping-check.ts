import { defineRule } from './rule.ts';

export const wrongMappingCheck = defineRule({
  id: 'wrong-mapping-check',
  severity: 'error',
  dialects: ['linux'],
  precision: [{ tree: 'Linux 6.12.117', read: 5, true: 4 }],
  summary: 'The result of a map call is tested in a way that does not find failures.',
  cwe: 253,
  message: ({ detail }) =>
    /sg/.test(detail.mapped ?? '')
      ? `"${detail.test}" does not find a failure of ${detail.mapped}: it returns 0 when it fails. Test for 0`
      : `"${detail.test}" does not find a failure of ${detail.mapped}: 0 is a valid device address, and the error value is not 0. Use dma_mapping_error ()`,
});
