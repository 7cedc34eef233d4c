import { defineRule } from './rule.ts';

export const uncheckedMask = defineRule({
  id: 'unchecked-mask',
  severity: 'warning',
  dialects: ['linux'],
  nursery: true,
  precision: [{ tree: 'Linux 6.12.117', read: 20, true: 14 }],
  summary: 'Nobody looks at whether the DMA mask was accepted.',
  cwe: 252,
  message: ({ detail }) =>
    `the result of ${detail.api} is not looked at: when the platform cannot serve such a device, it must not be used. Fail when the call fails`,
});
