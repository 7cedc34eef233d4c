import { defineRule } from './rule.ts';

export const uncheckedMapping = defineRule({
  id: 'unchecked-mapping',
  severity: 'error',
  dialects: ['linux', 'edk2'],
  summary: 'The result of a map call is used on the outcome where it failed.',
  cwe: 252,
  message: ({ detail, dialect }) =>
    `${detail.mapped} can fail, and nothing on this path tests that before the result is used. ${
      dialect === 'edk2'
        ? 'Test the status with EFI_ERROR () and bail out'
        : 'Test it the way the API defines, and bail out'
    }`,
});
