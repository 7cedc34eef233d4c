import type { MaskBuffer } from './buffer.ts';
import {
  COMMA,
  IDENTIFIER,
  NUMBER,
  PAREN_CLOSE,
  PAREN_OPEN,
  SEMICOLON,
  SQUARE_OPEN,
  STAR,
  type Tokens,
} from './lexer.ts';
import type { FunctionTokens } from './structure.ts';
import { flagsOf, isName, TAG, TYPE } from './words.ts';

/**
 * Reduces the header of a definition to what C allows: one type before the name, one type and one name per parameter,
 * nothing between the parameters and the body. A definition without a type (a macro such as `SYSCALL_DEFINE2 (…) {`)
 * gets one, written over the beginning of its name.
 */
export function plainHeader(
  text: string,
  tokens: Tokens,
  match: Int32Array,
  fn: FunctionTokens,
  buffer: MaskBuffer,
): void {
  const { kind, start, end } = tokens;
  const open = fn.parameters;
  const close = match[open] ?? -1;
  if (kind[open] !== PAREN_OPEN || close < 0 || close > fn.open) return;

  if (!hasType(tokens, fn.header, fn.name)) giveType(text, start[fn.name] ?? 0, end[fn.name] ?? 0, buffer);
  else keepOneType(text, tokens, readWords(tokens, fn.header, fn.name), -1, buffer);

  let from = open + 1;
  for (let at = open + 1; at <= close; at++) {
    if (kind[at] === PAREN_OPEN) {
      at = Math.max(at, match[at] ?? at);
    } else if (kind[at] === COMMA || at === close) {
      plainParameter(text, tokens, from, at, buffer);
      from = at + 1;
    }
  }

  const isOldStyle = kind[fn.open - 1] === SEMICOLON;
  const isPlain = kind[fn.name - 1] !== STAR || kind[close + 1] !== PAREN_CLOSE;
  if (!isOldStyle && isPlain && close + 1 < fn.open) buffer.blank(end[close] ?? 0, start[fn.open] ?? 0);
}

function hasType(tokens: Tokens, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const word = tokens.word[at] ?? 0;
    if (tokens.kind[at] === STAR || isName(word) || flagsOf(word) & (TYPE | TAG)) return true;
  }
  return false;
}

/** Overwrites the beginning of a name that is long enough to spare four characters, as `SYSCALL_DEFINE2` is. */
function giveType(text: string, start: number, end: number, buffer: MaskBuffer): void {
  if (end - start < 5) return;
  const next = text.charCodeAt(start + 4);
  buffer.write(start, next >= 48 && next <= 57 ? 'int _' : 'int ');
}

/** The words of a declarator's beginning that could be a type or a name. */
interface Words {
  readonly names: readonly number[];
  /** Whether a keyword already says the type. */
  readonly hasKeyword: boolean;
  readonly lastStar: number;
}

function readWords(tokens: Tokens, from: number, to: number): Words {
  const { kind, word } = tokens;
  const names: number[] = [];
  let hasKeyword = false;
  let lastStar = -1;
  for (let at = from; at < to && kind[at] !== PAREN_OPEN && kind[at] !== SQUARE_OPEN; at++) {
    if (kind[at] === STAR) lastStar = at;
    if (kind[at] !== IDENTIFIER) continue;
    const flags = flagsOf(word[at] ?? 0);
    if (flags & (TYPE | TAG)) {
      hasKeyword = true;
      if (flags & TAG) at++;
    } else if (isName(word[at] ?? 0)) {
      names.push(at);
    }
  }
  return { names, hasKeyword, lastStar };
}

/**
 * Of several words in a row before a name or `*`, C takes one as the type. With a keyword among them the others annotate;
 * without, the first that is not written like a macro is the type, or else the first.
 */
function keepOneType(text: string, tokens: Tokens, words: Words, declared: number, buffer: MaskBuffer): void {
  const { start, end } = tokens;
  const candidates = words.names.filter((at) => at !== declared);
  const type = words.hasKeyword
    ? -1
    : (candidates.find((at) => /[a-z]/.test(text.slice(start[at], end[at]))) ?? candidates[0]);
  for (const at of candidates) if (at !== type) buffer.blank(start[at] ?? 0, end[at] ?? 0);
}

/** `type name`, `struct tag *name[n]`, `type (*name) (…)`: any further word is an annotation. */
function plainParameter(text: string, tokens: Tokens, from: number, to: number, buffer: MaskBuffer): void {
  // A macro that pastes its argument into a name: `DEFINE_OP (802_3) {`.
  if (tokens.kind[from] === NUMBER) buffer.write(tokens.start[from] ?? 0, '_');
  const words = readWords(tokens, from, to);
  const last = words.names.at(-1) ?? -1;
  const isNamed = last > words.lastStar && (words.hasKeyword || words.names.length > 1);
  keepOneType(text, tokens, words, isNamed ? last : -1, buffer);
}
