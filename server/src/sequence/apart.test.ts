import { expect, it } from 'vitest';
import { Apart } from './apart.ts';

interface Way {
  readonly key: string;
}

function takeIn(...keys: readonly string[]): { readonly apart: Apart<Way>; readonly made: readonly string[] } {
  const made: string[] = [];
  const apart = new Apart<Way>(({ key }) => {
    made.push(key);
    return key;
  });
  for (const key of keys) {
    const one = { key };
    const own = apart.key(one);
    if (!apart.at(own)) apart.add(own, one);
  }
  return { apart, made };
}

it('makes no key where one thing is alone', () => {
  const { apart, made } = takeIn('a');
  expect(apart.all.map(({ key }) => key)).toEqual(['a']);
  expect(apart.size).toBe(1);
  expect(made).toEqual([]);
});

it('keeps one of each key, in order', () => {
  const { apart } = takeIn('b', 'a', 'b', 'c', 'a');
  expect(apart.all.map(({ key }) => key)).toEqual(['b', 'a', 'c']);
  expect(apart.size).toBe(3);
});

it('finds what has the same result', () => {
  const { apart } = takeIn('x→failure', 'y→zero');
  expect(apart.like('z→zero')?.key).toBe('y→zero');
  expect(apart.like('z→not zero')).toBeUndefined();
});
