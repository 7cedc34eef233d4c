import { describe, expect, it } from 'vitest';
import { parseModelFile } from './user-file.ts';

const pair = `{
  // our ring memory
  "title": "acme",
  "version": "acme 3",
  "functions": [
    { "name": "acme_map", "call": "function", "dialects": ["linux"], "action": "map", "args": ["device", "buffer", "size"],
      "result": "device-address", "failure": "zero", "family": "acme", "mode": "streaming", "direction": "to-device" },
    { "name": "acme_unmap", "call": "function", "dialects": ["linux"], "action": "unmap", "args": ["device", "device-address"],
      "family": "acme" },
  ]
}`;

const faults = (text: string): readonly string[] => {
  const result = parseModelFile(text, 'acme.json');
  return result.ok
    ? []
    : result.errors.map(({ path, line, column, message }) => `${path}:${line}:${column}: ${message}`);
};

describe('parseModelFile', () => {
  it('reads a pair of wrappers, comments and a trailing comma included', () => {
    const result = parseModelFile(pair, 'acme.json');
    expect(result.ok && result.models.functions?.map(({ name }) => name)).toEqual(['acme_map', 'acme_unmap']);
  });

  it.each([
    ['a broken file', '{ "title": "a",\n  "version" }', ['acme.json:2:13: colon expected']],
    ['an empty file', '', ['acme.json:1:1: value expected']],
    ['another value', '[]', ['acme.json:1:1: expected an object']],
    ['a missing property', '{ "title": "a" }', ['acme.json:1:1: "version" is missing']],
    [
      'a duplicate property',
      '{"title": "a",\n "version": "1", "title": "b"}',
      ['acme.json:2:18: this property is there twice'],
    ],
    [
      'a dangerous property',
      '{"title": "a", "version": "1", "__proto__": {}}',
      ['acme.json:1:32: unknown property "__proto__"'],
    ],
  ])('tells of %s where it is', (_what, text, expected) => {
    expect(faults(text)).toEqual(expected);
  });

  it('points at a wrong word', () => {
    expect(faults(pair.replace('"unmap"', '"unmapp"'))).toEqual([
      expect.stringMatching(/^acme\.json:8:\d+: "unmapp" is not one of the \d+ .*did you mean "unmap"\?$/),
    ]);
  });

  it('points at an action that cannot be executed', () => {
    expect(faults(pair.replace('"failure": "zero", ', ''))).toEqual([
      'acme.json:6:80: acme_map: action "map" needs a "failure" sign',
    ]);
    expect(faults(pair.replace('["device", "device-address"]', '["-", "-"]'))).toEqual([
      expect.stringContaining('acme_unmap: action "unmap" needs an argument of role "device-address"'),
    ]);
  });

  it('points at an end without another end', () => {
    expect(faults(pair.replace('"family": "acme", "mode"', '"family": "acne", "mode"'))).toEqual([
      expect.stringContaining('acme_map: no entry is the other end of family "acne"'),
      expect.stringContaining('acme_unmap: no entry is the other end of family "acme"'),
    ]);
  });

  it('takes the other end from the built-in models', () => {
    const own = pair
      .replace('"family": "acme", "mode"', '"family": "single", "mode"')
      .replace(/ {4}\{ "name": "acme_unmap"[^}]*\},\n/, '');
    expect(faults(own)).toEqual([]);
  });
});
