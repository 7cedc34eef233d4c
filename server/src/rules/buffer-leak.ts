import { defineRule } from './rule.ts';

export const bufferLeak = defineRule({
  id: 'buffer-leak',
  severity: 'error',
  dialects: ['linux', 'edk2'],
  precision: [
    { tree: 'Linux 6.12.117', read: 76, true: 65 },
    { tree: 'EDK2 2022.11', read: 6, true: 6 },
  ],
  summary: 'A DMA buffer is left behind on a path that nobody can free any more.',
  cwe: 401,
  message: ({ detail }) =>
    detail.why === 'unwound'
      ? `this failing path leaves the buffer of ${detail.made} allocated; other paths of the function free it. Free it here too before returning`
      : detail.why === 'passed-over'
        ? `this failing path takes back what was made before the buffer of ${detail.made}, but leaves that allocated. Free it here too before returning`
        : detail.why === 'half-done'
          ? `this failing path leaves the buffer of ${detail.made} allocated; callers free it when the function has worked, but not when it has failed. Free it here before returning`
          : detail.why === 'unclaimed'
            ? `this failing path leaves the buffer of ${detail.made} allocated, and no caller frees it after the failure. Free it here before returning`
            : detail.why === 'lifecycle-end'
              ? `this entry point fails and leaves the buffer of ${detail.made} allocated: whoever called it does not call its counterpart. Free it here before returning`
              : `the buffer allocated by ${detail.made} is lost on this path: nothing holds its address any more. Free it before this point`,
});
