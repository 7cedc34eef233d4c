import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Dialect } from './dialect.ts';
import { maskSource } from './mask.ts';

/** A text without the blanks that mean nothing, so that expectations can be read. */
function tight(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/ ?([(){};,:*]) ?/g, '$1')
    .trim();
}

function masked(text: string, dialect: Dialect = 'linux'): string {
  return tight(maskSource(text, dialect));
}

function body(statements: string): string {
  const text = maskSource(`int f(void)\n{\n\t${statements}\n}\n`, 'linux');
  return tight(text.slice(text.indexOf('{') + 1, text.lastIndexOf('}')));
}

describe('the preprocessor', () => {
  test('directives and comments go, line breaks stay', () => {
    const text = '#define A(x) \\\r\n\tb(x) /* long\r\ncomment */\r\nint a; // end\r\n';
    expect(maskSource(text, 'linux')).toBe(text.replace(/[^\r\n]/g, (c, at) => (at >= 43 && at < 49 ? c : ' ')));
  });

  test.each([
    ['the first arm stands', '#ifdef A\na();\n#else\nb();\n#endif', 'a();'],
    ['#if 0 gives its else', '#if 0\na();\n#else\nb();\n#endif', 'b();'],
    ['#if 0 without else goes', "#if 0\ndon't\n#endif\nb();", 'b();'],
    ['#elif behind a false arm', '#if 0\na();\n#elif defined(B)\nb();\n#else\nc();\n#endif', 'b();'],
    ['C++ never', '#ifndef __cplusplus\na();\n#else\nb();\n#endif', 'a();'],
    ['nested', '#ifdef A\n#if 0\na();\n#else\nb();\n#endif\n#else\nc();\n#endif', 'b();'],
    ['in a condition', 'if (a\n#ifdef B\n&& b\n#else\n&& c\n#endif\n) d();', 'if(a && b)d();'],
    ['in arguments', 'f(a,\n#ifdef B\nb\n#else\nc\n#endif\n);', 'f(a,b);'],
    ['around an else', 'if (a)\nb();\n#ifdef C\nelse\nc();\n#endif', 'if(a)b();else c();'],
    ['with half a block', '#ifdef A\nif (a) {\n#else\nif (b) {\n#endif\nc();\n}', 'if(a){ c();}'],
    ['what was taken is not set', '#ifdef A\na();\n#else\nb();\n#endif\n#ifndef A // B\nc();\n#endif', 'a();'],
    ['nor is it otherwise', '#if !defined(A)\na();\n#endif\n#if A\nb();\n#else\nc();\n#endif', 'a();c();'],
    ['what was not taken', '#if A > 1\na();\n#elif B\nb();\n#endif\n#ifdef B\nc();\n#endif', 'a();c();'],
    [
      'not both sides of a number',
      '#if V >= K(5, 10)\na();\n#endif\n#if V < K(5,10)\nb();\n#else\nc();\n#endif',
      'a();c();',
    ],
    ['one number only', '#if W == 64\na();\n#endif\n#if W == 32\nb();\n#elif W != 64\nc();\n#endif', 'a();'],
    ['statement gone', 'if (a)\n#if 0\nb();\n#endif', 'if(a);'],
  ])('inside a function: %s', (_, source, expected) => {
    expect(body(source)).toBe(tight(expected));
  });

  test('each function takes its own arms', () => {
    const source = 'void f(void)\n{\n#ifdef A\n\ta();\n#endif\n}\nvoid g(void)\n{\n#ifndef A\n\tb();\n#endif\n}\n';
    expect(masked(source)).toMatch(/a\(\);.*b\(\);/s);
  });

  test('at top level whole definitions stay, halves of one do not', () => {
    expect(masked('#ifdef A\nint f(void) { return 1; }\n#else\nint f(void) { return 2; }\n#endif\n')).toMatch(
      /1.*\s+.*2/s,
    );
    const half = masked('#ifdef A\nint f(int a)\n#else\nint f(int b)\n#endif\n{\n}\n');
    expect(half).toContain('int a');
    expect(half).not.toContain('int b');
  });
});

describe('annotations', () => {
  test.each([
    ['void __iomem *p = q;', 'void *p = q;'],
    ['x = (__force u32)y;', 'x =(u32)y;'],
    ['u32 x __maybe_unused;', 'u32 x;'],
    ['u8 b[4] __aligned(8) = { 0 };', 'u8 b[4] = { 0 };'],
    ['struct s *p __free(kfree) = q;', 'struct s *p = q;'],
    ['struct a __unheard_of *p;', 'struct a *p;'],
    ['int __unheard_of x;', 'int x;'],
    ['u32 *RESTRICT const x = y;', 'u32 *const x = y;'],
    ['__le32 x = __cpu(y);', '__le32 x = __cpu(y);'],
    ['u32 __x = 1;', 'u32 __x = 1;'],
    ['if (a) __free_it(b);', 'if(a)__free_it(b);'],
    ['__release(lock);', '__release(lock);'],
    ['struct s x __attribute__((aligned(8), packed));', 'struct s x;'],
    ['asm volatile("nop" : "=r"(x) : "r"(y) : "memory");', ';'],
    ['typeof(*p) *q = p;', 'typeof *q = p;'],
  ])('%s', (source, expected) => {
    expect(body(source)).toBe(tight(expected));
  });

  test('EDK2 headers', () => {
    const source =
      'STATIC\nEFI_STATUS\nEFIAPI\nMap (\n  IN     PROTOCOL *This,\n  IN OUT UINTN *Bytes OPTIONAL,\n  OUT CONST VOID **Mapping\n  )\n{\n  goto OUT;\nOUT:\n  return This->IN;\n}\n';
    expect(masked(source, 'edk2')).toBe(
      tight(
        'static EFI_STATUS Map(PROTOCOL *This, UINTN *Bytes, const VOID **Mapping) { goto OUT; OUT: return This->IN; }',
      ),
    );
  });

  test.each([
    [
      'static __init noinline int f(struct s __user *p, ODD u32 a)\n\t__must_hold(&a)\n\t__odd(b)\n{\n}',
      'static int f(struct s *p, u32 a) { }',
    ],
    ['asmlinkage irqreturn_t f(int a) { }', 'irqreturn_t f(int a) { }'],
    ['static ODD irqreturn_t f(int odd a) { }', 'static irqreturn_t f(int a) { }'],
    ['SYSCALL_DEFINE2(name, int, a) { }', 'int ALL_DEFINE2(name, int, a) { }'],
    ['static int f(a, b)\nint a;\nchar *b;\n{\n}', 'static int f(a, b) int a; char *b; { }'],
    ['static LIST_OF(s) *f(int a) { }', 'static LIST_OF(s) *f(int a) { }'],
  ])('headers lose what is no type, name or parameter: %s', (source, expected) => {
    expect(masked(source)).toBe(tight(expected));
  });
});

describe('statements', () => {
  test.each([
    ['list_for_each_entry(a, &b, c) {\nd();\n}', 'while(a,&b,c){ d();}'],
    ['list_for_each_entry(a, &b, c)\n\t\td();', 'while(a,&b,c)d();'],
    ['for_each_x(a) for_each_y(b)\n\t\tc();', 'while(a)while(b)c();'],
    ['scoped_guard(mutex, &m) {\nd();\n}', 'while(mutex,&m){ d();}'],
    ['each(a) {\nb();\n}', 'if(a){ b();}'],
    ['unrolled_for(i = 0; i < n; i++) {\nb();\n}', 'for(i = 0;i < n;i++){ b();}'],
    ['IF_SET(a) {\nb();\n} else\nc();', 'if(a){ b();} else c();'],
    ['forever {\nb();\n}', '{ b();}'],
    ['FOREVER () {\nb();\n}', 'while(1){ b();}'],
    ['MACRO(a)\n\tb();', 'MACRO(a);b();'],
    ['if (a)\n\t\tMACRO(b)\n\telse\n\t\tc();', 'if(a)MACRO(b);else c();'],
    ['BEGIN\n\tif (a) b();', 'BEGIN;if(a)b();'],
    ['a();\nout:\n\t', 'a();out:;'],
    ['switch (a) { case 1 ... 5: b(); }', 'switch(a){ case 1 || 5: b();}'],
    ['goto *table[i];', 'table[i];'],
    ['p = &&label;', 'p = &label;'],
    ['if likely(a) b();', 'if(a)b();'],
    ['guard(mutex)(&lock);', 'guard(mutex)(&lock);'],
    ['CODE (\n\ta = 1;\n\tb ();\n\t);', '{ a = 1;b();};'],
    ['static DEFINE_X(lock);', 'DEFINE_X(lock);'],
    ['DECLARE_BITMAP(a, 8) = { 0 };', 'DECLARE_BITMAP(a,8);'],
    ['status_t (*call)(int) = g;', 'int(*call)(int)= g;'],
  ])('%s', (source, expected) => {
    expect(body(source)).toBe(tight(expected));
  });
});

describe('arguments', () => {
  test.each([
    ['p = container_of(q, struct s, m);', 'p = container_of(q,s,m);'],
    ['p = kzalloc(sizeof(struct s), GFP_KERNEL);', 'p = kzalloc(sizeof(struct s),GFP_KERNEL);'],
    ['n = min_t(unsigned int, a, b);', 'n = min_t(UNSIGNED,a,b);'],
    ['n = min_t(size_t, a, b);', 'n = min_t(SIZE_T,a,b);'],
    ['p = va_arg(ap, const char *);', 'p = va_arg(ap,CHAR);'],
    ['p = VA_ARG (Marker, CHAR16 *);', 'p = VA_ARG(Marker,CHAR16);'],
    ['for_each_x(struct s *p, list) {\na();\n}', 'while(p,list){ a();}'],
    ['n = offsetof(struct s, a.b[2]);', 'n = OFFSETOF(s,a.b[2]);'],
    ['check(a, <=, b);', 'check(a,__,b);'],
    ['check(a, return -1);', 'check(a,-1);'],
    ['check(a, break);', 'check(a,BREAK);'],
    ['check(a, , b);', 'check(a,b);'],
    ['check(a, { 1, 2 });', 'check(a,0);'],
    ['wait(a, ({ b(); c; }));', 'wait(a,({ b();c;}));'],
    ['has(chip, 5705_PLUS);', 'has(chip,_705_PLUS);'],
    ['print(LEVEL PREFIX "a" FMT "b");', 'print(PREFIX "a" FMT "b");'],
    ['print("a" __stringify(B) "c");', 'print("a" __stringify "c");'],
    ['g((u32)(int)a, (struct s *)b);', 'g((u32)(int)a,(struct s *)b);'],
    ['int g(int a);', 'int g(int a);'],
    ['void (*g)(struct s *, int) = h;', 'void(*g)(struct s *,int)= h;'],
  ])('%s', (source, expected) => {
    expect(body(source)).toBe(tight(expected));
  });
});

/** Plain C: nothing in it is to be masked. */
const name = fc.constantFrom('a', 'ring', 'dev', 'len', 'pciio', 'x1');
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    name,
    fc.nat(99).map(String),
    fc
      .tuple(tie('expression'), fc.constantFrom('+', '*', '&&', '==', '<<'), tie('expression'))
      .map((parts) => parts.join(' ')),
    fc.tuple(name, fc.array(tie('expression'), { maxLength: 3 })).map(([f, args]) => `call_${f}(${args.join(', ')})`),
    fc.tuple(name, name).map(([a, b]) => `${a}->${b}[0]`),
    tie('expression').map((inner) => `(${inner})`),
    name.map((type) => `sizeof(struct ${type})`),
  ),
}));
const { statement } = fc.letrec<{ statement: string }>((tie) => ({
  statement: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.tuple(name, expression).map(([a, e]) => `${a} = ${e};`),
    expression.map((e) => `do_it(${e});`),
    expression.map((e) => `return ${e};`),
    fc.tuple(name, expression).map(([a, e]) => `struct s *p_${a} = ${e};`),
    fc.tuple(expression, tie('statement')).map(([e, s]) => `if (${e}) {\n${s}\n} else {\n${s}\n}`),
    fc.tuple(expression, tie('statement')).map(([e, s]) => `for (i = 0; ${e}; i++)\n\t${s}`),
    fc.tuple(expression, tie('statement')).map(([e, s]) => `switch (${e}) {\ncase 1:\n${s}\nbreak;\ndefault:\n${s}\n}`),
    tie('statement').map((s) => `do {\n${s}\n} while (0);`),
    fc.tuple(name, tie('statement')).map(([l, s]) => `label_${l}:\n${s}`),
  ),
}));
const plainFunction = fc
  .tuple(name, fc.array(statement, { maxLength: 6 }))
  .map(([f, statements]) => `static int fn_${f}(struct device *dev, u32 len)\n{\n\t${statements.join('\n\t')}\n}\n`);

/** Anything that C is made of, in any order. */
const soup = fc
  .array(
    fc.constantFrom(
      ...'int static struct if else for while ( ) ( ) { } { } ; ; , * = : ? [ ] & && -> . ... 0 5705_PLUS "a" \'b\' L"é" x y MACRO list_for_each __iomem __user __odd __aligned IN OUT OPTIONAL EFIAPI STATIC asm typeof return case default goto'.split(
        ' ',
      ),
      '\n',
      '\r\n',
      '\n#if 0\n',
      '\n#ifdef A\n',
      '\n#else\n',
      '\n#endif\n',
      '\n#define M(x) x \\\n + 1\n',
      '/* c */',
      '"\\\r\nx"',
      '"x\\\r\n\r\n',
      '// d\n',
      '/*',
      '"',
      '\\',
      '\n}\n',
      'int f(int a)\n{\n',
      '😀',
      '\ud800',
    ),
    { maxLength: 80 },
  )
  .map((parts) => parts.join(' '));

/** Whether a word of the masked text may stand where the source has `original`. */
function isKept(word: string, original: string): boolean {
  if (word.toLowerCase() === original.toLowerCase()) return true;
  return /^(?:while|if|for|int|_+)$/.test(word) || word === `_${original.slice(1)}`;
}

describe('any text', () => {
  const source = fc.oneof(soup, fc.string({ unit: 'binary', maxLength: 200 }), plainFunction);
  const dialect = fc.constantFrom<Dialect>('linux', 'edk2');

  test('keeps its length and its line breaks', () => {
    fc.assert(
      fc.property(source, dialect, (text, d) => {
        const result = maskSource(text, d);
        expect(result.length).toBe(text.length);
        expect(result.replace(/[^\r\n]/g, ' ')).toBe(text.replace(/[^\r\n]/g, ' '));
      }),
      { numRuns: 500 },
    );
  });

  test('keeps every identifier that is not masked, and gets no new ones', () => {
    fc.assert(
      fc.property(source, dialect, (text, d) => {
        const result = maskSource(text, d);
        for (const match of result.matchAll(/[A-Za-z_]\w*/g)) {
          const original = text.slice(match.index, match.index + match[0].length);
          expect([match[0], original]).toSatisfy(([word = '', source = '']: string[]) => isKept(word, source));
        }
      }),
      { numRuns: 500 },
    );
  });

  test('plain C stays as it is', () => {
    fc.assert(
      fc.property(plainFunction, dialect, (text, d) => {
        expect(maskSource(text, d)).toBe(text);
      }),
    );
  });

  test('masking twice changes nothing', () => {
    fc.assert(
      fc.property(plainFunction, dialect, (text, d) => {
        const commented = text.replaceAll(';\n', '; /* note\n */ // end\n');
        const once = maskSource(commented, d);
        expect(once).toBe(commented.replace(/\/\* note\n \*\/ \/\/ end/g, (c) => c.replace(/[^\n]/g, ' ')));
        expect(maskSource(once, d)).toBe(once);
      }),
    );
  });
});

test('size and depth do not matter', () => {
  const sources = [
    `int f(void)\n${'{'.repeat(100_000)}\n`,
    `int f(void)\n{\n${'('.repeat(100_000)}\n`,
    `int f(void)\n{\n${'a('.repeat(100_000)}\n`,
    `int f(void)\n{\n${'['.repeat(100_000)}${')'.repeat(100_000)}\n`,
    `${'#if A\n'.repeat(50_000)}int a;\n${'#endif\n'.repeat(50_000)}`,
    'int f(void) {\n'.repeat(20_000),
    `int x[] = { ${'0, '.repeat(300_000)} };`,
    `${'__attribute__(('.repeat(50_000)}`,
  ];
  for (const text of sources) expect(maskSource(text, 'linux')).toHaveLength(text.length);
});
