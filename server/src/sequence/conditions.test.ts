import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ApiModel, FailureSign } from '../models/index.ts';
import { builtinModels, createModels } from '../models/index.ts';
import { Conditions } from './conditions.ts';
import { State } from './state.ts';
import { Resources } from './tables.ts';
import { numberValue, type SymbolRole, Symbols, symbolValue, type TestOperator, type Value, ZERO } from './values.ts';

const models = createModels(builtinModels);

/** A world with one pending operation that tells of its failure by `sign`, and its result in `role`. */
function world(sign: FailureSign = 'negative', role: SymbolRole = 'status') {
  const symbols = new Symbols();
  const resources = new Resources();
  const tests: string[] = [];
  const conditions = new Conditions(symbols, resources, {
    onRightTest: (_state, resource, test) => tests.push(`right ${resource} ${test}`),
    onWrongTest: (_state, resource, test) => tests.push(`wrong ${resource} ${test}`),
  });
  const known = models.function('dma_map_single', 'linux');
  if (!known) throw new Error('no model');
  const model: ApiModel = { ...known, failure: sign };
  const result = symbolValue(symbols.intern('result', { resource: 0, role }));
  const count = symbols.intern('count');
  const info = resources.intern('one', () => ({
    kind: 'mapping',
    site: 0,
    model,
    foreign: false,
    memory: 'unknown',
    name: 'one',
    within: null,
    depth: 0,
    outputs: [
      { location: 'f0:addr', before: numberValue(7) },
      { location: 'f0:other', before: undefined },
    ],
    inLoop: false,
    nonzero: [count],
  }));
  const state = new State(symbols);
  state.update(info.id, { outcome: 'pending' });
  state.set('f0:addr', result);
  state.set('f0:other', symbolValue(symbols.intern('elsewhere')));
  return { symbols, conditions, state, result, count, tests };
}

const test = (left: Value, operator: TestOperator, right: Value): Value => ({ kind: 'test', operator, left, right });

/** What is left of a pending result when the test holds (or not): its outcome, and how the test counts. */
function outcome(sign: FailureSign, role: SymbolRole, operator: TestOperator, value: number, truth = true): string {
  const { conditions, state, result, tests } = world(sign, role);
  const after = conditions.assume(state, test(result, operator, numberValue(value)), truth);
  const how = [...new Set(tests.map((t) => t.split(' ')[0]))].join();
  return after ? `${after.resource(0)?.outcome}${how ? ` by a ${how} test` : ''}` : 'impossible';
}

describe('a test of a pending result', () => {
  it.each<[FailureSign, SymbolRole, TestOperator, number, string, string]>([
    ['null', 'cpu-address', '==', 0, 'failed by a right test', 'ok by a right test'],
    ['efi-error', 'status', '!=', 0, 'failed by a right test', 'ok by a right test'],
    ['efi-error', 'status', '<', 0, 'failed by a right test', 'pending'],
    ['nonzero', 'status', '<', 0, 'failed by a right test', 'ok by a right test'],
    ['negative', 'status', '<', 0, 'failed by a right test', 'ok by a right test'],
    ['negative', 'status', '==', 0, 'ok by a right test', 'pending'],
    ['negative', 'count', '==', -12, 'failed by a right test', 'ok by a right test'],
    ['err-pointer', 'channel', '==', -517, 'failed by a right test', 'pending'],
    ['err-pointer', 'cpu-address', '<', 0, 'failed by a right test', 'ok by a right test'],
    ['err-pointer-or-null', 'cpu-address', '<=', 0, 'failed by a right test', 'ok by a right test'],
    ['not-positive', 'count', '<=', 0, 'failed by a right test', 'ok by a right test'],
    ['zero', 'count', '==', 0, 'failed by a right test', 'ok by a right test'],
    ['zero', 'count', '<', 0, 'pending by a wrong test', 'pending by a wrong test'],
    ['zero', 'count', '<=', 0, 'failed by a right test', 'ok by a right test'],
    ['mapping-error', 'device-address', '!=', 0, 'pending by a wrong test', 'failed by a wrong test'],
    ['mapping-error', 'device-address', 'mapping-error', 0, 'failed by a right test', 'ok by a right test'],
    ['never', 'status', '<', 0, 'pending', 'pending'],
    ['silent', 'cpu-address', '==', 0, 'pending', 'pending'],
  ])('%s, %s %s %i: %s, or else %s', (sign, role, operator, value, whenTrue, whenFalse) => {
    expect([true, false].map((truth) => outcome(sign, role, operator, value, truth))).toEqual([whenTrue, whenFalse]);
  });

  it('written as a comparison with the error address counts as the right one', () => {
    const { conditions, state, result, symbols, tests } = world('mapping-error', 'device-address');
    const error = symbolValue(symbols.intern('const:mapping-error'));
    expect(conditions.assume(state, test(error, '==', result), true)?.resource(0)?.outcome).toBe('failed');
    expect(tests).toEqual(['right 0 dma_mapping_error']);
  });

  it('shows that nothing was mapped where it worked without entries', () => {
    const { conditions, state, result } = world('negative', 'count');
    const worked = conditions.assume(state, test(result, '<', ZERO), false);
    expect(worked?.resource(0)?.outcome).toBe('ok');
    expect(worked && conditions.assume(worked, test(result, '>', ZERO), false)?.resource(0)?.outcome).toBe('failed');
  });

  it('says nothing where a number is counted down from a result that is never negative', () => {
    const { conditions, state, result, tests } = world('zero', 'count');
    if (result.kind !== 'symbol') throw new Error('no symbol');
    const counted = symbolValue(result.symbol, 1);
    expect(conditions.assume(state.fork(), test(counted, '!=', ZERO), false)).toBeNull();
    expect(conditions.assume(state.fork(), test(counted, '!=', ZERO), true)?.resource(0)?.outcome).toBe('pending');
    expect(tests).toEqual([]);
  });

  it('that is known to have failed puts back what its outputs held before', () => {
    const { conditions, state, result } = world();
    const failed = conditions.assume(state, test(result, '<', ZERO), true);
    expect(failed?.get('f0:addr')).toEqual(numberValue(7));
    // Somebody else has written there since: that stays.
    expect(failed?.get('f0:other')).toMatchObject({ kind: 'symbol' });
  });

  it('that is known to have worked leaves its outputs, and its counts are not zero', () => {
    const { conditions, state, result, count } = world();
    const worked = conditions.assume(state, test(result, '>=', ZERO), true);
    expect(worked?.get('f0:addr')).toEqual(result);
    expect(worked && conditions.truth(worked, symbolValue(count))).toBe(true);
  });

  it('is settled once: the opposite cannot be any more', () => {
    const { conditions, state, result } = world();
    const failed = conditions.assume(state, test(result, '<', ZERO), true);
    expect(failed && conditions.assume(failed.fork(), test(result, '>=', ZERO), true)).toBeNull();
    expect(failed && conditions.assume(failed, test(result, '>=', ZERO), false)).not.toBeNull();
  });

  it('that finds fewer bytes mapped makes it a short mapping', () => {
    const { conditions, state, symbols } = world('efi-error', 'status');
    const bytes = symbolValue(symbols.intern('bytes', { resource: 0, role: 'mapped-bytes' }));
    const wanted = symbolValue(symbols.intern('wanted'));
    expect(conditions.assume(state.fork(), test(bytes, '!=', wanted), true)?.resource(0)?.outcome).toBe('short');
    expect(conditions.assume(state.fork(), test(wanted, '>', bytes), true)?.resource(0)?.outcome).toBe('short');
    expect(conditions.assume(state.fork(), test(bytes, '==', wanted), true)?.resource(0)?.outcome).toBe('pending');
  });
});

describe('comparisons of two unknowns', () => {
  it('are remembered, whichever way they are written', () => {
    const { conditions, state, symbols } = world();
    const [a, b] = ['a', 'b'].map((key) => symbolValue(symbols.intern(key)));
    if (!a || !b) throw new Error('no symbols');
    const less = conditions.assume(state, test(a, '<', b), true);
    expect(less && conditions.truth(less, test(b, '>', a))).toBe(true);
    expect(less && conditions.truth(less, test(a, '>=', b))).toBe(false);
    expect(less && conditions.truth(less, test(b, '<', a))).toBeNull();
  });

  it('a value equals itself, at another offset it does not', () => {
    const { conditions, state, symbols } = world();
    const a = symbols.intern('a');
    expect(conditions.truth(state, test(symbolValue(a), '==', symbolValue(a)))).toBe(true);
    expect(conditions.truth(state, test(symbolValue(a), '<', symbolValue(a, 4)))).toBe(true);
  });

  it('two constants of different names differ', () => {
    const { conditions, state, symbols } = world();
    const [one, two] = ['const:ONE', 'const:TWO'].map((key) => symbolValue(symbols.intern(key)));
    if (!one || !two) throw new Error('no symbols');
    expect(conditions.truth(state, test(one, '==', two))).toBe(false);
    expect(conditions.truth(state, test(one, '<', two))).toBeNull();
  });

  it('an address is not NULL', () => {
    const { conditions, state } = world();
    const address: Value = { kind: 'address', location: 'f0:x', offset: 0 };
    expect(conditions.truth(state, address)).toBe(true);
    expect(conditions.truth(state, test(ZERO, '==', address))).toBe(false);
  });
});

const operator = fc.constantFrom<TestOperator>('==', '!=', '<', '<=', '>', '>=');
const atom = fc.tuple(operator, fc.integer({ min: -4, max: 4 }), fc.integer({ min: -4, max: 4 }), fc.boolean());

function holds(left: number, op: TestOperator, right: number): boolean {
  const order = Math.sign(left - right);
  return { '==': [0], '!=': [-1, 1], '<': [-1], '<=': [-1, 0], '>': [1], '>=': [0, 1] }[op as '==']?.includes(order);
}

it('what holds for a number is never ruled out, and what is known holds for it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -6, max: 6 }),
      fc.array(atom, { maxLength: 6 }),
      atom,
      (x, facts, [op, offset, n]) => {
        const { conditions, state, symbols } = world();
        const symbol = symbols.intern('x');
        let now: State | null = state;
        for (const [fact, by, value, nested] of facts) {
          const plain = test(symbolValue(symbol, by), fact, numberValue(value));
          // `!(x < 3)`, as C writes it: the truth value compared with 0.
          const asked = nested ? test(plain, '==', ZERO) : plain;
          now = now && conditions.assume(now, asked, holds(x + by, fact, value) !== nested);
        }
        expect(now).not.toBeNull();
        const known = now && conditions.truth(now, test(symbolValue(symbol, offset), op, numberValue(n)));
        if (known !== null) expect(known).toBe(holds(x + offset, op, n));
      },
    ),
    { numRuns: 500 },
  );
});
