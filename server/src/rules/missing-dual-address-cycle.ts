import { defineRule } from './rule.ts';

export const missingDualAddressCycle = defineRule({
  id: 'missing-dual-address-cycle',
  severity: 'information',
  dialects: ['edk2'],
  nursery: true,
  summary: 'A device that takes 64-bit addresses is mapped for as one of 32 bits.',
  message: ({ detail }) =>
    `the device is told the upper half of the address, but ${detail.api} believes that it drives 32 bits. Enable EFI_PCI_IO_ATTRIBUTE_DUAL_ADDRESS_CYCLE in Start ()`,
});
