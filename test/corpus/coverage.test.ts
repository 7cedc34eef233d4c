import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { RULES } from '../../server/src/rules/index.ts';

const page = readFileSync(new URL('../../docs/coverage.md', import.meta.url), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('| ') && !/^\| (?:---|#|Document|Rule)/.test(line));
const lastCells = rows.map((row) => row.split('|').at(-2)?.trim() ?? '');
const named = new Set(lastCells.flatMap((cell) => [...cell.matchAll(/`([a-z-]+)`/g)].map(([, id]) => id)));

it('docs/coverage.md names only rules that exist, and each of them', () => {
  expect([...named].sort()).toEqual(RULES.map(({ id }) => id).sort());
});

it('docs/coverage.md says of each line which rule covers it, or why it is not seen', () => {
  expect(lastCells.filter((cell) => !/^(?:`[a-z-]+`|not seen: )/.test(cell))).toEqual([]);
});

it('docs/coverage.md has the 25 messages of dma-debug', () => {
  expect(rows.filter((row) => /^\| \d+ \|/.test(row))).toHaveLength(25);
});
