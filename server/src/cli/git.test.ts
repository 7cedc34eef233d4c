import { expect, it } from 'vitest';
import { rangesIn } from './git.ts';

it.each([
  ['@@ -1,2 +3,4 @@ int f(void)', { from: 3, to: 6 }],
  ['@@ -1 +7 @@', { from: 7, to: 7 }],
  // Something was removed behind line 4: the lines around the gap.
  ['@@ -5,2 +4,0 @@', { from: 4, to: 5 }],
])('the lines of %s', (header, range) => {
  expect(rangesIn(`diff --git a/x b/x\n--- a/x\n+++ b/x\n${header}\n+@@ -1 +1 @@\n`)).toEqual([range]);
});
