import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MacroKnowledge, readConstants } from './constants.ts';
import { maskSource } from './mask.ts';

const definitions = (text: string): Record<string, (string | null)[]> =>
  Object.fromEntries(
    [...readConstants(text).definitions].map(([name, all]) => [name, all.map(({ expression }) => expression)]),
  );

const certain = (text: string): string[] =>
  [...readConstants(text).definitions].flatMap(([name, all]) => (all.every((one) => one.isCertain) ? [name] : []));

describe('reading constants', () => {
  it('keeps what may be a number, without comments and line continuations', () => {
    const text = `#define SIZE 8 /* bytes */
#  define ROOM (SIZE * \\
  2) // twice
#define FLAG
#define NAME "nic"
#define MIN(a, b) ((a) < (b) ? (a) : (b))
/*
#define OLD 1
*/
#define LOOP do { } while (0)
#undef SIZE
`;
    expect(definitions(text)).toEqual({
      SIZE: ['8', null],
      ROOM: ['(SIZE *    2)'],
      FLAG: [null],
      NAME: [null],
      MIN: [null],
      LOOP: [null],
    });
  });

  it('counts enumerators from the last number', () => {
    const text = `enum state { IDLE, BUSY, FAILED = -2, GONE, };
typedef enum { FIRST = 1 << 4, SECOND, CALL = MAX(1, 2), AFTER } kind;
enum empty;
struct s { enum state now; };
`;
    expect(definitions(text)).toEqual({
      IDLE: ['0'],
      BUSY: ['(0) + 1'],
      FAILED: ['-2'],
      GONE: ['(-2) + 1'],
      FIRST: ['1 << 4'],
      SECOND: ['(1 << 4) + 1'],
      CALL: [null],
      AFTER: [null],
    });
  });

  it('does not count on behind a conditional in an enum', () => {
    const text = 'enum e { A,\n#ifdef CONFIG_X\nB,\n#endif\nC, D = 7, E };\n';
    expect(definitions(text)).toEqual({ A: ['0'], B: [null], C: [null], D: ['7'], E: ['(7) + 1'] });
  });

  it('leaves out what is in no configuration, and takes no default for the last word', () => {
    const text = `#if 0
#define A 1
#elif 1
#define B 2
#else
#define C 3
#endif
#ifndef D
#define D 4
#endif
`;
    expect(definitions(text)).toEqual({ B: ['2'], D: [null] });
  });

  it('knows a guard against double inclusion from a condition', () => {
    const text = `// nic.h
#ifndef NIC_H
#define NIC_H
#define SIZE 8
#ifdef CONFIG_NIC
#define EXTRA 1
#endif
#endif
`;
    expect(certain(text)).toContain('SIZE');
    expect(certain(text)).not.toContain('EXTRA');
  });

  it('lists what is included', () => {
    expect(readConstants('#include "nic.h"\n# include <linux/pci.h>\n').includes).toEqual(['nic.h', 'linux/pci.h']);
  });

  it('takes any text', () => {
    const piece = fc.constantFrom(
      ...[
        '#define A 1\n',
        '#if 0\n',
        '#else\n',
        '#endif\n',
        'enum {',
        'enum e {',
        'A',
        '=',
        ',',
        '(',
        ')',
        '}',
        '\n',
        '1',
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join('');
        for (const all of readConstants(text).definitions.values())
          for (const { at } of all) expect(at).toBeLessThan(text.length);
      }),
    );
  });
});

describe('conditionals with macros that are known', () => {
  const macros: MacroKnowledge = {
    isDefined: (name) => (name === 'DUMP' || name === 'LEVEL' ? true : null),
    numberOf: (name) => ({ DUMP: 0, LEVEL: 2, CONFIG_X: 0 })[name] ?? null,
  };
  const kept = (condition: string): string =>
    maskSource(`int f(void)\n{\n${condition}\n\tone();\n#else\n\ttwo();\n#endif\n}\n`, 'linux', macros)
      .replace(/\s+/g, '')
      .slice('intf(void){'.length, -1);

  it.each([
    ['#if DUMP', 'two();'],
    ['#ifdef DUMP', 'one();'],
    ['#ifndef DUMP', 'two();'],
    ['#if LEVEL == 2', 'one();'],
    ['#if LEVEL > 2 || defined(OTHER) && DUMP', 'two();'],
    ['#if defined(DUMP) && !LEVEL', 'two();'],
    // Nobody knows: the first arm.
    ['#if OTHER', 'one();'],
    ['#ifndef OTHER', 'one();'],
    ['#if CONFIG_X', 'one();'],
  ])('%s', (condition, arm) => {
    expect(kept(condition)).toBe(arm);
  });
});
