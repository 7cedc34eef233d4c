import type { Field } from './items.ts';
import {
  BRACE_OPEN,
  COLON,
  COMMA,
  IDENTIFIER,
  PAREN_OPEN,
  SEMICOLON,
  SQUARE_OPEN,
  STAR,
  type Tokens,
} from './lexer.ts';
import { flagsOf, isName, QUALIFIER, STORAGE } from './words.ts';

/** Structs nested deeper than this are left out. */
const MAX_DEPTH = 16;

/** Reads the members of a struct or union, tokens `from` up to and without `to`. */
export function readFields(
  text: string,
  tokens: Tokens,
  match: Int32Array,
  from: number,
  to: number,
): readonly Field[] {
  const { kind, word } = tokens;
  const fields: Field[] = [];
  readLevel(from, to, '', 0);
  return fields;

  function readLevel(first: number, behind: number, prefix: string, depth: number): void {
    let begin = first;
    for (let at = first; at < behind; at++) {
      if (kind[at] === SEMICOLON) {
        readDeclaration(begin, at, prefix, depth);
        begin = at + 1;
      } else if (kind[at] === BRACE_OPEN || kind[at] === PAREN_OPEN || kind[at] === SQUARE_OPEN) {
        at = closing(at, behind);
      }
    }
    // A half-typed last member has no semicolon yet.
    if (begin < behind) readDeclaration(begin, behind, prefix, depth);
  }

  function closing(open: number, behind: number): number {
    const close = match[open] ?? -1;
    return close > open && close < behind ? close : open;
  }

  function readDeclaration(begin: number, behind: number, prefix: string, depth: number): void {
    if (kind[begin] === IDENTIFIER && kind[begin + 1] === PAREN_OPEN && isName(word[begin] ?? 0)) {
      readMacro(begin, closing(begin + 1, behind), prefix, depth);
      return;
    }
    const body = indexOf(begin, behind, BRACE_OPEN);
    const afterBody = body < 0 ? begin : closing(body, behind) + 1;
    const declared = readDeclarators(begin, afterBody, behind, prefix, body);
    if (body < 0 || afterBody === body + 1 || depth === MAX_DEPTH) return;
    if (declared.length === 0) readLevel(body + 1, afterBody - 1, prefix, depth + 1);
    else for (const name of declared) readLevel(body + 1, afterBody - 1, `${name}.`, depth + 1);
  }

  /** `DECLARE_BITMAP (name, n)`, or a macro around members: `struct_group (name, members)`. */
  function readMacro(macro: number, close: number, prefix: string, depth: number): void {
    const open = macro + 1;
    if (indexOf(open, close, SEMICOLON) >= 0) {
      const comma = indexOf(open, close, COMMA);
      if (comma >= 0 && depth < MAX_DEPTH) readLevel(comma + 1, close, prefix, depth + 1);
      return;
    }
    for (let at = open + 1; at < close; at++) {
      if (kind[at] !== IDENTIFIER || !isName(word[at] ?? 0)) continue;
      if (kind[at + 1] === COMMA || at + 1 === close) {
        add(prefix + textOf(at), textOf(macro), macro, close, false, null);
        return;
      }
    }
  }

  /** Returns the full names of the fields. */
  function readDeclarators(begin: number, from: number, behind: number, prefix: string, body: number): string[] {
    const names: string[] = [];
    const type: string[] = [];
    let at = from;
    if (body >= 0) type.push(words(begin, body));
    else {
      // Of the words before the first declarator the last one is its name.
      while (at < behind && kind[at] === IDENTIFIER && kind[at + 1] === IDENTIFIER) at++;
      if (kind[at] === IDENTIFIER && (kind[at + 1] === STAR || kind[at + 1] === PAREN_OPEN)) at++;
      type.push(words(begin, at));
    }
    let isPointer = false;
    let name = -1;
    let arrayLength: string | null = null;
    for (; at <= behind; at++) {
      const current = at === behind ? COMMA : kind[at];
      if (current === COMMA) {
        if (name >= 0) {
          names.push(prefix + textOf(name));
          add(prefix + textOf(name), type.join(' '), names.length === 1 ? begin : name, at - 1, isPointer, arrayLength);
        }
        isPointer = false;
        name = -1;
        arrayLength = null;
      } else if (current === STAR) isPointer = true;
      else if (current === IDENTIFIER) {
        if (name < 0 && isName(word[at] ?? 0)) name = at;
      } else if (current === SQUARE_OPEN) {
        const close = closing(at, behind);
        arrayLength ??= text.slice(tokens.end[at], tokens.start[close]).trim();
        at = close;
      } else if (current === PAREN_OPEN && name >= 0) at = closing(at, behind);
      else if (current === COLON) while (at + 1 < behind && kind[at + 1] !== COMMA) at++;
    }
    return names;
  }

  function add(
    name: string,
    type: string,
    first: number,
    last: number,
    isPointer: boolean,
    arrayLength: string | null,
  ): void {
    fields.push({ name, type, start: tokens.start[first] ?? 0, end: tokens.end[last] ?? 0, isPointer, arrayLength });
  }

  function indexOf(begin: number, behind: number, wanted: number): number {
    for (let at = begin; at < behind; at++) if (kind[at] === wanted) return at;
    return -1;
  }

  function words(begin: number, behind: number): string {
    const parts: string[] = [];
    for (let at = begin; at < behind; at++) {
      if (kind[at] === IDENTIFIER && !(flagsOf(word[at] ?? 0) & (QUALIFIER | STORAGE))) parts.push(textOf(at));
    }
    return parts.join(' ');
  }

  function textOf(at: number): string {
    return text.slice(tokens.start[at], tokens.end[at]);
  }
}
