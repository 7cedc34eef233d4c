import { removeAnnotations } from './annotations.ts';
import { plainBody } from './body.ts';
import { MaskBuffer } from './buffer.ts';
import { removePreprocessor } from './conditionals.ts';
import { type MacroKnowledge, NO_MACROS } from './constants.ts';
import type { Dialect } from './dialect.ts';
import { plainHeader } from './header.ts';
import { lex, STRING, type Tokens } from './lexer.ts';
import { findStructure } from './structure.ts';

const CONTINUATION = '\\\r\n';

/**
 * Overwrites what a C grammar does not know, so that functions parse as plain C. The result has the length and the line
 * breaks of the source: a range in one is a range in the other, and what was overwritten can be read in the source.
 *
 * Blanked: comments, the preprocessor with the arms of conditionals that are not chosen, annotations of declarations, inline
 * assembly, the operand of `typeof`. Overwritten, so that readers must look at the source to tell:
 * - a macro with a block or statement behind it (`list_for_each_entry (…) {`, `scoped_guard (…) {`) by `while`, or by `if`
 *   where its name is shorter than five characters or an `else` follows; the macro's arguments are the condition, as a comma
 *   expression; with semicolons between the arguments by `for`;
 * - `for` without semicolons by `if`; `...` in a case range by `||`;
 * - a type as a macro's argument by its name, or by its keyword in capitals; `offsetof`, `alignof` by the same in capitals;
 * - a macro with statements as its argument by a block; a statement where an argument should be by its value or its keyword
 *   in capitals; an operator by underscores; the first character of a word that begins like a number by `_`;
 * - `STATIC`, `CONST` … by the C keyword; a type before `(*name) (…)` by `int`; the beginning of a definition's name by
 *   `int ` where it has no type.
 * A semicolon that a macro makes unnecessary is written into a blank.
 *
 * `macros` decides conditionals, asked with offsets of `text`.
 */
export function maskSource(text: string, dialect: Dialect, macros: MacroKnowledge = NO_MACROS): string {
  const buffer = new MaskBuffer(text);
  const { tokens: all, comments } = lex(text);
  for (let i = 0; i < comments.length; i += 2) buffer.blank(comments[i] ?? 0, comments[i + 1] ?? 0);
  splitContinuedStrings(text, all, buffer);
  const tokens = removeAnnotations(text, removePreprocessor(text, all, buffer, macros), dialect, buffer);
  const { match, functions } = findStructure(text, tokens);
  const settled = new Uint8Array(tokens.count);
  for (const fn of functions) {
    plainHeader(text, tokens, match, fn, buffer);
    plainBody({ text, tokens, match, buffer, settled }, fn);
  }
  return buffer.toString();
}

/** A string may go on behind an escaped line break, but the grammar knows `\n` only: with `\r\n`, each line gets its own quotes. */
function splitContinuedStrings(text: string, tokens: Tokens, buffer: MaskBuffer): void {
  let slash = text.indexOf(CONTINUATION);
  for (let at = 0; at < tokens.count && slash >= 0; at++) {
    const end = tokens.end[at] ?? 0;
    if (tokens.kind[at] !== STRING || slash >= end) continue;
    slash = text.indexOf(CONTINUATION, tokens.start[at]);
    for (; slash >= 0 && slash < end; slash = text.indexOf(CONTINUATION, slash + 3)) {
      const next = slash + CONTINUATION.length;
      if (next >= end || text[next] === '\r' || text[next] === '\n') continue;
      buffer.write(slash, '"');
      if (next + 1 === end) buffer.blank(next, end);
      else buffer.write(next, '"');
    }
  }
}
