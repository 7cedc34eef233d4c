import { describe, expect, it } from 'vitest';
import { createParser } from '../syntax/index.ts';
import { lowerFunction } from './lower.ts';
import { shiftGraph } from './shift.ts';

const parser = await createParser();
const options = { transparent: new Set<string>(), noReturn: new Set(['panic']) };
const text = `int f(struct s *p, int a)
{
	int n[2] = { [0] = 4096, 7 }, i;

	for (i = 0; i < 2; i++) {
		if (!g(p->c[i], 3) && a)
			panic("no");
	}
	switch (a) {
	case 1:
		return 4;
	}
	return a ? h(&p->d) : (u8)a;
}
`;

describe('shiftGraph', () => {
  it.each([1, 40, 1000])('gives what lowering the text %i units further on gives', (by) => {
    const moved = `${' '.repeat(by)}${text}`;
    const there = lowerFunction(parser.parse(text, by), moved, options);
    const here = lowerFunction(parser.parse(text, 0), text, options);
    expect(shiftGraph(here, by)).toEqual(there);
    expect(shiftGraph(there, -by)).toEqual(here);
    expect(there).not.toEqual(here);
  });

  it('leaves its argument as it was, and gives it back when nothing moves', () => {
    const graph = lowerFunction(parser.parse(text, 0), text, options);
    const before = structuredClone(graph);
    shiftGraph(graph, 5);
    expect(graph).toEqual(before);
    expect(shiftGraph(graph, 0)).toBe(graph);
  });
});
