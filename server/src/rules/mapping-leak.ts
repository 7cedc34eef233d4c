import { defineRule } from './rule.ts';

export const mappingLeak = defineRule({
  id: 'mapping-leak',
  severity: 'error',
  dialects: ['linux', 'edk2'],
  precision: [
    { tree: 'Linux 6.12.117', read: 62, true: 56 },
    { tree: 'EDK2 2022.11', read: 5, true: 4 },
  ],
  summary: 'A mapping is left behind on a path that nobody can unmap any more.',
  cwe: 772,
  message: ({ detail, dialect }) =>
    detail.why === 'unwound'
      ? `this failing path leaves the mapping of ${detail.made} in place; other paths of the function unmap it. Unmap it here too before returning`
      : detail.why === 'passed-over'
        ? `this failing path takes back what was made before the mapping of ${detail.made}, but leaves that in place. Unmap it here too before returning`
        : detail.why === 'memory-freed'
          ? `the memory is freed on this path, and the mapping that ${detail.made} made of it is left in place. Unmap it before the memory is freed`
          : detail.why === 'half-done'
            ? `this failing path leaves the mapping of ${detail.made} in place; callers unmap it when the function has worked, but not when it has failed. Unmap it here before returning`
            : detail.why === 'unclaimed'
              ? `this failing path leaves the mapping of ${detail.made} in place, and no caller unmaps it after the failure. Unmap it here before returning`
              : detail.why === 'lifecycle-end'
                ? `this entry point fails and leaves the mapping of ${detail.made} in place: whoever called it does not call its counterpart. Unmap it here before returning`
                : `the mapping made by ${detail.made} is lost on this path: no variable or field holds its ${dialect === 'edk2' ? 'token' : 'address'} any more. Unmap it before this point`,
});
