import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { workloadsDocument } from './document.ts';

it('docs/workloads.md is what a run gives', () => {
  const path = new URL('../../docs/workloads.md', import.meta.url);
  expect(readFileSync(path, 'utf8')).toBe(workloadsDocument());
});
