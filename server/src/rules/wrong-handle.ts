import { defineRule } from './rule.ts';

const HOW: Record<string, string> = {
  'address-of': 'a pointer to the variable that holds the handle, not the handle itself',
  offset: 'the handle advanced by an offset, not the value that the map call gave back',
  'other-role': 'another result of the map call than its handle',
};

export const wrongHandle = defineRule({
  id: 'wrong-handle',
  severity: 'error',
  dialects: ['linux', 'edk2'],
  summary: 'A release is given another value than the one that the map call returned.',
  cwe: 763,
  message: ({ detail }) =>
    `${detail.api} is given ${HOW[detail.how ?? ''] ?? 'another value than the map call returned'}. Pass exactly the value that the map call gave back`,
});
