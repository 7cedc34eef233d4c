import { defineRule } from './rule.ts';

export const shortMapping = defineRule({
  id: 'short-mapping',
  severity: 'warning',
  dialects: ['edk2'],
  precision: [{ tree: 'EDK2 2022.11', read: 20, true: 18 }],
  summary: 'The arm that handles a mapping shorter than asked leaves it in place.',
  cwe: 772,
  message: ({ detail }) =>
    detail.why === 'unchecked'
      ? `nobody looks at how many bytes ${detail.made} mapped: behind a bridge that maps partially the device is told more than it can reach. Compare the number with the one that was asked for`
      : `when ${detail.made} maps fewer bytes than asked, the mapping exists and must be undone; this arm leaves it. It happens only behind a bridge that maps partially. Unmap on this arm, but not where the call failed`,
});
