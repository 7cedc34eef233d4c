import { defineRule } from './rule.ts';

export const exitBootServicesMemoryMap = defineRule({
  id: 'exit-boot-services-memory-map',
  severity: 'error',
  dialects: ['edk2'],
  summary: 'An ExitBootServices handler changes the memory map.',
  cwe: 666,
  message: ({ detail }) =>
    `${detail.api} changes the memory map inside an ExitBootServices handler. Only stop the device here; leave the memory as it is`,
});
