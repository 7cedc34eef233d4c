import type { BodySource } from './body-tokens.ts';
import {
  BRACE_OPEN,
  COMMA,
  EQUALS,
  IDENTIFIER,
  NUMBER,
  PAREN_OPEN,
  SEMICOLON,
  SQUARE_OPEN,
  STAR,
  STRING,
} from './lexer.ts';
import { CONTROL, flagsOf, isName, QUALIFIER, STORAGE, TAG, TYPE } from './words.ts';

const DOT = 46;

/**
 * Macros take what functions cannot: types, declarations, operators, statements, nothing. Rewrites each argument of the call
 * so that it is an expression, with a name of the original in the same place wherever it had one.
 */
export function plainArguments(source: BodySource, open: number): void {
  const { tokens, match } = source;
  const close = match[open] ?? -1;
  let from = open + 1;
  for (let at = open + 1; at <= close; at++) {
    const kind = tokens.kind[at];
    if (kind === PAREN_OPEN || kind === SQUARE_OPEN || kind === BRACE_OPEN) {
      at = Math.max(at, match[at] ?? at);
    } else if (kind === COMMA || at === close) {
      if (from < at) plainArgument(source, from, at);
      else if (at !== open + 1 || kind === COMMA) dropComma(source, kind === COMMA ? at : at - 1);
      from = at + 1;
    }
  }
}

function dropComma(source: BodySource, at: number): void {
  if (source.tokens.kind[at] === COMMA) drop(source, at, at + 1);
}

function drop(source: BodySource, from: number, to: number): void {
  const { tokens, buffer, settled } = source;
  if (from >= to) return;
  buffer.blank(tokens.start[from] ?? 0, tokens.end[to - 1] ?? 0);
  settled.fill(1, from, to);
}

function plainArgument(source: BodySource, from: number, to: number): void {
  const { tokens } = source;
  const first = tokens.kind[from] ?? 0;
  const flags = flagsOf(tokens.word[from] ?? 0);
  if (first === IDENTIFIER && flags & (TAG | TYPE | QUALIFIER | STORAGE)) plainType(source, from, to);
  else if (first === IDENTIFIER && flags & CONTROL) plainStatement(source, from, to);
  else if (first === IDENTIFIER) plainNames(source, from, to);
  else if (first === DOT) drop(source, from, from + 1);
  else if (first === BRACE_OPEN) plainBraces(source, from, to);
  else if (to === from + 1 && first !== NUMBER && first !== STRING && isOperator(first)) nameOperator(source, from);
}

function isOperator(kind: number): boolean {
  return kind >= 5 && kind !== PAREN_OPEN;
}

/** An operator as a whole argument, as in `CHECK (a, <=, b)`, becomes a name of underscores. */
function nameOperator(source: BodySource, at: number): void {
  const { tokens, buffer, settled } = source;
  const start = tokens.start[at] ?? 0;
  buffer.write(start, '_'.repeat((tokens.end[at] ?? 0) - start));
  settled[at] = 1;
}

/** `struct tag`, `unsigned long`, `const char *`, `struct tag *name`: only the name that is declared stays, or else the type's. */
function plainType(source: BodySource, from: number, to: number): void {
  const { tokens, buffer, text, settled } = source;
  const { kind, word, start, end } = tokens;
  let typeName = -1;
  for (let at = from; at < to; at++) {
    if (kind[at] === STAR) continue;
    if (kind[at] !== IDENTIFIER) break;
    const flags = flagsOf(word[at] ?? 0);
    if (flags & TAG) {
      if (kind[at + 1] !== IDENTIFIER || at + 1 >= to) break;
      typeName = ++at;
      continue;
    }
    if (flags & (TYPE | QUALIFIER | STORAGE)) continue;
    if (!isName(word[at] ?? 0)) break;
    const next = at + 1 < to ? kind[at + 1] : COMMA;
    if (next === IDENTIFIER || next === STAR) {
      typeName = at;
      continue;
    }
    const isDeclared = at > from + 1 || (flagsOf(word[from] ?? 0) & TYPE) !== 0;
    if (!isDeclared || (next !== COMMA && next !== EQUALS)) {
      typeName = at;
      break;
    }
    drop(source, from, at);
    return;
  }
  if (typeName >= 0) {
    drop(source, from, typeName);
    drop(source, typeName + 1, to);
    return;
  }
  // No name at all: a keyword in capitals is an identifier.
  let keyword = from;
  for (let at = from; at < to; at++) {
    if (kind[at] === IDENTIFIER && flagsOf(word[at] ?? 0) & TYPE) {
      keyword = at;
      break;
    }
  }
  drop(source, from, keyword);
  drop(source, keyword + 1, to);
  buffer.write(start[keyword] ?? 0, text.slice(start[keyword], end[keyword]).toUpperCase());
  settled[keyword] = 1;
}

/** `return x`, `goto label`, `break`: the word goes, or is left in capitals when nothing follows it. */
function plainStatement(source: BodySource, from: number, to: number): void {
  const { tokens, buffer, text, settled } = source;
  const start = tokens.start[from] ?? 0;
  const end = tokens.end[from] ?? 0;
  const word = text.slice(start, end);
  const isJump = word === 'return' || word === 'goto';
  if (isJump && to > from + 1 && !includes(source, from, to, SEMICOLON)) {
    drop(source, from, from + 1);
    return;
  }
  drop(source, from + 1, to);
  settled[from] = 1;
  buffer.write(start, word.toUpperCase());
}

/** Whether a token of the kind stands between two others, inner brackets left out. */
function includes(source: BodySource, from: number, to: number, kind: number): boolean {
  const { tokens, match } = source;
  for (let at = from; at < to; at++) {
    const current = tokens.kind[at];
    if (current === kind) return true;
    if (current === PAREN_OPEN || current === BRACE_OPEN) at = Math.max(at, match[at] ?? at);
  }
  return false;
}

/** `TYPE name`, `LEVEL PREFIX "text"`: of names in a row the last stays; `TYPE *` loses its stars. */
function plainNames(source: BodySource, from: number, to: number): void {
  const { kind, word } = source.tokens;
  let at = from;
  while (at + 1 < to && kind[at + 1] === IDENTIFIER && isName(word[at + 1] ?? 0)) at++;
  drop(source, from, at);
  let behind = to;
  while (behind - 1 > at && (kind[behind - 1] === STAR || isQualifier(source, behind - 1))) behind--;
  if (behind < to) drop(source, behind, to);
}

function isQualifier(source: BodySource, at: number): boolean {
  return source.tokens.kind[at] === IDENTIFIER && (flagsOf(source.tokens.word[at] ?? 0) & QUALIFIER) !== 0;
}

/** `{ 1, 2 }` as an argument is not a block: without its braces it is a row of arguments. */
function plainBraces(source: BodySource, from: number, to: number): void {
  const { tokens, match, buffer } = source;
  const close = match[from] ?? -1;
  if (close !== to - 1 || close === from + 1 || includes(source, from + 1, close, SEMICOLON)) return;
  drop(source, from, to);
  buffer.write(tokens.start[from] ?? 0, '0');
}
