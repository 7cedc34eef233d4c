import { defineRule } from './rule.ts';

export const exitBootServicesLeak = defineRule({
  id: 'exit-boot-services-leak',
  severity: 'error',
  dialects: ['edk2'],
  nursery: true,
  precision: [{ tree: 'EDK2 2022.11', read: 1, true: 1 }],
  summary: 'At ExitBootServices the device can still write into memory that the driver has given it.',
  cwe: 416,
  message: ({ detail }) =>
    `the memory mapped by ${detail.made} stays with the device for as long as the driver runs, and nothing in this driver stops the device at ExitBootServices. Have a handler reset it`,
});
