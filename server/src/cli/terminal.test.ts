import { describe, expect, it } from 'vitest';
import { Failure } from './failure.ts';
import { jsonText, printable, terminalText } from './terminal.ts';

const TITLE = '\u001b]0;x\u0007';
const TURNED = '\u202etxt.c\u2066';
const ACTED_ON = /(?!\n)[\p{Cc}\u202a-\u202e\u2066-\u2069]/u;

describe('what reaches a terminal', () => {
  it('is one line where it is part of one', () => {
    expect(printable(`a${TITLE}${TURNED}\u009b\r\n\tb`)).toMatch(/^a\u{FFFD}\]0;x\u{FFFD}{2}txt\.c\u{FFFD}{5}b$/u);
  });

  it('keeps its lines, and its colours only where it has some', () => {
    const text = `\u001b[1m\u001b[31mred\u001b[39m\u001b[22m\n${TITLE}${TURNED}\u001b[8mhidden`;
    expect(terminalText(text, true)).toBe(
      '\u001b[1m\u001b[31mred\u001b[39m\u001b[22m\n\u{FFFD}]0;x\u{FFFD}\u{FFFD}txt.c\u{FFFD}\u{FFFD}[8mhidden',
    );
    expect(terminalText(text, false).replaceAll('\n', '')).not.toMatch(ACTED_ON);
  });

  it('is all there in JSON', () => {
    const value = { name: `\u007f\u009b${TITLE}${TURNED}` };
    expect(jsonText(value)).not.toMatch(ACTED_ON);
    expect(JSON.parse(jsonText(value))).toEqual(value);
  });

  it('is a line for each fault', () => {
    expect(new Failure(2, `a\nb${TITLE}`).message).toBe('a\u{FFFD}b\u{FFFD}]0;x\u{FFFD}');
    expect(new Failure(3, ['a\r', 'b']).message).toBe('a\u{FFFD}\nb');
  });
});
