import { defineRule } from './rule.ts';

const MEMORY: Record<string, string> = {
  heap: 'pool memory',
  pages: 'plain pages',
  stack: 'memory on the stack',
  static: 'a variable of the module',
};

export const foreignCommonBuffer = defineRule({
  id: 'foreign-common-buffer',
  severity: 'error',
  dialects: ['edk2'],
  summary: 'Memory that is not from AllocateBuffer is mapped as a common buffer.',
  cwe: 763,
  message: ({ detail }) =>
    `${detail.api} maps ${MEMORY[detail.memory ?? ''] ?? detail.memory} as a common buffer. Only memory from AllocateBuffer () of the same protocol can be shared in place: allocate it there`,
});
