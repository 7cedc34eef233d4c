import { defineRule } from './rule.ts';

export const bounceHeavy = defineRule({
  id: 'bounce-heavy',
  severity: 'information',
  dialects: ['linux', 'edk2'],
  nursery: true,
  precision: [{ tree: 'Linux 6.12.117', read: 12, true: 5 }],
  summary: 'The mask or the size makes every transfer bounce.',
  message: ({ detail, dialect }) =>
    dialect === 'linux'
      ? `with a mask of ${detail.bits} bits every transfer of memory above it bounces where no IOMMU translates: ${detail.saving}, for a page there and back. If the device drives more, set a wider mask first and fall back to this one`
      : `${detail.bytes} bytes are no whole number of cache lines (${detail.line} bytes): where caches are not coherent this mapping bounces each time: ${detail.saving}. Give it a buffer of whole cache lines`,
});
