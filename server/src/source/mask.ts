import { removeAnnotations } from './annotations.ts';
import { plainBody } from './body.ts';
import { MaskBuffer } from './buffer.ts';
import { removePreprocessor } from './conditionals.ts';
import type { Dialect } from './dialect.ts';
import { plainHeader } from './header.ts';
import { lex } from './lexer.ts';
import { findStructure } from './structure.ts';

/**
 * Overwrites what a C grammar does not know, so that functions parse as plain C. The result has the length and the line
 * breaks of the source: a range in one is a range in the other, and what was overwritten can be read in the source.
 *
 * Blanked: comments, the preprocessor with the arms of conditionals that are not chosen, annotations of declarations, inline
 * assembly, the operand of `typeof`. Overwritten, so that readers must look at the source to tell:
 * - a macro with a block or statement behind it (`list_for_each_entry (…) {`, `scoped_guard (…) {`) by `while`, or by `if`
 *   where its name is shorter than five characters; the macro's arguments are the condition, as a comma expression;
 * - `for` without semicolons by `if`;
 * - `...` in a case range by `||`;
 * - a type as a macro's argument by its name, or by its keyword in capitals; `offsetof`, `alignof` by the same in capitals;
 * - a macro with statements as its argument by a block;
 * - EDK2's `STATIC`, `CONST` … by the C keyword;
 * - the beginning of a definition's name by `int ` where it has no type.
 */
export function maskSource(text: string, dialect: Dialect): string {
  const buffer = new MaskBuffer(text);
  const { tokens: all, comments } = lex(text);
  for (let i = 0; i < comments.length; i += 2) buffer.blank(comments[i] ?? 0, comments[i + 1] ?? 0);
  const tokens = removeAnnotations(text, removePreprocessor(text, all, buffer), dialect, buffer);
  const { match, functions } = findStructure(text, tokens);
  const settled = new Uint8Array(tokens.count);
  for (const fn of functions) {
    plainHeader(text, tokens, match, fn, buffer);
    plainBody({ text, tokens, match, buffer, settled }, fn);
  }
  return buffer.toString();
}
