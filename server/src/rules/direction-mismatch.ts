import { defineRule, directionName } from './rule.ts';

export const directionMismatch = defineRule({
  id: 'direction-mismatch',
  severity: 'error',
  dialects: ['linux'],
  precision: [{ tree: 'Linux 6.12.117', read: 10, true: 9 }],
  summary: 'A mapping is unmapped or synced with another direction than it was mapped with.',
  cwe: 628,
  message: ({ detail, dialect }) =>
    `${detail.api} with ${directionName(detail.released, dialect)}, but the memory was mapped with ${directionName(detail.made, dialect)}. Use ${directionName(detail.made, dialect)} here too`,
});
