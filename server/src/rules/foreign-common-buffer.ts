import { defineRule } from './rule.ts';

export const foreignCommonBuffer = defineRule({
  id: 'foreign-common-buffer',
  severity: 'error',
  dialects: ['edk2'],
  summary: 'Memory that is not from AllocateBuffer is mapped as a common buffer.',
  cwe: 763,
  message: ({ detail }) =>
    `${detail.api} maps ${detail.memory} memory as a common buffer. Only memory from AllocateBuffer () of the same protocol can be shared in place: allocate it there`,
});
