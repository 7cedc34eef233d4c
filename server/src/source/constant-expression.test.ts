import { expect, test } from 'vitest';
import { evaluateConstant } from './constant-expression.ts';

const evaluate = (text: string): number | null =>
  evaluateConstant(text, {
    numberOf: (name) => ({ SIZE: 64, SHIFT: 3, FALSE: 0 })[name] ?? null,
    isDefined: (name) => (name === 'SIZE' ? true : name === 'CONFIG_X' ? null : false),
  });

test.each([
  ['8', 8],
  ['(0x10)', 16],
  ['010', 8],
  ["'A'", 65],
  ['SIZE * 2 + 1', 129],
  ['1 << SHIFT', 8],
  ['-(5)', -5],
  ['(u8)0x1ff', 255],
  ['(s8)0xff', -1],
  ['(unsigned long long)1 << 40', 2 ** 40],
  ['(u32)~0', 2 ** 32 - 1],
  ['~0', -1],
  ['~0U', 2 ** 32 - 1],
  ['0xffffffff', 2 ** 32 - 1],
  ['-1 < 0U', 0],
  ['(SIZE) - 1', 63],
  ['SIZE > 32 ? 1 : 2', 1],
  ['7 / 2 % 2', 1],
  ['-7 / 2', -3],
  ['10 - 2 - 3', 5],
  ['defined(SIZE) && !defined SHIFT', 1],
  // What one operand decides needs no other.
  ['0 && OTHER', 0],
  ['IS_ENABLED(CONFIG_X) || 1', 1],
  ['defined(CONFIG_X) && FALSE', 0],
])('%s is %d', (text, value) => {
  expect(evaluate(text)).toBe(value);
});

test.each([
  '',
  'OTHER',
  'OTHER + 1',
  '1 || ',
  '1 +',
  '(1',
  '1)',
  '1 / 0',
  '1 << 40',
  '1 << -1',
  'sizeof(int)',
  'BIT(3)',
  '(struct x *)0',
  '"text"',
  '0xffffffffffffffff',
  '1.5',
  'do { } while (0)',
  'defined(CONFIG_X)',
  'OTHER || 0',
])('%s is no known constant', (text) => {
  expect(evaluate(text)).toBeNull();
});

test('nesting that nobody has written is given up', () => {
  for (const one of ['(', '-', '1?']) expect(evaluate(one.repeat(100_000))).toBeNull();
});
