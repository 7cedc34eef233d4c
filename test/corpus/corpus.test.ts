import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { check } from './check.ts';
import { compare, type Entry, parse, render } from './snapshot.ts';

const entry: Entry = { rule: 'mapping-leak', file: 'a.c', function: 'f', fingerprint: '0', doubt: null };
const doubtful: Entry = { ...entry, fingerprint: '1', doubt: 'callee' };

it('a snapshot that was written is read again', () => {
  const snapshot = { tree: 'linux', entries: [entry, doubtful] };
  expect(parse(render(snapshot))).toEqual(snapshot);
});

it('a comparison tells what came and what went, and what became doubtful', () => {
  expect(compare([entry], [entry])).toEqual({ added: [], removed: [] });
  expect(compare([entry], [doubtful])).toEqual({ added: [doubtful], removed: [entry] });
  expect(compare([entry], [{ ...entry, doubt: 'callee' }]).removed).toEqual([entry]);
});

const edk2 = process.env.DMA_AUDIT_EDK2;
const snapshot = new URL('edk2-2022.11.json', import.meta.url);

it.skipIf(edk2 === undefined || !existsSync(snapshot))(
  'EDK2 2022.11 has the findings of its snapshot (skipped unless DMA_AUDIT_EDK2 names a tree of it)',
  () => {
    const { added, removed } = compare(parse(readFileSync(snapshot, 'utf8')).entries, check(edk2 ?? ''));
    expect({ added, removed }).toEqual({ added: [], removed: [] });
  },
  600_000,
);
