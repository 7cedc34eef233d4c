import { defineRule } from './rule.ts';

export const freeWhileMapped = defineRule({
  id: 'free-while-mapped',
  severity: 'error',
  dialects: ['linux', 'edk2'],
  precision: [
    { tree: 'Linux 6.12.117', read: 18, true: 15 },
    { tree: 'EDK2 2022.11', read: 4, true: 4 },
  ],
  summary: 'Memory is freed while a mapping of it is alive.',
  cwe: 416,
  message: ({ detail }) =>
    `${detail.api} frees memory that is still mapped${detail.mapped ? ` by ${detail.mapped}` : ''}. Unmap first, then free`,
});
