import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANYTHING, type Domain, decide, isUnconstrained, join, narrow, single } from './domain.ts';
import { oppositeTest } from './values.ts';

const OPERATORS = ['==', '!=', '<', '<=', '>', '>='] as const;
type Operator = (typeof OPERATORS)[number];

function holds(x: number, operator: Operator, value: number): boolean {
  switch (operator) {
    case '==':
      return x === value;
    case '!=':
      return x !== value;
    case '<':
      return x < value;
    case '<=':
      return x <= value;
    case '>':
      return x > value;
    case '>=':
      return x >= value;
  }
}

const has = (d: Domain, x: number): boolean => x >= d.low && x <= d.high && !d.not.includes(x);

const small = fc.integer({ min: -12, max: 12 });
const operator = fc.constantFrom(...OPERATORS);
const tests = fc.array(fc.tuple(operator, small), { maxLength: 6 });

/** What a path knows after some tests; null when it cannot be. */
const learn = (list: readonly (readonly [Operator, number])[]): Domain | null =>
  list.reduce<Domain | null>((d, [op, value]) => d && narrow(d, op, value), ANYTHING);

const domain = tests.map(learn).filter((d): d is Domain => d !== null);

/** All integers around what the tests name: outside of them nothing changes. */
const NUMBERS = Array.from({ length: 33 }, (_, i) => i - 16);

describe('narrow', () => {
  it('keeps exactly the numbers that pass the test', () => {
    fc.assert(
      fc.property(domain, operator, small, (d, op, value) => {
        const narrowed = narrow(d, op, value);
        for (const x of NUMBERS)
          expect(narrowed !== null && has(narrowed, x), `${x}`).toBe(has(d, x) && holds(x, op, value));
      }),
    );
  });

  it('never loses a number, however many are excluded', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(small, { minLength: 9, maxLength: 14 }),
        fc.integer({ min: 20, max: 30 }),
        (out, x) => {
          const d = learn(out.map((value) => ['!=', value] as const));
          expect(d && has(d, x)).toBe(true);
          expect(d?.not.length).toBeLessThanOrEqual(8);
        },
      ),
    );
  });

  it('is null as soon as nothing is left', () => {
    expect(narrow(single(3), '!=', 3)).toBeNull();
    expect(narrow({ low: 0, high: 1, not: [] }, '>', 1)).toBeNull();
    expect(
      learn([
        ['>=', 0],
        ['<=', 2],
        ['!=', 1],
        ['!=', 0],
        ['!=', 2],
      ]),
    ).toBeNull();
  });

  it('moves a bound over excluded numbers', () => {
    expect(
      learn([
        ['!=', 0],
        ['>=', 0],
      ]),
    ).toEqual({ low: 1, high: Number.POSITIVE_INFINITY, not: [] });
    expect(
      learn([
        ['!=', 1],
        ['>', 0],
      ]),
    ).toEqual({ low: 2, high: Number.POSITIVE_INFINITY, not: [] });
  });

  it('does not change what it is given', () => {
    const d: Domain = { low: 0, high: 9, not: [4] };
    narrow(d, '!=', 5);
    narrow(d, '>', 4);
    expect(d).toEqual({ low: 0, high: 9, not: [4] });
  });
});

describe('decide', () => {
  it('agrees with every number of the domain, and is null only if they differ', () => {
    fc.assert(
      fc.property(domain, operator, small, (d, op, value) => {
        const results = new Set(NUMBERS.filter((x) => has(d, x)).map((x) => holds(x, op, value)));
        const answer = decide(d, op, value);
        expect(answer).toBe(results.size === 2 ? null : results.has(true));
      }),
    );
  });

  it('says the opposite of the opposite test', () => {
    fc.assert(
      fc.property(domain, operator, small, (d, op, value) => {
        const answer = decide(d, op, value);
        const other = decide(d, oppositeTest(op), value);
        expect(other).toBe(answer === null ? null : !answer);
      }),
    );
  });

  it('does not know of mapping errors', () => {
    expect(decide(single(0), 'mapping-error', 0)).toBeNull();
    expect(narrow(single(0), 'no-mapping-error', 0)).toEqual(single(0));
  });
});

describe('join', () => {
  it('has every number of both', () => {
    fc.assert(
      fc.property(domain, domain, (a, b) => {
        const both = join(a, b);
        for (const x of NUMBERS) if (has(a, x) || has(b, x)) expect(has(both, x), `${x}`).toBe(true);
      }),
    );
  });

  it('adds nothing outside of both bounds, nor a number that both exclude by name', () => {
    fc.assert(
      fc.property(domain, domain, (a, b) => {
        const both = join(a, b);
        expect(both.low).toBe(Math.min(a.low, b.low));
        expect(both.high).toBe(Math.max(a.high, b.high));
        for (const x of a.not) if (!has(b, x)) expect(has(both, x)).toBe(false);
      }),
    );
  });

  it('keeps what it is given with itself, and does not mind the order', () => {
    fc.assert(
      fc.property(domain, domain, (a, b) => {
        const sorted = (d: Domain) => ({ ...d, not: [...d.not].sort((x, y) => x - y) });
        expect(sorted(join(a, a))).toEqual(sorted(a));
        expect(sorted(join(a, b))).toEqual(sorted(join(b, a)));
      }),
    );
  });

  it('remembers that neither is zero: an error below, a pointer above', () => {
    expect(decide(join({ low: -4095, high: -1, not: [] }, { low: 4096, high: 8192, not: [] }), '==', 0)).toBe(false);
  });
});

it('only what was never tested is unconstrained', () => {
  expect(isUnconstrained(ANYTHING)).toBe(true);
  fc.assert(
    fc.property(operator, small, (op, value) => {
      expect(isUnconstrained(narrow(ANYTHING, op, value) ?? single(0))).toBe(false);
    }),
  );
});
