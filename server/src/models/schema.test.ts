import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { builtinFiles } from './builtin.ts';
import schema from './schema.json' with { type: 'json' };
import { validate } from './validate.ts';

const complete = new Ajv2020({ allErrors: true, strict: true, strictRequired: false }).compile(schema);

describe('schema.json', () => {
  it.each(Object.entries(builtinFiles))('holds for %s', (_name, file) => {
    complete(file);
    expect(complete.errors ?? []).toEqual([]);
    expect(validate(file, schema)).toEqual([]);
  });

  const source = readFileSync(new URL('./schema.ts', import.meta.url), 'utf8').replace(
    /\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    '',
  );
  const literals = (text: string): readonly string[] =>
    [...text.matchAll(/'([^']+)'/g)].flatMap(([, name]) => name ?? []);

  it.each(['Dialect', 'Role', 'FailureSign', 'Action'] as const)('lists the same as the type %s', (name) => {
    const union = new RegExp(`export type ${name} =([^;]*);`).exec(source)?.[1] ?? '';
    expect(literals(union).length).toBeGreaterThan(1);
    expect(schema.$defs[name].enum).toEqual(literals(union));
  });

  const interfaces = {
    ApiModel: schema.$defs.ApiModel,
    ConstantModel: schema.$defs.ConstantModel,
    IteratorModel: schema.$defs.IteratorModel,
    EntryPointModel: schema.$defs.EntryPointModel,
    HarmlessGroup: schema.$defs.HarmlessGroup,
    ModelFile: schema,
  };
  it.each(Object.entries(interfaces))('has the properties of the interface %s', (name, definition) => {
    const body = new RegExp(`export interface ${name} \\{([\\s\\S]*?)\\n\\}`).exec(source)?.[1] ?? '';
    const fields = [...body.matchAll(/^ {2}readonly ('?[$\w]+'?)(\?)?:([^;]*(?:\{[^}]*\})?[^;]*);/gm)];
    const properties: Readonly<Record<string, object>> = definition.properties;
    expect(Object.keys(properties).toSorted()).toEqual(fields.map(([, field]) => field ?? '').toSorted());
    expect([...definition.required].toSorted()).toEqual(
      fields
        .filter(([, , optional]) => optional === undefined)
        .map(([, field]) => field ?? '')
        .toSorted(),
    );
    for (const [, field = '', , type = ''] of fields) {
      const property = properties[field];
      if (property !== undefined && 'enum' in property) expect([field, property.enum]).toEqual([field, literals(type)]);
    }
  });
});

describe('validate', () => {
  const base = {
    title: 'a',
    version: '1',
    functions: [
      { name: 'f', call: 'member', dialects: ['linux'], action: 'device-stop', args: ['this', '-'], quiet: true },
      { name: 'g', call: 'function', dialects: ['edk2'], action: 'map', args: [], when: { argument: 0, value: 1 } },
    ],
    constants: [{ name: 'C', dialects: ['linux'], value: 3 }],
    iterators: [{ name: 'each_*', dialects: ['linux'], of: 'list', element: 0 }],
    entryPoints: [{ member: 'probe', dialects: ['linux'], role: 'probe' }],
    harmless: [{ subject: 's', dialects: ['linux'], action: 'none', names: ['h'] }],
  };

  it('agrees with a complete validator on damaged files', () => {
    const paths = pathsOf(base);
    const junk = fc.oneof(
      fc.constantFrom<unknown>('', 'map', 'linux', -1, 0, 1.5, null, true, [], {}, ['linux'], [1], 'a b', 'nonsense'),
      fc.jsonValue(),
    );
    const damage = fc.record({
      path: fc.constantFrom(...paths),
      how: fc.constantFrom('replace' as const, 'delete' as const, 'add' as const),
      junk,
    });
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), (damages) => {
        const spoilt = damages.reduce<unknown>((value, { path, how, junk: put }) => spoil(value, path, how, put), base);
        const file: unknown = JSON.parse(JSON.stringify(spoilt));
        expect(validate(file, schema).length === 0).toBe(complete(file));
      }),
    );
  });

  it('names the place and the nearest word', () => {
    const file = {
      title: 't',
      version: '1',
      functions: [{ name: 'f', call: 'function', dialects: ['linux'], action: 'mapp', args: [], famly: 'x' }],
    };
    expect(validate(file, schema)).toEqual([
      { path: ['functions', 0, 'action'], on: 'value', message: expect.stringContaining('did you mean "map"?') },
      { path: ['functions', 0, 'famly'], on: 'key', message: 'unknown property "famly"; did you mean "family"?' },
    ]);
  });
});

type Path = readonly (string | number)[];

function pathsOf(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [path, ...keys.flatMap((key) => pathsOf(Reflect.get(value, key), [...path, key]))];
}

function spoil(value: unknown, [key, ...rest]: Path, how: 'replace' | 'delete' | 'add', junk: unknown): unknown {
  if (key === undefined)
    return how === 'add' && typeof value === 'object' && !Array.isArray(value) ? { ...value, extra: junk } : junk;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item, index) => (index === key ? spoil(item, rest, how, junk) : item));
  const copy = new Map<string | number, unknown>(Object.entries(value));
  if (how === 'delete' && rest.length === 0) copy.delete(key);
  else if (copy.has(key)) copy.set(key, spoil(copy.get(key), rest, how, junk));
  return Object.fromEntries(copy);
}
