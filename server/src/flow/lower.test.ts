import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskSource } from '../source/index.ts';
import { createParser } from '../syntax/index.ts';
import { type Expression, type FunctionGraph, type Instruction, lowerFunction, type Terminator } from './index.ts';

const parser = await createParser();
const options = { transparent: new Set(['likely', 'unlikely']), noReturn: new Set(['panic']) };

function lower(definition: string): FunctionGraph {
  return lowerFunction(parser.parse(maskSource(definition, 'linux'), 0), definition, options);
}

function show(e: Expression): string {
  switch (e.kind) {
    case 'name':
      return e.name;
    case 'temporary':
      return `#${e.index}`;
    case 'number':
      return e.text;
    case 'string':
      return '"…"';
    case 'member':
      return `${show(e.object)}${e.arrow ? '->' : '.'}${e.field}`;
    case 'index':
      return `${show(e.object)}[${show(e.index)}]`;
    case 'dereference':
      return `*${show(e.object)}`;
    case 'address-of':
      return `&${show(e.object)}`;
    case 'unary':
      return `${e.operator}${show(e.operand)}`;
    case 'binary':
      return `(${show(e.left)} ${e.operator} ${show(e.right)})`;
    case 'cast':
      return `<${e.type}>${show(e.operand)}`;
    case 'sizeof':
      return e.text;
    case 'aggregate':
      return `{${e.parts.map((p) => `${p.path === null ? '' : `${p.path}=`}${show(p.value)}`).join(', ')}}`;
    case 'opaque':
      return '?';
  }
}

function showInstruction(i: Instruction): string {
  switch (i.kind) {
    case 'set':
      return `${show(i.target)} = ${show(i.value)}`;
    case 'call':
      return `#${i.result} = ${show(i.callee)}(${i.arguments.map(show).join(', ')})`;
    case 'local':
      return `${i.isStatic ? 'static ' : ''}${i.type} ${i.name}${{ plain: '', pointer: '*', array: '[]' }[i.shape]}`;
    case 'evaluate':
      return show(i.value);
  }
}

/**
 * The reachable part of a function's graph as text, one line for each block that does something, in their order. `a` is the
 * first block; empty blocks that only jump on are left out. `a*` is the header of a loop.
 */
function showGraph(graph: FunctionGraph): string {
  const target = (block: number): number => {
    const seen = new Set<number>();
    let at = block;
    for (let b = graph.blocks[at]; b && !b.instructions.length && b.end.kind === 'goto' && !seen.has(at); ) {
      seen.add(at);
      at = b.end.to;
      b = graph.blocks[at];
    }
    return at;
  };
  const reached = graph.blocks
    .map((_, block) => block)
    .filter((block) => (graph.order[block] ?? -1) >= 0 && target(block) === block)
    .sort((a, b) => (graph.order[a] ?? 0) - (graph.order[b] ?? 0));
  const headers = new Set(graph.loops.map((l) => target(l.header)));
  const letter = (block: number): string => String.fromCharCode(97 + reached.indexOf(target(block)));
  const end = (t: Terminator): string => {
    switch (t.kind) {
      case 'goto':
        return `→ ${letter(t.to)}`;
      case 'branch':
        return `${show(t.condition)} ? ${letter(t.whenTrue)} : ${letter(t.whenFalse)}`;
      case 'switch':
        return `switch ${show(t.value)} {${t.cases.map((c) => `${show(c.value)} → ${letter(c.to)}, `).join('')}else → ${letter(t.otherwise)}}`;
      case 'iterate':
        return `${t.macro} (${t.arguments.map(show).join(', ')}) ? ${letter(t.body)} : ${letter(t.exit)}`;
      case 'return':
        return t.value ? `return ${show(t.value)}` : 'return';
      case 'stop':
        return 'stop';
    }
  };
  return reached
    .map((block) => {
      const b = graph.blocks[block];
      const parts = b ? [...b.instructions.map(showInstruction), end(b.end)] : [];
      return `${letter(block)}${headers.has(block) ? '*' : ''}: ${parts.join('; ')}`;
    })
    .join('\n');
}

/** The graph of a function with this body. What is not understood is told in the last line. */
function graph(body: string): string {
  const lowered = lower(`int f(struct s *p, int a, int b)\n{\n${body}\n}\n`);
  return `${showGraph(lowered)}${lowered.problems.map((p) => `\n! ${p}`).join('')}`;
}

describe('conditions', () => {
  it('short-circuit && and || into branches', () => {
    expect(graph('if (a && g(b)) x(); else y(); z();')).toMatchInlineSnapshot(`
      "a: a ? b : d
      b: #0 = g(b); #0 ? c : d
      c: #1 = x(); → e
      d: #2 = y(); → e
      e: #3 = z(); return"
    `);
    expect(graph('if (!(a || g(b))) return 1; return 2;')).toMatchInlineSnapshot(`
      "a: a ? c : b
      b: #0 = g(b); #0 ? c : d
      c: return 2
      d: return 1"
    `);
    expect(graph('if (a && (b || p->c)) x();')).toMatchInlineSnapshot(`
      "a: a ? b : e
      b: b ? d : c
      c: p->c ? d : e
      d: #0 = x(); → e
      e: return"
    `);
  });

  it('see through macros that give back their argument', () => {
    expect(graph('if (unlikely(!g(a) || b)) x();')).toMatchInlineSnapshot(`
      "a: #0 = g(a); #0 ? b : c
      b: b ? c : d
      c: #1 = x(); → d
      d: return"
    `);
  });

  it('evaluate assignments before they are tested', () => {
    expect(graph('if ((a = g(b)) < 0) return a;')).toMatchInlineSnapshot(`
      "a: #0 = g(b); a = #0; (a < 0) ? b : c
      b: return a
      c: return"
    `);
    expect(graph('if (x(), a) y();')).toMatchInlineSnapshot(`
      "a: #0 = x(); a ? b : c
      b: #1 = y(); → c
      c: return"
    `);
  });

  it('make a truth value where one is wanted: the right side only runs if the left says so', () => {
    expect(graph('a = b && g(b);')).toMatchInlineSnapshot(`
      "a: b ? b : d
      b: #1 = g(b); #1 ? c : d
      c: #0 = 1; → e
      d: #0 = 0; → e
      e: a = #0; return"
    `);
    expect(graph('return a || p->c;')).toMatchInlineSnapshot(`"a: return (a || p->c)"`);
  });

  it('call only in the arm that is taken', () => {
    expect(graph('a = b ? g(1) : h(2); x(a);')).toMatchInlineSnapshot(`
      "a: b ? b : c
      b: #1 = g(1); #0 = #1; → d
      c: #2 = h(2); #0 = #2; → d
      d: a = #0; #3 = x(a); return"
    `);
    expect(graph('x(a ? b : 0, a > 1 ? 2 : 3);')).toMatchInlineSnapshot(`
      "a: a ? b : c
      b: #0 = b; → d
      c: #0 = 0; → d
      d: (a > 1) ? e : f
      e: #1 = 2; → g
      f: #1 = 3; → g
      g: #2 = x(#0, #1); return"
    `);
  });

  it('give back the condition of `a ?: b`', () => {
    expect(graph('return p->c ?: g();')).toMatchInlineSnapshot(`
      "a: p->c ? b : c
      b: #0 = p->c; → d
      c: #1 = g(); #0 = #1; → d
      d: return #0"
    `);
  });

  it('evaluate the condition of `g() ?: b` once', () => {
    expect(graph('return g() ?: b;')).toMatchInlineSnapshot(`
      "a: #1 = g(); #1 ? b : c
      b: #0 = #1; → d
      c: #0 = b; → d
      d: return #0"
    `);
  });
});

describe('jumps', () => {
  it('goto ladders fall from label to label', () => {
    expect(
      graph('if (g()) goto out; if (h()) goto undo_g; return 0; undo_g: ungo(); out: done(); return 1;'),
    ).toMatchInlineSnapshot(`
      "a: #0 = g(); #0 ? d : b
      b: #1 = h(); #1 ? c : e
      c: #2 = ungo(); → d
      d: #3 = done(); return 1
      e: return 0"
    `);
  });

  it('goto backwards makes a loop', () => {
    expect(graph('again: if (g()) goto again; return 0;')).toMatchInlineSnapshot(`
      "a*: #0 = g(); #0 ? a : b
      b: return 0"
    `);
  });

  it('code after a return is not reached, a label behind it is', () => {
    expect(graph('return g(); x(); l: y();')).toMatchInlineSnapshot(`"a: #0 = g(); return #0"`);
    expect(graph('if (a) goto l; return 0; x(); l: y();')).toMatchInlineSnapshot(`
      "a: a ? b : c
      b: #1 = y(); return
      c: return 0"
    `);
  });

  it('calls that never return end the path, ASSERT only when it is sure to fail', () => {
    expect(graph('if (a) panic("no"); x();')).toMatchInlineSnapshot(`
      "a: a ? b : c
      b: #0 = panic("…"); stop
      c: #1 = x(); return"
    `);
    expect(graph('if (a) ASSERT (FALSE); x();')).toMatchInlineSnapshot(`
      "a: a ? b : c
      b: #0 = ASSERT(0); stop
      c: #1 = x(); return"
    `);
    expect(graph('if (a) ASSERT (b); x();')).toMatchInlineSnapshot(`
      "a: a ? b : c
      b: #0 = ASSERT(b); → c
      c: #1 = x(); return"
    `);
  });
});

describe('switch', () => {
  it('falls through, and goes on behind it when no case fits', () => {
    expect(graph('switch (g()) { case 1: x(); case 2: y(); break; case A: return 3; } z();')).toMatchInlineSnapshot(`
      "a: #0 = g(); → b
      b: switch #0 {1 → c, 2 → d, A → e, else → f}
      c: #1 = x(); → d
      d: #2 = y(); → f
      e: return 3
      f: #3 = z(); return"
    `);
  });

  it('takes default wherever it stands', () => {
    expect(graph('switch (a) { default: x(); break; case 1: case 2: y(); } z();')).toMatchInlineSnapshot(`
      "a: switch a {1 → b, 2 → b, else → c}
      b: #1 = y(); → d
      c: #0 = x(); → d
      d: #2 = z(); return"
    `);
  });

  it('leaves continue to the loop around it', () => {
    expect(graph('while (a) { switch (b) { case 1: continue; case 2: break; } x(); }')).toMatchInlineSnapshot(`
      "a*: a ? b : d
      b: switch b {1 → a, 2 → c, else → c}
      c: #0 = x(); → a
      d: return"
    `);
  });
});

describe('loops', () => {
  it('while and for', () => {
    expect(graph('while (g()) x(); y();')).toMatchInlineSnapshot(`
      "a*: #0 = g(); #0 ? b : c
      b: #1 = x(); → a
      c: #2 = y(); return"
    `);
    expect(
      graph('for (int i = 0; i < a; i++) { if (g(i)) break; if (h(i)) continue; x(i); } y();'),
    ).toMatchInlineSnapshot(`
      "a: int i; i = 0; → b
      b*: (i < a) ? c : g
      c: #0 = g(i); #0 ? g : d
      d: #1 = h(i); #1 ? f : e
      e: #2 = x(i); → f
      f: #3 = i; i = (i + 1); → b
      g: #4 = y(); return"
    `);
    expect(graph('for (;;) x();')).toMatchInlineSnapshot(`"a*: #0 = x(); → a"`);
  });

  it('do … while runs its body first; continue goes to the test', () => {
    expect(graph('do { if (a) continue; x(); } while (g()); y();')).toMatchInlineSnapshot(`
      "a*: a ? c : b
      b: #0 = x(); → c
      c: #1 = g(); #1 ? a : d
      d: #2 = y(); return"
    `);
  });

  it('do … while (0) is a block', () => {
    const lowered = lower('int f(int a)\n{\ndo { if (a) break; x(); } while (0);\ny();\n}\n');
    expect(lowered.loops).toEqual([]);
    expect(showGraph(lowered)).toMatchInlineSnapshot(`
      "a: a ? c : b
      b: #0 = x(); → c
      c: #1 = y(); return"
    `);
  });

  it('iterator macros run their body an unknown number of times', () => {
    expect(graph('list_for_each_entry(p, &q->list, node) { if (a) break; x(p); } y();')).toMatchInlineSnapshot(`
      "a*: list_for_each_entry (p, &q->list, node) ? b : d
      b: a ? d : c
      c: #0 = x(p); → a
      d: #1 = y(); return"
    `);
  });

  it('counted downwards test before they count', () => {
    expect(graph('while (a--) x(a); y();')).toMatchInlineSnapshot(`
      "a*: #0 = a; a = (a - 1); #0 ? b : c
      b: #1 = x(a); → a
      c: #2 = y(); return"
    `);
    expect(graph('while (--a >= 0) x(a);')).toMatchInlineSnapshot(`
      "a*: a = (a - 1); (a >= 0) ? b : c
      b: #0 = x(a); → a
      c: return"
    `);
  });
});

describe('effects', () => {
  it('pre- and post-increment differ in what they give', () => {
    expect(graph('x(a++); x(++a); p->c[b--] = 1;')).toMatchInlineSnapshot(
      `"a: #0 = a; a = (a + 1); #1 = x(#0); a = (a + 1); #2 = x(a); #3 = b; b = (b - 1); p->c[#3] = 1; return"`,
    );
  });

  it('compound assignments read their target', () => {
    expect(graph('p->c += g(); a <<= 2; b = a |= 1;')).toMatchInlineSnapshot(
      `"a: #0 = g(); p->c = (p->c + #0); a = (a << 2); a = (a | 1); b = a; return"`,
    );
  });

  it('chains of assignments run from right to left', () => {
    expect(graph('a = p->c = g();')).toMatchInlineSnapshot(`"a: #0 = g(); p->c = #0; a = p->c; return"`);
  });

  it('arguments are evaluated before the call, inner calls before outer ones', () => {
    expect(graph('g(h(a), k(b)->c);')).toMatchInlineSnapshot(`"a: #0 = h(a); #1 = k(b); #2 = g(#0, #1->c); return"`);
  });

  it('the comma gives its right side', () => {
    expect(graph('a = (g(), b); x(), y();')).toMatchInlineSnapshot(`"a: #0 = g(); a = b; #1 = x(); #2 = y(); return"`);
  });

  it('a macro that names a field can be assigned to', () => {
    expect(graph('sg_dma_address(sg) = a; sg_dma_len(&p->sg[0]) = b;')).toMatchInlineSnapshot(
      `"a: sg->sg_dma_address = a; &p->sg[0]->sg_dma_len = b; return"`,
    );
  });
});

describe('values', () => {
  it('locals and their initialisers', () => {
    expect(
      graph('struct s *q = NULL, v = { .x.y = a, [2] = 3, b }; int n[4]; static int once = g();'),
    ).toMatchInlineSnapshot(
      `"a: struct s q*; q = 0; struct s v; v = {.x.y=a, [2]=3, b}; int n[]; static int once; return"`,
    );
  });

  it('literals', () => {
    expect(graph('x(0x10, 010, 10UL, \'A\', -1, "a" "b", 1.5, ~0u, sizeof(struct s));')).toMatchInlineSnapshot(
      `"a: #0 = x(0x10, 010, 10UL, 'A', -1, "…", 1.5, ~0u, sizeof(structs)); return"`,
    );
    const values = lower("int f(void)\n{\nx(0x10, 010, 10UL, 0b11, 'A', -1, 1.5, 0xffffffffffffffff);\n}\n").blocks[0]
      ?.instructions[0];
    expect(values?.kind === 'call' && values.arguments.map((e) => (e.kind === 'number' ? e.value : e.kind))).toEqual([
      16,
      8,
      10,
      3,
      65,
      -1,
      null,
      null,
    ]);
  });

  it('casts that the grammar takes for products and calls', () => {
    expect(graph('x((u32)*p, (UINTN)(a), (u8)&p->c, (struct s *)a, (a)*b);')).toMatchInlineSnapshot(
      `"a: #0 = x(<u32>*p, <UINTN>a, <u8>&p->c, <struct s *>a, (a * b)); return"`,
    );
  });

  it('&*p is p', () => {
    expect(graph('x(&*p, *&a, &p->c);')).toMatchInlineSnapshot(`"a: #0 = x(p, *&a, &p->c); return"`);
  });
});

describe('the function', () => {
  it('has a name, a type and parameters', () => {
    const { name, returnType, isStatic, parameters, returned } = lower(
      'static inline struct s *get(const struct s *p, int n[4], void (*cb)(int), unsigned long v)\n{\nif (v) return p;\nreturn NULL;\n}\n',
    );
    expect({ name, returnType, isStatic }).toEqual({ name: 'get', returnType: 'struct s *', isStatic: true });
    expect(parameters.map((p) => `${p.name}:${p.shape}`)).toEqual(['p:pointer', 'n:pointer', 'cb:pointer', 'v:plain']);
    expect([...returned]).toEqual(['p']);
  });

  it('tells what it did not understand', () => {
    expect(lower('int f(void)\n{\nif (a @ b) x();\nreturn 0;\n}\n').problems).not.toEqual([]);
    expect(lower('int f(void)\n{\nif (a) x();\nreturn 0;\n}\n').problems).toEqual([]);
  });
});

const soup = fc.letrec<{ statement: string }>((tie) => {
  const expression = fc.constantFrom(
    'a',
    'g(a)',
    'a = b',
    'a++',
    '--p->c[a]',
    'a && g(b)',
    'a ? g(1) : b',
    'a ?: 2',
    '*p',
  );
  const word = fc.constantFrom(
    '{',
    '}',
    '(',
    ')',
    ';',
    'else',
    'case',
    'do',
    'while (',
    '?',
    ':',
    '@',
    'if',
    '= {',
    '"',
  );
  return {
    statement: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      expression.map((e) => `${e};`),
      fc.constantFrom(
        'break;',
        'continue;',
        'return a;',
        'goto l;',
        'goto m;',
        'l: x();',
        'case 1:',
        'default: y();',
        ';',
      ),
      fc.tuple(expression, tie('statement')).map(([e, s]) => `if (${e}) ${s}`),
      fc.tuple(expression, tie('statement'), tie('statement')).map(([e, s, t]) => `if (${e}) { ${s} } else ${t}`),
      fc.tuple(expression, tie('statement')).map(([e, s]) => `while (${e}) ${s}`),
      fc.tuple(expression, tie('statement')).map(([e, s]) => `do ${s} while (${e});`),
      fc.tuple(expression, tie('statement')).map(([e, s]) => `for (${e}; ${e}; ${e}) ${s}`),
      fc
        .tuple(expression, tie('statement'), tie('statement'))
        .map(([e, s, t]) => `switch (${e}) { case 1: ${s} ${t} }`),
      fc.tuple(tie('statement'), tie('statement')).map(([s, t]) => `{ ${s} ${t} }`),
      fc.tuple(word, tie('statement')).map(([w, s]) => `${w} ${s}`),
    ),
  };
}).statement;

describe('statement soup', () => {
  it('is lowered without an exception to a graph that is whole', () => {
    fc.assert(
      fc.property(fc.array(soup, { maxLength: 6 }), (statements) => {
        const text = `int f(struct s *p, int a, int b)\n{\n${statements.join('\n')}\n}\n`;
        const { blocks, order, loops } = lower(text);
        expect(order).toHaveLength(blocks.length);
        expect(order[0]).toBe(0);
        for (const { end, instructions } of blocks) {
          const targets =
            end.kind === 'goto'
              ? [end.to]
              : end.kind === 'branch'
                ? [end.whenTrue, end.whenFalse]
                : end.kind === 'switch'
                  ? [...end.cases.map((c) => c.to), end.otherwise]
                  : end.kind === 'iterate'
                    ? [end.body, end.exit]
                    : [];
          for (const to of targets) expect(blocks[to]).toBeDefined();
          for (const span of [end, ...instructions]) {
            expect(span.start).toBeGreaterThanOrEqual(0);
            expect(span.end).toBeLessThanOrEqual(text.length);
          }
        }
        for (const loop of loops) expect(loop.blocks.has(loop.header)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('sets every temporary that it uses', () => {
    fc.assert(
      fc.property(fc.array(soup, { maxLength: 4 }), (statements) => {
        const { blocks, order } = lower(`int f(struct s *p, int a, int b)\n{\n${statements.join('\n')}\n}\n`);
        const defined = new Set<number>();
        const used: number[] = [];
        const visit = (value: unknown): void => {
          if (typeof value !== 'object' || value === null) return;
          if ('kind' in value && value.kind === 'temporary' && 'index' in value) used.push(Number(value.index));
          for (const inner of Object.values(value)) visit(inner);
        };
        blocks.forEach(({ instructions, end }, block) => {
          if ((order[block] ?? -1) < 0) return;
          for (const i of instructions) {
            if (i.kind === 'call') defined.add(i.result);
            else if (i.kind === 'set' && i.target.kind === 'temporary') defined.add(i.target.index);
            visit(i);
          }
          visit(end);
        });
        expect(used.filter((index) => !defined.has(index))).toEqual([]);
      }),
      { numRuns: 80 },
    );
  });
});
