import { defineRule, directionName } from './rule.ts';

export const cpuAccessWhileMapped = defineRule({
  id: 'cpu-access-while-mapped',
  severity: 'error',
  dialects: ['linux', 'edk2'],
  precision: [{ tree: 'Linux 6.12.117', read: 6, true: 6 }],
  summary: 'The CPU touches memory while it belongs to the device.',
  cwe: 662,
  message: ({ detail, dialect }) =>
    `${detail.api} is ${detail.access === 'write' ? 'written' : 'read'} while it is mapped with ${directionName(detail.direction, dialect)}. ${
      detail.access === 'write' ? 'Write before the map call' : 'Unmap first'
    }${dialect === 'linux' ? ', or sync for the CPU before the access and for the device after it' : ''}`,
});
