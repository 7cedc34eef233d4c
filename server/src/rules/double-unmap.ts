import { defineRule } from './rule.ts';

const STATES: Record<string, string> = {
  unmapped: 'this mapping is already gone',
  null: 'there is nothing to unmap: the handle is 0 on this path',
  uninitialised: 'there is nothing to unmap: the handle has no value yet on this path',
};

export const doubleUnmap = defineRule({
  id: 'double-unmap',
  severity: 'error',
  dialects: ['linux', 'edk2'],
  precision: [
    { tree: 'Linux 6.12.117', read: 1, true: 1 },
    { tree: 'EDK2 2022.11', read: 5, true: 4 },
  ],
  summary: 'A mapping is unmapped that is already gone, or was never made.',
  cwe: 415,
  message: ({ detail, dialect }) => {
    if (detail.after === 'return')
      return 'this failing path unmaps and leaves the handle in place: the caller unmaps it once more. Clear the handle after the unmap, or leave the unmap to the caller';
    const state = STATES[detail.state ?? ''] ?? 'this mapping is already gone';
    return `${dialect === 'edk2' ? state.replace('is 0', 'is NULL') : state}. Unmap only on paths where it was mapped, and once`;
  },
});
