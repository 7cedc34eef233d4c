import { defineRule } from './rule.ts';

export const unmappedSgAccess = defineRule({
  id: 'unmapped-sg-access',
  severity: 'error',
  dialects: ['linux'],
  summary: 'The DMA length or address of a scatterlist entry is read before the list is mapped.',
  cwe: 908,
  precision: [
    { tree: 'Linux 6.12.117', read: 1, true: 1 },
    { tree: 'Linux 6.12.107', read: 3, true: 3 },
  ],
  message: ({ detail }) =>
    detail.entry === 'first'
      ? `${detail.api} is read from the first entry of the list at each entry that is walked. Read it from the entry that was reached`
      : detail.entry === 'memory'
        ? `${detail.api} is read, and the CPU reaches what the entry names: the length for the device is that of another memory, and means nothing while the list is not mapped. Use sg->length`
        : `${detail.api} is read before ${detail.mapped} maps the list: it holds nothing, or what an earlier mapping left. Use sg->length, or read it after the map call`,
});
