import { defineRule } from './rule.ts';

const HOW: Record<string, string> = {
  'address-of': 'a pointer to the variable that holds the handle, not the handle itself',
  offset: 'the handle advanced by an offset',
  'other-role': 'another result of that call than its handle',
};

export const wrongHandle = defineRule({
  id: 'wrong-handle',
  severity: 'error',
  dialects: ['linux', 'edk2'],
  nurseryIn: ['linux'],
  precision: [
    { tree: 'Linux 6.12.117', read: 1, true: 0 },
    { tree: 'EDK2 2022.11', read: 2, true: 2 },
  ],
  summary: 'A release is given another value than the one that the map call returned.',
  cwe: 763,
  message: ({ detail }) => {
    const giver = detail.mapped ?? 'the allocation';
    return `${detail.api} is given ${HOW[detail.how ?? ''] ?? `another value than ${giver} gave`}. Pass exactly the value that ${giver} gave back`;
  },
});
