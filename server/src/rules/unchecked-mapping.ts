import { defineRule } from './rule.ts';

export const uncheckedMapping = defineRule({
  id: 'unchecked-mapping',
  severity: 'error',
  dialects: ['linux', 'edk2'],
  precision: [{ tree: 'Linux 6.12.117', read: 87, true: 74 }],
  summary: 'The result of a map call is used on the outcome where it failed.',
  cwe: 252,
  message: ({ detail, dialect }) => {
    if (detail.tested)
      return `the test shows that ${detail.mapped} has failed, and ${detail.api} uses its result all the same. Bail out`;
    return `${detail.mapped} can fail, and nothing on this path tests that before the result is used. ${
      dialect === 'edk2' ? 'Test the status with EFI_ERROR ()' : linuxTest(detail.mapped ?? '')
    } and bail out`;
  },
});

/** How an API of Linux tells failure, as far as its name says. */
function linuxTest(api: string): string {
  if (/_sg(_attrs)?$/.test(api)) return 'Test the count for 0';
  return /_map_(single|page|resource)|frag_dma_map|map_bvec/.test(api)
    ? 'Test the address with dma_mapping_error ()'
    : 'Test what it returns';
}
