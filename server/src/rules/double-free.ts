import { defineRule } from './rule.ts';

export const doubleFree = defineRule({
  id: 'double-free',
  severity: 'error',
  dialects: ['linux', 'edk2'],
  precision: [
    { tree: 'Linux 6.12.117', read: 4, true: 4 },
    { tree: 'EDK2 2022.11', read: 1, true: 1 },
  ],
  summary: 'A DMA buffer is freed that is already free, or was never allocated.',
  cwe: 415,
  message: ({ detail }) =>
    detail.after === 'return'
      ? 'this failing path frees the buffer and leaves its pointer set: the caller frees it once more. Clear the pointer after the free, or leave the free to the caller'
      : detail.state === 'uninitialised'
        ? `${detail.name} has no value on this path: ${detail.api} frees memory that was never allocated. Initialise it, or skip the free on this path`
        : 'this buffer is already free. Free it once, and clear the pointer where a later clean-up may see it',
});
