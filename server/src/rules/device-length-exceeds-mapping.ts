import { defineRule } from './rule.ts';

export const deviceLengthExceedsMapping = defineRule({
  id: 'device-length-exceeds-mapping',
  severity: 'error',
  dialects: ['linux'],
  precision: [{ tree: 'Linux 6.12.107', read: 2, true: 2 }],
  summary: 'The device is told a longer length than was mapped.',
  cwe: 787,
  message: ({ detail }) =>
    detail.told && detail.size
      ? `the device is told ${detail.told} bytes, but ${detail.mapped} mapped only ${detail.size}. Map what the device transfers`
      : `the device is told a greater length than ${detail.mapped} mapped. Map what the device transfers`,
});
