import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressOf,
  isWithin,
  lastField,
  numberValue,
  oppositeTest,
  pointee,
  rootSymbol,
  Symbols,
  symbolValue,
  type TestOperator,
  type Value,
  valueKey,
} from './values.ts';

const offset = fc.integer({ min: -64, max: 4096 });
const field = fc.constantFrom('dma', 'ring', 'x', '_len', 'buf2');
const location = fc
  .tuple(
    fc.oneof(
      fc.nat(99).map((s) => `*${s}`),
      fc.constantFrom('f0:x', 'f12:ring', 'G:table'),
    ),
    fc.array(
      fc.oneof(
        field.map((f) => `.${f}`),
        fc.nat(9).map((s) => `[s${s}]`),
      ),
      { maxLength: 4 },
    ),
  )
  .map(([root, path]) => `${root}${path.join('')}`);

const pointer: fc.Arbitrary<Value> = fc.oneof(
  fc.tuple(fc.nat(99), offset).map(([symbol, by]) => symbolValue(symbol, by)),
  // The place that a symbol points to is not named by an address: it is what the symbol itself points to.
  fc
    .tuple(
      location.filter((l) => !/^\*\d+$/.test(l)),
      offset,
    )
    .map(([at, by]): Value => ({ kind: 'address', location: at, offset: by })),
);

const value: fc.Arbitrary<Value> = fc.oneof(
  pointer,
  fc.integer().map(numberValue),
  fc
    .tuple(fc.constantFrom<TestOperator>('==', '<', 'mapping-error'), pointer, fc.integer().map(numberValue))
    .map(([operator, left, right]): Value => ({ kind: 'test', operator, left, right })),
);

describe('places', () => {
  it('a pointer comes back from the place that it points to', () => {
    fc.assert(
      fc.property(pointer, (p) => {
        const place = pointee(p);
        expect(place && addressOf(place)).toEqual(p);
      }),
    );
  });

  it('numbers and truth values point nowhere', () => {
    expect(pointee(numberValue(4096))).toBeNull();
    expect(pointee({ kind: 'uninitialised', name: 'p' })).toBeNull();
  });

  it('know their root', () => {
    expect(rootSymbol('*12.ring[s3].dma')).toBe(12);
    expect(rootSymbol('f0:x.dma')).toBeNull();
    fc.assert(fc.property(fc.nat(999), field, (s, f) => rootSymbol(`*${s}+8.${f}`) === s));
  });

  it.each([
    ['*12.ring[3].dma', 'dma'],
    ['*12.ring[s7]', 'ring'],
    ['*12.ring+4', 'ring'],
    ['*12.a.b[1][s2]+-1', 'b'],
    ['f0:desc', 'desc'],
  ])('the last field of %s is %s', (place, name) => {
    expect(lastField(place)).toBe(name);
  });

  it('lie within themselves and their containers, not within a place whose name only begins the same', () => {
    fc.assert(
      fc.property(location, field, (container, f) => {
        expect(isWithin(container, container)).toBe(true);
        expect(isWithin(`${container}.${f}`, container)).toBe(true);
        expect(isWithin(`${container}[s1].${f}`, container)).toBe(true);
        expect(isWithin(container, `${container}.${f}`)).toBe(false);
      }),
    );
    expect(isWithin('*12.dma', '*1')).toBe(false);
    expect(isWithin('f0:ring2.dma', 'f0:ring')).toBe(false);
  });
});

describe('valueKey', () => {
  it('is the same for equal values and for no others', () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(valueKey(a) === valueKey(b)).toBe(fc.stringify(a) === fc.stringify(b));
        expect(valueKey(structuredClone(a))).toBe(valueKey(a));
      }),
      { numRuns: 300 },
    );
  });
});

describe('Symbols', () => {
  it('gives one symbol to one event, with what was said of it first', () => {
    const symbols = new Symbols();
    const first = symbols.intern('status:1', { resource: 1, role: 'status' });
    expect(symbols.intern('status:1', { resource: 2 })).toBe(first);
    expect(symbols.info(first)).toEqual({ key: 'status:1', resource: 1, role: 'status' });
    expect(symbols.intern('status:2')).not.toBe(first);
    expect(symbols.find('status:3')).toBeUndefined();
    expect(symbols.count).toBe(2);
    expect(() => symbols.info(7)).toThrow('no symbol 7');
  });
});

it('a test is the opposite of its opposite', () => {
  const all: TestOperator[] = ['==', '!=', '<', '<=', '>', '>=', 'mapping-error', 'no-mapping-error'];
  for (const operator of all) {
    expect(oppositeTest(operator)).not.toBe(operator);
    expect(oppositeTest(oppositeTest(operator))).toBe(operator);
  }
});
