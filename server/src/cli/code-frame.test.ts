import { describe, expect, it } from 'vitest';
import { codeFrame } from './code-frame.ts';

const at = (column: number, endColumn: number, endLine = 1) => ({ line: 1, column, endLine, endColumn });

describe('codeFrame', () => {
  it('marks the span', () => {
    expect(codeFrame(['free(a);'], at(1, 5))).toEqual({ code: 'free(a);', marks: '^^^^' });
  });

  it('expands tabs, so that the marks stand below the code', () => {
    expect(codeFrame(['\ta\tfree(a);'], at(4, 8))).toEqual({
      code: '        a       free(a);',
      marks: '                ^^^^',
    });
  });

  it('marks to the end of the line what goes on behind it', () => {
    expect(codeFrame(['map(a,', 'b);'], at(1, 3, 2))?.marks).toBe('^^^^^^');
  });

  it('marks at least one column', () => {
    expect(codeFrame([''], at(1, 1))).toEqual({ code: '', marks: '^' });
  });

  it('cuts long lines around the span', () => {
    const frame = codeFrame([`${'x'.repeat(5000)}free(a);${'y'.repeat(5000)}`], at(5001, 5009));
    expect(frame?.code).toHaveLength(160);
    expect(frame?.code.slice(frame.marks.indexOf('^'), frame.marks.length)).toBe('free(a);');
  });

  it('is null for a line that is not there', () => {
    expect(codeFrame(['a'], { line: 7, column: 1, endLine: 7, endColumn: 2 })).toBeNull();
  });

  it('never hands control characters to the terminal', () => {
    expect(codeFrame(['a\u001b[31mb'], at(1, 2))?.code).not.toContain('\u001b');
  });
});
