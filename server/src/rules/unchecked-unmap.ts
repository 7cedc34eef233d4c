import { defineRule } from './rule.ts';

export const uncheckedUnmap = defineRule({
  id: 'unchecked-unmap',
  severity: 'information',
  dialects: ['edk2'],
  nursery: true,
  precision: [{ tree: 'EDK2 2022.11', read: 1, true: 1 }],
  summary: 'Data that an unmap brings are used without a look at its status.',
  cwe: 252,
  message: ({ detail }) =>
    `${detail.api} commits what the device wrote, and may fail; the data are used all the same. Check its status before`,
});
