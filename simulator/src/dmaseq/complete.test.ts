import { expect, test } from 'vitest';
import { completeDmaseq } from './complete.ts';

const words = (before: string): readonly string[] => completeDmaseq(before).words;

test('a line begins with a statement', () => {
  expect(words('  ')).toEqual(expect.arrayContaining(['program', 'repeat', 'map', 'exit-boot-services']));
});

test('an operation takes its words and options behind what it works on, each once', () => {
  expect(words('map ')).toEqual([]);
  expect(words('map page = ')).toEqual([]);
  expect(words('map page = data 4K ')).toEqual(expect.arrayContaining(['to-device', 'common', 'family=']));
  expect(words('map page = data 4K to-device family=page ')).not.toContain('from-device');
  expect(words('map page = data 4K to-device family=page ')).not.toContain('family=');
  expect(words('sync page ')).toEqual(expect.arrayContaining(['for-cpu', 'for-device']));
});

test('platforms stand behind platform and on', () => {
  expect(completeDmaseq('platform direct, ').platforms).toBe(true);
  expect(completeDmaseq('expect slots = 64 on ').platforms).toBe(true);
  expect(completeDmaseq('expect slots = 64 ')).toEqual({ words: ['on'], platforms: false });
});

test('an expectation names a counter or a violation', () => {
  expect(words('expect ')).toEqual(expect.arrayContaining(['clean', 'conversions', 'mapping-leak']));
  expect(words('expect mapping-leak ')).toEqual(['times', 'breaks', 'works', 'on']);
  expect(words('expect mapping-leak times ')).toEqual([]);
});

test('comments and unknown words are completed by nothing', () => {
  expect(words('# map ')).toEqual([]);
  expect(words('nonsense ')).toEqual([]);
});
