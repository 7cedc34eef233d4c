import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Dialect } from './dialect.ts';
import type { TopLevelItem } from './items.ts';
import { maskSource } from './mask.ts';
import { sliceTopLevel } from './slice.ts';

function slice(text: string, dialect: Dialect = 'linux'): readonly TopLevelItem[] {
  return sliceTopLevel(text, maskSource(text, dialect));
}

function names(text: string, dialect: Dialect = 'linux'): string[] {
  return slice(text, dialect).map(({ kind, name }) => `${kind} ${name}`);
}

function only<K extends TopLevelItem['kind']>(text: string, kind: K): Extract<TopLevelItem, { kind: K }> {
  const items = slice(text).filter((item): item is Extract<TopLevelItem, { kind: K }> => item.kind === kind);
  const [item] = items;
  if (items.length !== 1 || item === undefined) throw new Error(`${items.length} items of kind ${kind}`);
  return item;
}

const DRIVER = `// SPDX-License-Identifier: GPL-2.0
#include <linux/dma-mapping.h>
#include "ring.h"

#define RING_SIZE 256
#define ring_map(r, p, len) \\
	dma_map_single((r)->dev, (p), (len), DMA_TO_DEVICE)

struct ring {
	struct device *dev;
	void __iomem *regs, *base;
	dma_addr_t dma[RING_SIZE];
	u32 ready:1, full:1;
	int (*start)(struct ring *r, int n);
	union {
		u64 raw;
		struct { u32 low, high; } half;
	};
	DECLARE_BITMAP(used, RING_SIZE);
	struct_group(stats, u64 packets; u64 bytes;);
	u8 tail[];
} __packed;

typedef struct ring ring_t;
static DEFINE_SPINLOCK(lock);
static int count, limit = 4;
static int ring_open(struct net_device *dev);

static int __init ring_open(struct net_device *dev)
{
	return 0;
}

static const struct net_device_ops ring_ops = {
	.ndo_open = ring_open,
	.ndo_stop	= &ring_stop,
};

static struct pci_driver ring_driver = {
	.name = "ring",
	.probe = ring_probe,
	.remove = __exit_p(ring_remove),
	.driver = { .pm = pm_sleep_ptr(&ring_pm) },
};

module_pci_driver(ring_driver);
MODULE_LICENSE("GPL");
`;

test('a driver in its parts', () => {
  expect(names(DRIVER)).toEqual([
    'include linux/dma-mapping.h',
    'include ring.h',
    'macro RING_SIZE',
    'macro ring_map',
    'struct ring',
    'typedef ring_t',
    'other DEFINE_SPINLOCK',
    'variable count',
    'other ring_open',
    'function ring_open',
    'table ring_ops',
    'table ring_driver',
    'other module_pci_driver',
    'other MODULE_LICENSE',
  ]);
});

describe('functions', () => {
  test('carry their ranges', () => {
    const fn = only(DRIVER, 'function');
    expect(DRIVER.slice(fn.start, fn.end)).toMatch(/^static int __init ring_open[\s\S]*\}$/);
    expect(DRIVER.slice(fn.bodyStart, fn.bodyEnd)).toBe('{\n\treturn 0;\n}');
    expect(DRIVER.slice(fn.parameters.start, fn.parameters.end)).toBe('struct net_device *dev');
    expect(fn).toMatchObject({ isStatic: true, returnType: 'int' });
  });

  test.each([
    ['EFI_STATUS\nEFIAPI\nStart (\n  IN VOID *This\n  )\n{\n}\n', 'Start', 'EFI_STATUS'],
    ['struct s *f(int a) { }', 'f', 'struct s *'],
    ['void (*f(int a))(int)\n{\n}', 'f', 'void *'],
    ['int f(a, b)\nint a, b;\n{\n}', 'f', 'int'],
    ['SYSCALL_DEFINE2(name, int, a)\n{\n}', 'SYSCALL_DEFINE2', ''],
    ['static int UVERBS_HANDLER(QUERY)(struct s *attrs)\n{\n}', 'UVERBS_HANDLER(QUERY)', 'int'],
    ['MODULE_X("a")\nstatic int f(void)\n\t__must_hold(x)\n{\n}', 'f', 'int'],
    ['LIST_OF(s) *f(void)\n{\n}', 'f', 'LIST_OF s *'],
  ])('%s', (text, name, returnType) => {
    expect(only(text, 'function')).toMatchObject({ name, returnType });
  });

  test('of each arm of a conditional are seen', () => {
    const text = '#ifdef A\nint f(void) { return 1; }\n#else\nint f(void) { return 2; }\n#endif\nint g(void) { }';
    expect(names(text)).toEqual(['function f', 'function f', 'function g']);
  });

  test('inside extern "C" are at top level', () => {
    const text = '#ifdef __cplusplus\nextern "C" {\n#endif\nint f(void) { }\n#ifdef __cplusplus\n}\n#endif\n';
    expect(names(text)).toEqual(['function f']);
    expect(names('extern "C" {\nint f(void) { }\nint x;\n}\nint y;')).toEqual([
      'function f',
      'variable x',
      'variable y',
    ]);
  });
});

describe('half-typed code', () => {
  const before = 'static int before(void)\n{\n\treturn 0;\n}\n\n';
  const after = '\nstruct s {\n\tint a;\n};\n\nstatic int after(void)\n{\n\treturn 1;\n}\n';
  test.each([
    ['an open block', 'int broken(int a)\n{\n\tif (a) {\n\t\tb();\n}\n'],
    ['an open call', 'int broken(int a)\n{\n\tb(a,\n}\n'],
    ['an open string', 'int broken(int a)\n{\n\tb("a\n}\n'],
    ['an open initialiser', 'int broken(int a)\n{\n\tint x[] = { 1,\n}\n'],
    ['one brace too many', 'int broken(int a)\n{\n\t}\n}\n'],
  ])('%s ends with its function', (_, broken) => {
    const found = names(before + broken + after);
    expect(found).toEqual(['function before', 'function broken', 'struct s', 'function after']);
  });

  test.each([
    ['a header', 'int broken(int a'],
    ['a body without end', 'int broken(int a)\n{\n\tif (a) {\n'],
    ['a struct', 'struct broken {\n\tint a'],
    ['a table', 'static struct ops broken = {\n\t.a = b,'],
    ['a macro call', 'BROKEN(a, b'],
  ])('%s does not hide the next function', (_, broken) => {
    expect(names(`${before}${broken}\n\nstatic int after(void)\n{\n}\n`)).toContain('function after');
  });

  test('every prefix of a file gives the functions before it', () => {
    const whole = before + DRIVER;
    for (let end = before.length; end <= whole.length; end += 7) {
      expect(names(whole.slice(0, end))).toContain('function before');
    }
  });
});

describe('structs', () => {
  test('fields', () => {
    const fields = only(DRIVER, 'struct').fields.map((f) => [
      f.name,
      f.type,
      f.isPointer ? '*' : '',
      f.arrayLength === null ? '' : `[${f.arrayLength}]`,
    ]);
    expect(fields).toEqual([
      ['dev', 'struct device', '*', ''],
      ['regs', 'void', '*', ''],
      ['base', 'void', '*', ''],
      ['dma', 'dma_addr_t', '', '[RING_SIZE]'],
      ['ready', 'u32', '', ''],
      ['full', 'u32', '', ''],
      ['start', 'int', '*', ''],
      ['raw', 'u64', '', ''],
      ['half', 'struct', '', ''],
      ['half.low', 'u32', '', ''],
      ['half.high', 'u32', '', ''],
      ['used', 'DECLARE_BITMAP', '', ''],
      ['packets', 'u64', '', ''],
      ['bytes', 'u64', '', ''],
      ['tail', 'u8', '', '[]'],
    ]);
  });

  test('EDK2 typedefs', () => {
    const text =
      'typedef struct {\n  UINTN Signature;\n  EFI_PCI_IO_PROTOCOL *PciIo;\n  VOID *Map OPTIONAL;\n} DEVICE, *PDEVICE;\ntypedef struct _A A;\ntypedef\nEFI_STATUS\n(EFIAPI *CALL)(\n  IN UINTN Number\n  );\n';
    const [device, alias, call] = slice(text, 'edk2');
    expect(device).toMatchObject({ kind: 'struct', name: 'DEVICE', aliases: ['PDEVICE'] });
    expect(device?.kind === 'struct' && device.fields.map((f) => `${f.type} ${f.name}`)).toEqual([
      'UINTN Signature',
      'EFI_PCI_IO_PROTOCOL PciIo',
      'VOID Map',
    ]);
    expect(alias).toMatchObject({ kind: 'typedef', name: 'A', type: 'struct _A' });
    expect(call).toMatchObject({ kind: 'typedef', name: 'CALL', type: 'EFI_STATUS' });
  });
});

describe('tables', () => {
  function entries(text: string): string[] {
    return only(text, 'table').entries.map((e) => `${e.member ?? e.index}: ${e.value}`);
  }

  test('members, by name and by position', () => {
    expect(entries('struct ops o = { .a = f, .b = &g, .c = (cast_t)h, .d = 1, .e = x + y, .f = "s" };')).toEqual([
      'a: f',
      'b: g',
      'c: h',
    ]);
    expect(entries('BINDING gBinding = { Supported, Start, Stop, 0x10, NULL, NULL };')).toEqual([
      '0: Supported',
      '1: Start',
      '2: Stop',
      '4: NULL',
      '5: NULL',
    ]);
    expect(entries('struct ops o = { a: f, b: g };')).toEqual(['a: f', 'b: g']);
  });

  test('inner tables, wrappers and macros', () => {
    expect(
      entries(
        'static const struct drv d[] = { [A] = { .driver = { .pm = pm_ptr(&p) } }, { SET_PM(suspend, resume) .remove = __exit_p(r), }, };',
      ),
    ).toEqual(['driver.pm: p', 'SET_PM: suspend', 'SET_PM: resume', 'remove: r']);
    expect(entries('struct drv d = { SET_PM(suspend, resume), .remove = __exit_p(r) };')).toEqual([
      'SET_PM: suspend',
      'SET_PM: resume',
      'remove: r',
    ]);
    expect(only('define_machine(board) {\n\t.probe = f,\n};', 'table')).toMatchObject({
      name: 'board',
      type: 'define_machine',
      entries: [{ member: 'probe', value: 'f' }],
    });
  });

  test('ranges', () => {
    const text = 'struct ops o = { .a = f };';
    const [entry] = only(text, 'table').entries;
    expect(text.slice(entry?.start, entry?.end)).toBe('.a = f');
  });
});

test('macros', () => {
  const macros = slice(
    '#define A\n#define B 1 /* c */\n# define C(x, y...) \\\n\t((x) + \\\n\t 1)\n#define D (1)\n/*\n#define E\n*/\n',
  );
  expect(macros.map((m) => m.kind === 'macro' && [m.name, m.parameters?.join()])).toEqual([
    ['A', undefined],
    ['B', undefined],
    ['C', 'x,y...'],
    ['D', undefined],
  ]);
  const text = '#define C(x) \\\n\tf(x)\n';
  const macro = only(text, 'macro');
  expect(text.slice(macro.body.start, macro.body.end)).toBe('f(x)');
});

describe('any text', () => {
  const part = fc.constantFrom(
    ...'int static struct s { } ( ) ; , = * x y f #define #if #endif #else "a" [ ] : typedef enum extern "C" .a /* */'.split(
      ' ',
    ),
    '\n',
    '\n}\n',
    '\nint f(int a)\n{\n',
    '\nstruct s {\n',
    '\nstatic struct ops o = {\n',
    '\n#define M(x) \\\n x\n',
  );
  const text = fc.oneof(
    fc.array(part, { maxLength: 80 }).map((parts) => parts.join(' ')),
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.nat(DRIVER.length).map((end) => DRIVER.slice(0, end)),
  );

  test('gives items in order that do not overlap', () => {
    fc.assert(
      fc.property(text, fc.constantFrom<Dialect>('linux', 'edk2'), (source, dialect) => {
        let end = 0;
        let start = 0;
        for (const item of slice(source, dialect)) {
          expect(item.start).toBeGreaterThanOrEqual(start);
          expect(item.end).toBeGreaterThan(item.start);
          expect(item.end).toBeLessThanOrEqual(source.length);
          start = item.start;
          if (item.kind === 'macro' || item.kind === 'include') continue;
          expect(item.start).toBeGreaterThanOrEqual(end);
          end = item.end;
          if (item.kind !== 'function') continue;
          expect(source[item.bodyStart]).toBe('{');
          expect(item.parameters.end).toBeLessThanOrEqual(item.bodyStart);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('size and depth do not matter', () => {
    const sources = [
      `int x = ${'{'.repeat(100_000)}`,
      `struct s {\n${'struct {\n'.repeat(50_000)}`,
      `struct s o = ${'{ .a = '.repeat(50_000)}f`,
      'int f(void) {\n}\n'.repeat(30_000),
      'int f(void)\n{\n\tif (a) {\n}\n'.repeat(20_000),
      'f() {{\n}\n'.repeat(20_000),
      `#define A ${'x '.repeat(300_000)}`,
    ];
    for (const source of sources) expect(slice(source).length).toBeGreaterThan(0);
  });
});
