import { defineRule } from './rule.ts';

export const exitBootServicesUnmapOrder = defineRule({
  id: 'exit-boot-services-unmap-order',
  severity: 'warning',
  dialects: ['edk2'],
  nursery: true,
  summary: 'An ExitBootServices handler unmaps before it stops the device.',
  cwe: 666,
  message: ({ detail }) =>
    `${detail.api} takes memory back that the device may still write: nothing has told it to stop. Stop the device, and leave the mapping to the IOMMU driver`,
});
