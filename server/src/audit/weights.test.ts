import fc from 'fast-check';
import { expect, it } from 'vitest';
import { weights } from './weights.ts';

const weigh = (graph: Readonly<Record<string, readonly string[]>>, order = Object.keys(graph)) =>
  Object.fromEntries(
    [
      ...weights(
        order,
        () => 1,
        (node) => graph[node] ?? [],
      ),
    ].sort(),
  );

it('counts what several callers share for each of them', () => {
  expect(weigh({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] })).toEqual({ a: 5, b: 2, c: 2, d: 1 });
});

it('counts a cycle as one', () => {
  expect(weigh({ a: ['b'], b: ['c', 'd'], c: ['b'], d: [] })).toEqual({ a: 4, b: 3, c: 3, d: 1 });
  expect(weigh({ a: ['a'] })).toEqual({ a: 1 });
});

it('does not depend on the order', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g');
  const graphs = fc.dictionary(name, fc.uniqueArray(name)).map((some) => ({
    ...Object.fromEntries([...'abcdefg'].map((one): [string, string[]] => [one, []])),
    ...some,
  }));
  fc.assert(
    fc.property(graphs, fc.shuffledSubarray([...'abcdefg'], { minLength: 7 }), (graph, order) => {
      expect(weigh(graph, order)).toEqual(weigh(graph));
    }),
  );
});
