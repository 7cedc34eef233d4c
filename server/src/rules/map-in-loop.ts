import { defineRule } from './rule.ts';

export const mapInLoop = defineRule({
  id: 'map-in-loop',
  severity: 'information',
  dialects: ['linux', 'edk2'],
  nursery: true,
  summary: 'A loop maps and unmaps the same buffer in each turn.',
  message: ({ detail, dialect }) =>
    `${detail.made} maps the same piece of the same buffer in each turn of the loop: ${detail.saving}, for ${detail.times} turns. Map it once before the loop ${
      dialect === 'linux'
        ? 'and hand it over by dma_sync_single_for_device and _for_cpu'
        : 'if the CPU leaves it alone, or use a common buffer'
    }`,
  related: (role) => (role === 'released' ? 'given back here' : 'made here'),
});
