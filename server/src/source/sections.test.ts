import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskSource } from './mask.ts';
import { sectionsOf } from './sections.ts';

const sections = (text: string): string[] => sectionsOf(text, () => null).map((one) => one.text);

describe('sections', () => {
  it('end behind the lone closing brace of a function', () => {
    expect(sections('int x;\nvoid f(void)\n{\n}\n\nstruct s {\n};\nint g(void)\n{\n}\nint y;\n')).toEqual([
      'int x;\nvoid f(void)\n{\n}\n',
      '\nstruct s {\n};\nint g(void)\n{\n}\n',
      'int y;\n',
    ]);
  });

  it('do not end within a conditional of the preprocessor, in a comment or in an open brace', () => {
    expect(sections('#ifdef A\nvoid f(void)\n{\n}\n#endif\nint g(void)\n{\n}\n')).toHaveLength(1);
    expect(sections('/*\n}\n*/\nint g(void)\n{\n}\n')).toHaveLength(1);
    expect(sections('int g(void)\n{\nif (x)\n{\n}\n}\n')).toHaveLength(1);
  });

  it('take one arm of a conditional for all', () => {
    const text = 'int g(void)\n{\n#ifdef A\nif (a) {\n#else\nif (b) {\n#endif\n}\n}\nint y;\n';
    expect(sections(text)).toEqual([text.slice(0, -7), 'int y;\n']);
  });

  it('cover any text, and masking them one by one masks the whole', () => {
    const line = fc.constantFrom(
      'int f(void)',
      'static IN OUT struct s *g (int a)',
      '{',
      '}',
      '};',
      '\tif (a) {',
      '\t}',
      '\tlist_for_each_entry(a, b, c)',
      '#define X(a) \\',
      '#endif',
      'int x[] = {1};',
      '/* comment */ "string }"',
      '',
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
        const text = lines.join('\n');
        expect(sections(text).join('')).toBe(text);
        const masked = sections(text).map((one) => maskSource(one, 'linux'));
        expect(masked.join('')).toHaveLength(text.length);
      }),
    );
  });

  it('before an edit stay as they are', () => {
    const text = 'int f(void)\n{\n\treturn 1;\n}\n'.repeat(6);
    fc.assert(
      fc.property(fc.nat(text.length), fc.string({ maxLength: 9 }), (at, inserted) => {
        const before = sections(text);
        const after = sections(text.slice(0, at) + inserted + text.slice(at));
        let start = 0;
        for (const [i, one] of before.entries()) {
          if ((start += one.length) > at) break;
          expect(after[i]).toBe(one);
        }
      }),
    );
  });
});
