import {
  COLON,
  COMMA,
  IDENTIFIER,
  PAREN_CLOSE,
  PAREN_OPEN,
  SEMICOLON,
  SQUARE_CLOSE,
  SQUARE_OPEN,
  STAR,
  type Tokens,
} from './lexer.ts';
import { ANNOTATION_CALL, CONTROL, EXPRESSION, flagsOf, isName, STORAGE, TAG } from './words.ts';

/** No header has more tokens behind its parameters, no tag more between keyword and brace. */
const MAX_STEPS = 64;

export function isFirstColumn(text: string, offset: number): boolean {
  return offset === 0 || text.charCodeAt(offset - 1) === 10;
}

/** Whether the line of an offset begins in the first column, be it with an annotation that is masked. */
export function isUnindented(text: string, offset: number): boolean {
  const first = text.charCodeAt(text.lastIndexOf('\n', offset - 1) + 1);
  return first !== 32 && first !== 9;
}

/** Whether `struct tag`, perhaps with annotations, ends before the brace. */
export function isTagBefore(tokens: Tokens, match: Int32Array, brace: number): boolean {
  const { kind, word } = tokens;
  let at = brace - 1;
  for (let steps = 0; at >= 0 && steps < MAX_STEPS; steps++) {
    if (kind[at] === PAREN_CLOSE) {
      at = (match[at] ?? -1) - 1;
      if (at < 0 || kind[at] !== IDENTIFIER) return false;
      at--;
      continue;
    }
    if (kind[at] !== IDENTIFIER && kind[at] !== COLON) return false;
    const flags = flagsOf(word[at] ?? 0);
    if (flags & TAG) return true;
    if (flags & (CONTROL | EXPRESSION)) return false;
    at--;
  }
  return false;
}

/** Index of the name of the function whose body the brace would begin, or -1. */
export function functionNameBefore(tokens: Tokens, match: Int32Array, text: string, brace: number): number {
  const { kind, word, start } = tokens;
  let at = brace - 1;
  if (kind[at] === SEMICOLON) at = beforeOldStyleDeclarations(tokens, at);
  for (let steps = 0; at >= 0 && steps < MAX_STEPS; steps++) {
    if (kind[at] === IDENTIFIER) {
      if (!isName(word[at] ?? 0)) return -1;
      at--;
      continue;
    }
    if (kind[at] !== PAREN_CLOSE) return -1;
    const open = match[at] ?? -1;
    const name = open - 1;
    if (name < 0) return -1;
    if (kind[name] === PAREN_CLOSE) return declaratorName(tokens, match[name] ?? -1, name);
    if (kind[name] !== IDENTIFIER || !isName(word[name] ?? 0)) return -1;
    const annotates = (flagsOf(word[name] ?? 0) & ANNOTATION_CALL) !== 0;
    const trails = kind[name - 1] === PAREN_CLOSE && !isFirstColumn(text, start[name] ?? 0);
    if (!annotates && !trails) return name;
    at = name - 1;
  }
  return -1;
}

/**
 * The name in `(*name(parameters))`, the declarator of a function that returns a function pointer, or before
 * `NAME(arguments)`, a macro that makes the name.
 */
function declaratorName(tokens: Tokens, open: number, close: number): number {
  if (open < 1) return -1;
  if (tokens.kind[open + 1] !== STAR) {
    return tokens.kind[open - 1] === IDENTIFIER && isName(tokens.word[open - 1] ?? 0) ? open - 1 : -1;
  }
  for (let at = open + 1; at < close && at < open + MAX_STEPS; at++) {
    if (tokens.kind[at] === IDENTIFIER && tokens.kind[at + 1] === PAREN_OPEN) return at;
    if (tokens.kind[at] !== IDENTIFIER && tokens.kind[at] !== STAR) return -1;
  }
  return -1;
}

/** Steps back over the parameter declarations of a K&R definition: `f(a, b) int a; char *b; {`. */
function beforeOldStyleDeclarations(tokens: Tokens, semicolon: number): number {
  let at = semicolon;
  for (let steps = 0; at >= 0 && steps < MAX_STEPS; steps++, at--) {
    if (tokens.kind[at] === PAREN_CLOSE) return at;
    const flags = flagsOf(tokens.word[at] ?? 0);
    if (flags & (CONTROL | EXPRESSION | STORAGE)) return -1;
    switch (tokens.kind[at]) {
      case IDENTIFIER:
      case STAR:
      case SEMICOLON:
      case COMMA:
      case SQUARE_OPEN:
      case SQUARE_CLOSE:
        continue;
      default:
        return -1;
    }
  }
  return -1;
}

/** Index of the first token of the definition whose name is given: its specifiers and return type come before the name. */
export function headerStart(tokens: Tokens, match: Int32Array, text: string, name: number): number {
  const { kind, word } = tokens;
  let at = name;
  for (let steps = 0; at > 0 && steps < MAX_STEPS; steps++) {
    const before = at - 1;
    const isDeclarator = kind[before] === STAR || (kind[before] === PAREN_OPEN && kind[at] === STAR);
    if (kind[before] === PAREN_CLOSE && kind[at] === STAR) {
      // `LIST_OF (type) *name (`
      const macro = (match[before] ?? -1) - 1;
      if (macro < 0 || kind[macro] !== IDENTIFIER) break;
      at = macro;
      continue;
    }
    if (kind[before] !== IDENTIFIER && !isDeclarator) break;
    if (flagsOf(word[before] ?? 0) & (CONTROL | EXPRESSION) || !isSameHeader(tokens, text, before)) break;
    at = before;
  }
  return at;
}

/** Whether a token can belong to the header that the next one belongs to: half-typed code may stand before it. */
function isSameHeader(tokens: Tokens, text: string, at: number): boolean {
  const gap = text.slice(tokens.end[at], tokens.start[at + 1]);
  const newline = gap.indexOf('\n');
  const start = tokens.start[at] ?? 0;
  if (newline < 0 || isFirstColumn(text, start)) return true;
  return isUnindented(text, start) && gap.indexOf('\n', newline + 1) < 0;
}
