import { expect, it } from 'vitest';
import type { DmaPath, SourcePlace } from '../sequence/index.ts';
import { activations, commonDepth } from './frames.ts';

const place = (start: number): SourcePlace => ({ file: 'a.c', function: 'f', start, end: start + 1 });
const loop = place(10);

/** f calls g at `loop` twice; each time g does one operation. */
const path: DmaPath = {
  program: {
    name: 'f',
    dialect: 'edk2',
    operations: [0, 1].map((site) => ({ op: 'memory-map-change', site, api: '' })),
  },
  steps: [
    { before: 0, place: loop, what: 'call' },
    { before: 1, place: loop, what: 'return' },
    { before: 1, place: loop, what: 'call' },
    { before: 2, place: loop, what: 'return' },
  ],
  complete: true,
  failing: null,
  mayBeUnmapped: new Set(),
};

it('tells two executions of one call apart', () => {
  const [first, second] = activations(path);
  expect(first?.map(({ call }) => call)).toEqual([loop]);
  expect(commonDepth([first ?? [], second ?? []])).toBe(0);
  expect(commonDepth([first ?? [], first ?? []])).toBe(1);
});
