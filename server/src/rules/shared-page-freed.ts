import { defineRule } from './rule.ts';

export const sharedPageFreed = defineRule({
  id: 'shared-page-freed',
  severity: 'error',
  dialects: ['linux', 'edk2'],
  precision: [{ tree: 'Linux 6.12.117', read: 7, true: 7 }],
  summary: 'Pages go back to the allocator while the host can still reach them.',
  cwe: 212,
  message: ({ detail }) => {
    const { api, converted, outcome, to } = detail;
    if (outcome !== 'failed')
      return `${api} frees memory that ${converted} has made shared. Make it private again first`;
    return to === 'private'
      ? `${api} frees memory whose pages stay shared when ${converted} fails. Leak it then`
      : `${api} frees memory that may be shared in part after ${converted} has failed. Make it private again first, and leak it when that fails`;
  },
});
