import { defineRule } from './rule.ts';

export const useAfterUnmap = defineRule({
  id: 'use-after-unmap',
  severity: 'error',
  dialects: ['linux', 'edk2'],
  summary: 'A device address is used after its mapping was unmapped.',
  cwe: 416,
  message: ({ detail }) => `${detail.api} uses a mapping that is already gone. Use it before the unmap, or map again`,
});
