import { defineRule } from './rule.ts';

const ADVICE: Record<string, string> = {
  stack: 'memory on the stack',
  vmalloc: 'vmalloc memory',
  rodata: 'constant data',
  static: 'module data',
  percpu: 'per-CPU memory',
  kmap: 'a temporary kernel mapping',
};

export const unmappableMemory = defineRule({
  id: 'unmappable-memory',
  severity: 'error',
  dialects: ['linux', 'edk2'],
  nurseryIn: ['linux'],
  precision: [
    { tree: 'Linux 6.12.117', read: 1, true: 0 },
    { tree: 'EDK2 2022.11', read: 2, true: 2 },
  ],
  summary: 'Memory is mapped that must not be: stack, vmalloc, constant or module data.',
  cwe: 590,
  message: ({ detail, dialect }) =>
    `${detail.api} maps ${ADVICE[detail.memory ?? ''] ?? detail.memory}${detail.name ? ` (${detail.name})` : ''}. Use memory from ${dialect === 'edk2' ? 'AllocatePool () or AllocateBuffer ()' : 'kmalloc () or dma_alloc_coherent ()'}`,
});
