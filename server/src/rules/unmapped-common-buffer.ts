import { defineRule } from './rule.ts';

export const unmappedCommonBuffer = defineRule({
  id: 'unmapped-common-buffer',
  severity: 'error',
  dialects: ['linux', 'edk2'],
  precision: [
    { tree: 'Linux 6.12.117', read: 1, true: 1 },
    { tree: 'EDK2 2022.11', read: 2, true: 2 },
  ],
  summary: 'The device is given a host address that no mapping made into a device address.',
  cwe: 704,
  message: ({ detail, dialect }) => {
    const { made, mapped } = detail;
    if (mapped)
      return `the device is given the host address of memory that ${mapped} has mapped. Give it the device address that ${mapped} returned`;
    return `the device is given the host address of the buffer from ${made}. ${
      dialect === 'edk2'
        ? 'Map the buffer as a common buffer and give the device the address that the map call returns'
        : `Give it the device address that ${made} returned with the buffer`
    }`;
  },
});
