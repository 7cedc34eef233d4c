import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Layers } from './layers.ts';

const key = fc.integer({ min: 0, max: 40 });
const step = fc.oneof(
  fc.record({ do: fc.constant('set' as const), key, value: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ do: fc.constant('delete' as const), key }),
  fc.record({ do: fc.constant('fork' as const) }),
);

it('copies are maps of their own, and know where they differ', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), step), { maxLength: 200 }), (steps) => {
      const all = [{ layers: new Layers<number, number>(), map: new Map<number, number>() }];
      for (const [which, one] of steps) {
        const { layers, map } = all[which % all.length] ?? { layers: new Layers<number, number>(), map: new Map() };
        if (one.do === 'fork') all.push({ layers: layers.fork(), map: new Map(map) });
        else if (one.do === 'delete') expect(layers.delete(one.key)).toBe(map.delete(one.key));
        else {
          layers.set(one.key, one.value);
          map.set(one.key, one.value);
        }
      }
      for (const { layers, map } of all) {
        expect(new Map(layers.entries())).toEqual(map);
        expect(layers.size).toBe(map.size);
        expect(new Set(layers.keysThat((k) => k % 2 === 0))).toEqual(
          new Set([...map.keys()].filter((k) => k % 2 === 0)),
        );
        for (const other of all)
          expect(new Map(layers.differing(other.layers))).toEqual(
            new Map([...map].filter(([k, value]) => other.map.get(k) !== value)),
          );
      }
    }),
  );
});

it('tells copies apart by what has changed since', () => {
  const one = new Layers<string, number>();
  for (let i = 0; i < 100; i++) one.set(`${i}`, i);
  const other = one.fork();
  one.set('a', 1);
  other.delete('7');
  expect(one.differing(other)).toEqual([
    ['a', 1],
    ['7', 7],
  ]);
  expect(other.differing(one)).toEqual([]);
});
