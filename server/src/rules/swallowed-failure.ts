import { defineRule } from './rule.ts';

export const swallowedFailure = defineRule({
  id: 'swallowed-failure',
  severity: 'warning',
  dialects: ['edk2'],
  precision: [{ tree: 'EDK2 2022.11', read: 1, true: 1 }],
  summary: 'A function cleans up after a failure, and then reports success.',
  cwe: 393,
  message: ({ detail }) =>
    `${detail.failed} did not give what was asked for, everything is released again, and ${detail.api} returns success. Return an error here`,
});
