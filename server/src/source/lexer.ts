import { extendHash, wordAt } from './words.ts';

/** Token kinds below 32; every other token is one character and its kind is that character's code. */
export const IDENTIFIER = 1;
export const NUMBER = 2;
export const STRING = 3;
export const CHARACTER = 4;
export const ARROW = 5; // ->
export const ELLIPSIS = 6;
export const OPERATOR = 7; // any other operator of two or three characters
export const DIRECTIVE = 8; // a whole preprocessor directive with its continuation lines

export const PAREN_OPEN = 40;
export const PAREN_CLOSE = 41;
export const STAR = 42;
export const COMMA = 44;
export const COLON = 58;
export const SEMICOLON = 59;
export const EQUALS = 61;
export const QUESTION = 63;
export const SQUARE_OPEN = 91;
export const SQUARE_CLOSE = 93;
export const BRACE_OPEN = 123;
export const BRACE_CLOSE = 125;

const NEWLINE = 10;
const QUOTE = 34;
const HASH = 35;
const AMPERSAND = 38;
const APOSTROPHE = 39;
const DOT = 46;
const SLASH = 47;
const BACKSLASH = 92;

/** Tokens as parallel columns: a file of 50 MB has some ten million of them. Offsets in UTF-16 units. */
export interface Tokens {
  readonly count: number;
  readonly kind: Uint8Array;
  /** Number in the word table for identifiers, else 0. */
  readonly word: Uint16Array;
  readonly start: Int32Array;
  readonly end: Int32Array;
}

export interface LexedSource {
  readonly tokens: Tokens;
  /** Comments outside directives: start, end, start, end … */
  readonly comments: readonly number[];
}

let last: { readonly text: string; readonly lexed: LexedSource } | null = null;

/** Splits C into tokens. Linear in the length of the text; knows no error: what nothing fits becomes a one-character token. */
export function lex(text: string): LexedSource {
  // One pass after the other asks for the same text.
  if (last?.text !== text) last = { text, lexed: tokensOf(text) };
  return last.lexed;
}

function tokensOf(text: string): LexedSource {
  const length = text.length;
  let capacity = (length >> 2) + 64;
  let kinds = new Uint8Array(capacity);
  let words = new Uint16Array(capacity);
  let starts = new Int32Array(capacity);
  let ends = new Int32Array(capacity);
  let count = 0;
  const comments: number[] = [];
  let lineIsEmpty = true;
  let at = 0;
  while (at < length) {
    const unit = text.charCodeAt(at);
    if (unit === NEWLINE) {
      lineIsEmpty = true;
      at++;
      continue;
    }
    if (unit <= 32 || unit === 0xfeff) {
      at++;
      continue;
    }
    const start = at;
    let kind = unit;
    let word = 0;
    if (isIdentifierStart(unit)) {
      let hash = 0;
      for (let next = unit; isIdentifierPart(next); next = text.charCodeAt(at)) {
        hash = extendHash(hash, next);
        at++;
      }
      kind = IDENTIFIER;
      const next = text.charCodeAt(at);
      if (next === QUOTE && at - start <= 2 && isLiteralPrefix(text, start, at)) {
        at = endOfLiteral(text, at, QUOTE);
        kind = STRING;
      } else if (next === APOSTROPHE && at - start <= 2 && isLiteralPrefix(text, start, at)) {
        at = endOfLiteral(text, at, APOSTROPHE);
        kind = CHARACTER;
      } else {
        word = wordAt(text, start, at, hash);
      }
    } else if (isDigit(unit) || (unit === DOT && isDigit(text.charCodeAt(at + 1)))) {
      at = endOfNumber(text, at);
      kind = NUMBER;
    } else if (unit === QUOTE) {
      at = endOfLiteral(text, at, QUOTE);
      kind = STRING;
    } else if (unit === APOSTROPHE) {
      at = endOfLiteral(text, at, APOSTROPHE);
      kind = CHARACTER;
    } else if (unit === SLASH && isCommentStart(text, at)) {
      at = endOfComment(text, at);
      comments.push(start, at);
      continue;
    } else if (unit === HASH && lineIsEmpty) {
      at = endOfDirective(text, at);
      kind = DIRECTIVE;
    } else {
      at += operatorLength(text, at, unit);
      if (at - start > 1) {
        if (unit === DOT) kind = ELLIPSIS;
        else kind = unit === 45 && text.charCodeAt(at - 1) === 62 ? ARROW : OPERATOR;
      } else if (kind < 32 || kind > 126) {
        kind = OPERATOR;
      }
    }
    lineIsEmpty = false;
    if (count === capacity) {
      capacity *= 2;
      kinds = grown(kinds, new Uint8Array(capacity));
      words = grown(words, new Uint16Array(capacity));
      starts = grown(starts, new Int32Array(capacity));
      ends = grown(ends, new Int32Array(capacity));
    }
    kinds[count] = kind;
    words[count] = word;
    starts[count] = start;
    ends[count] = at;
    count++;
  }
  return { tokens: { count, kind: kinds, word: words, start: starts, end: ends }, comments };
}

function grown<T extends Uint8Array | Uint16Array | Int32Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}

function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57;
}

function isIdentifierStart(unit: number): boolean {
  return (
    (unit >= 97 && unit <= 122) ||
    (unit >= 65 && unit <= 90) ||
    unit === 95 ||
    unit === 36 ||
    (unit > 127 && unit !== 0xfeff)
  );
}

export function isIdentifierPart(unit: number): boolean {
  return isIdentifierStart(unit) || isDigit(unit);
}

function isLiteralPrefix(text: string, start: number, end: number): boolean {
  const prefix = text.slice(start, end);
  return prefix === 'L' || prefix === 'u' || prefix === 'U' || prefix === 'u8';
}

/** A literal that nobody closes ends with its line: a half-typed string must not swallow the rest of the file. */
function endOfLiteral(text: string, open: number, quote: number): number {
  for (let at = open + 1; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === quote) return at + 1;
    if (unit === NEWLINE) return at;
    if (unit === BACKSLASH) {
      at++;
      if (text.charCodeAt(at) === 13 && text.charCodeAt(at + 1) === NEWLINE) at++;
    }
  }
  return text.length;
}

function endOfNumber(text: string, start: number): number {
  let at = start;
  for (;;) {
    const unit = text.charCodeAt(at);
    if (unit === DOT) {
      if (text.charCodeAt(at + 1) === DOT) return at;
    } else if ((unit === 43 || unit === 45) && at > start) {
      // A sign belongs to the number behind an exponent only; in hexadecimal, e is a digit.
      const before = text.charCodeAt(at - 1) | 32;
      const hexadecimal = (text.charCodeAt(start + 1) | 32) === 120;
      if (before !== (hexadecimal ? 112 : 101)) return at;
    } else if (!isIdentifierPart(unit)) {
      return at;
    }
    at++;
  }
}

const NUMBER_FORM = /^(?:0[xX][\da-fA-F.]+(?:[pP][+-]?\d+)?|0[bB][01]+|[\d.]+(?:[eE][+-]?\d+)?)[uUlLfFwWdD]*$/;

/** Whether it is one to C, and not part of a name that a macro pastes together: `has (chip, 5705_PLUS)`. */
export function isNumber(word: string): boolean {
  return word.length === 1 || NUMBER_FORM.test(word);
}

function isCommentStart(text: string, at: number): boolean {
  const next = text.charCodeAt(at + 1);
  return next === SLASH || next === STAR;
}

function endOfComment(text: string, start: number): number {
  if (text.charCodeAt(start + 1) === STAR) {
    const close = text.indexOf('*/', start + 2);
    return close < 0 ? text.length : close + 2;
  }
  let end = start;
  do {
    end = text.indexOf('\n', end + 1);
    if (end < 0) return text.length;
  } while (isContinued(text, end));
  return end;
}

/** Whether the line break at `newline` is escaped. */
function isContinued(text: string, newline: number): boolean {
  const before = text.charCodeAt(newline - 1) === 13 ? newline - 2 : newline - 1;
  return text.charCodeAt(before) === BACKSLASH;
}

function endOfDirective(text: string, start: number): number {
  let at = start;
  while (at < text.length) {
    const unit = text.charCodeAt(at);
    if (unit === NEWLINE) {
      if (!isContinued(text, at)) return at;
      at++;
    } else if (unit === SLASH && isCommentStart(text, at)) {
      at = endOfComment(text, at);
    } else if (unit === QUOTE) {
      at = endOfLiteral(text, at, QUOTE);
    } else if (unit === APOSTROPHE && text.charCodeAt(at + 2) === APOSTROPHE) {
      at += 3;
    } else {
      at++;
    }
  }
  return at;
}

function operatorLength(text: string, at: number, unit: number): number {
  const next = text.charCodeAt(at + 1);
  switch (unit) {
    case 60: // <
    case 62: // >
      if (next === unit) return text.charCodeAt(at + 2) === EQUALS ? 3 : 2;
      return next === EQUALS ? 2 : 1;
    case AMPERSAND:
    case 124: // |
    case 43: // +
      return next === unit || next === EQUALS ? 2 : 1;
    case 45: // -
      return next === unit || next === EQUALS || next === 62 ? 2 : 1;
    case EQUALS:
    case 33: // !
    case STAR:
    case SLASH:
    case 37: // %
    case 94: // ^
      return next === EQUALS ? 2 : 1;
    case DOT:
      return next === DOT && text.charCodeAt(at + 2) === DOT ? 3 : 1;
    default:
      return 1;
  }
}
