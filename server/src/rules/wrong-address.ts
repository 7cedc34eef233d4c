import { defineRule } from './rule.ts';

export const wrongAddress = defineRule({
  id: 'wrong-address',
  severity: 'error',
  dialects: ['linux'],
  precision: [
    { tree: 'Linux 6.12.117', read: 36, true: 31 },
    { tree: 'Linux 6.12.107', read: 1, true: 1 },
    { tree: 'Linux 6.1.170', read: 1, true: 1 },
  ],
  summary: 'An address for the device is used as one of the CPU, or cut off.',
  cwe: 704,
  message: ({ detail }) =>
    detail.as === 'truncated'
      ? `${detail.api} has no room for the device address that ${detail.made} gives: where addresses have 64 bits, it is cut off and dma_mapping_error () never tells that the call failed. Make it a dma_addr_t`
      : `the device address that ${detail.made} gave is ${detail.as === 'dereferenced' ? 'dereferenced' : `handed to ${detail.api}`}: behind an IOMMU or a bounce buffer it is no address of the memory. Keep the CPU's pointer or page for that`,
});
