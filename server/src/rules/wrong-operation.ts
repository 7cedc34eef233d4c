import { defineRule, directionName } from './rule.ts';

export const wrongOperation = defineRule({
  id: 'wrong-operation',
  severity: 'error',
  dialects: ['linux', 'edk2'],
  nursery: true,
  summary: 'Memory is mapped for the device to read, and then read by the CPU that has put nothing there.',
  cwe: 628,
  message: ({ detail, dialect }) =>
    `nothing was put into memory that is mapped with ${directionName(detail.direction, dialect)}, and the CPU reads it afterwards: the device was to write it. Map it with ${directionName('from-device', dialect)}`,
  related: () => 'read here, though the CPU has put nothing there',
});
