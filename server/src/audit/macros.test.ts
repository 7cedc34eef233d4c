import { describe, expect, it } from 'vitest';
import { builtinModels, createModels } from '../models/index.ts';
import { createParser } from '../syntax/index.ts';
import { Macros } from './macros.ts';
import { Project } from './project.ts';
import { Unit } from './unit.ts';

const models = createModels(builtinModels);
const parser = await createParser();

/** Values of names as the first file sees them. */
function valuesIn(files: Record<string, string>, ...names: string[]): (number | null)[] {
  const macros = new Macros(Object.entries(files).map(([name, text]) => ({ name, text })));
  const units = Object.entries(files).map(([name, text]) => new Unit(name, text, models, 'linux', undefined, macros));
  const project = new Project(units, models, parser, undefined, macros);
  return names.map((name) => project.constant(name, units[0]?.path ?? ''));
}

describe('constants of the code', () => {
  it('are reckoned from each other and from those of the API', () => {
    const text = '#define A 4\n#define B (A << 2)\n#define FAILED (-EIO)\nenum { C = B, D };\n';
    expect(valuesIn({ 'a.c': text }, 'B', 'D', 'FAILED')).toEqual([16, 17, -5]);
  });

  it('have no value where definitions differ, depend on a configuration or on themselves', () => {
    const text = `#ifdef CONFIG_BIG
#define SIZE 16
#define SAME 1
#else
#define SIZE 8
#define SAME (2 - 1)
#endif
#define CHANGED 1
#undef CHANGED
#define X (Y)
#define Y (X)
#ifndef LEVEL
#define LEVEL 3
#endif
`;
    expect(valuesIn({ 'a.c': text }, 'SIZE', 'SAME', 'CHANGED', 'X', 'LEVEL', 'NOWHERE')).toEqual([
      null,
      1,
      null,
      null,
      null,
      null,
    ]);
  });

  it('are those of the headers that the file includes, before those of others', () => {
    const files = {
      'd/a.c': '#include "a.h"\n',
      'd/a.h': '#include "./deep.h"\n#define SIZE 1\n',
      'd/deep.h': '#define DEEP 2\n',
      'd/b.h': '#define SIZE 7\n#define OTHER 3\n',
      'd/c.c': '#define PRIVATE 4\n',
    };
    expect(valuesIn(files, 'SIZE', 'DEEP', 'OTHER', 'PRIVATE')).toEqual([1, 2, 3, null]);
  });

  it('stay names where something is counted up to them, unless that is soon done', () => {
    const text = `#define RING 64
#define PORTS 2
#define FULL 32
#define BYTES (RING * 16)
static void f(struct p *p)
{
	for (int i = 0; i < RING; i++)
		if (++p->filled == FULL)
			flush(p);
	for (int i = 0; i < PORTS; i++)
		stop(p, i);
}
`;
    expect(valuesIn({ 'a.c': text }, 'RING', 'FULL', 'PORTS', 'BYTES')).toEqual([null, null, 2, 1024]);
  });

  it('that refer to each other without end are given up', () => {
    const chain = Array.from({ length: 5000 }, (_, i) => `#define N${i} (N${i + 1} + N${i + 1})`).join('\n');
    expect(valuesIn({ 'a.c': `${chain}\n#if N0\n#endif\n` }, 'N0')).toEqual([null]);
  });
});

describe('conditionals of a file', () => {
  const functionsOf = (files: Record<string, string>): string[] => {
    const [name = ''] = Object.keys(files);
    const macros = new Macros(Object.entries(files).map(([one, text]) => ({ name: one, text })));
    return [...new Unit(name, files[name] ?? '', models, 'linux', undefined, macros).functions.keys()];
  };
  const ARMS = 'void yes(void) { a(); }\n#else\nvoid no(void) { b(); }\n#endif\n';

  it('are decided by what is defined before them', () => {
    expect(functionsOf({ 'a.c': `#define DUMP 0\n#if DUMP\n${ARMS}` })).toEqual(['no']);
    expect(functionsOf({ 'a.c': `#if DUMP\n${ARMS}#define DUMP 0\n` })).toEqual(['yes', 'no']);
    expect(functionsOf({ 'a.c': `#include "a.h"\n#ifdef FAST\n${ARMS}`, 'a.h': '#define FAST\n' })).toEqual(['yes']);
  });

  it('stay open where the definition depends on a configuration', () => {
    for (const head of [
      '#ifdef CONFIG_X\n#define DUMP 0\n#endif\n',
      '#define DUMP 0\n#undef DUMP\n',
      '#ifndef DUMP\n#define DUMP 0\n#endif\n',
      '#define DUMP CONFIG_X\n',
    ])
      expect(functionsOf({ 'a.c': `${head}#if DUMP\n${ARMS}` })).toEqual(['yes', 'no']);
  });
});
