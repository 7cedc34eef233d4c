import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineIndex } from './lines.ts';

test('lines and columns count from 1, in UTF-16 units', () => {
  const lines = new LineIndex('ab\r\n😀c\rd\n');
  expect(lines.lineCount).toBe(4);
  expect(lines.position(0)).toEqual({ line: 1, column: 1 });
  expect(lines.position(3)).toEqual({ line: 1, column: 4 });
  expect(lines.position(4)).toEqual({ line: 2, column: 1 });
  expect(lines.position(6)).toEqual({ line: 2, column: 3 });
  expect(lines.position(8)).toEqual({ line: 3, column: 1 });
  expect(lines.position(10)).toEqual({ line: 4, column: 1 });
});

test('offsets and positions outside the text count as its nearest end', () => {
  const lines = new LineIndex('one\ntwo');
  expect(lines.position(-5)).toEqual({ line: 1, column: 1 });
  expect(lines.position(99)).toEqual({ line: 2, column: 4 });
  expect(lines.offset({ line: 9, column: 9 })).toBe(7);
  expect(lines.offset({ line: 0, column: 0 })).toBe(0);
});

test('position and offset are inverse', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '\n', '\r', '\r\n', 'é', '😀') });
  fc.assert(
    fc.property(text, fc.nat(), (source, seed) => {
      const lines = new LineIndex(source);
      const offset = seed % (source.length + 1);
      expect(lines.offset(lines.position(offset))).toBe(offset);
    }),
  );
});
