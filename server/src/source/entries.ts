import type { TableEntry } from './items.ts';
import {
  BRACE_OPEN,
  COMMA,
  EQUALS,
  IDENTIFIER,
  PAREN_CLOSE,
  PAREN_OPEN,
  SQUARE_OPEN,
  STAR,
  type Tokens,
} from './lexer.ts';
import { isName } from './words.ts';

const DOT = 46;
const AMPERSAND = 38;

/** Deeper braces than this hold no operations. */
const MAX_DEPTH = 16;

/** Reads the entries of an initialiser, tokens `from` up to and without `to`, that store identifiers. */
export function readEntries(
  text: string,
  tokens: Tokens,
  match: Int32Array,
  from: number,
  to: number,
): readonly TableEntry[] {
  const entries: TableEntry[] = [];
  readLevel(from, to, '', 0);
  return entries;

  function readLevel(first: number, behind: number, prefix: string, depth: number): void {
    let begin = first;
    let index = 0;
    for (let at = first; at <= behind; at++) {
      const kind = tokens.kind[at];
      if (at === behind || kind === COMMA) {
        if (begin < at) readEntry(begin, at, prefix, index++, depth);
        begin = at + 1;
      } else if (kind === BRACE_OPEN || kind === PAREN_OPEN || kind === SQUARE_OPEN) {
        at = closing(at, behind);
      }
    }
  }

  function closing(open: number, behind: number): number {
    const close = match[open] ?? -1;
    return close > open && close < behind ? close : open;
  }

  function readEntry(begin: number, behind: number, prefix: string, index: number, depth: number): void {
    const { kind } = tokens;
    let at = begin;
    let path = prefix;
    // Designators: `.member`, `[index]`, and GNU's old `member:`.
    for (;;) {
      if (kind[at] === DOT && kind[at + 1] === IDENTIFIER) {
        path = path === '' ? word(at + 1) : `${path}.${word(at + 1)}`;
        at += 2;
      } else if (kind[at] === SQUARE_OPEN) at = closing(at, behind) + 1;
      else break;
      if (at >= behind) return;
    }
    if (kind[at] === EQUALS) at++;
    else if (kind[at] === IDENTIFIER && kind[at + 1] === 58) {
      path = path === '' ? word(at) : `${path}.${word(at)}`;
      at += 2;
    }
    if (kind[at] === BRACE_OPEN) {
      const close = closing(at, behind);
      if (close > at && depth < MAX_DEPTH) readLevel(at + 1, close, path, depth + 1);
      return;
    }
    if (kind[at] === IDENTIFIER && kind[at + 1] === PAREN_OPEN && path === prefix) {
      // A macro that makes entries; its expansion may bring the comma along.
      const close = closing(at + 1, behind);
      const isWhole = close > at + 1 && (close === behind - 1 || kind[close + 1] === DOT);
      if (isWhole) {
        readLevel(at + 2, close, path === '' ? word(at) : `${path}.${word(at)}`, MAX_DEPTH);
        if (close + 1 < behind) readEntry(close + 1, behind, prefix, index, depth);
        return;
      }
    }
    const value = storedName(at, behind);
    if (value < 0) return;
    entries.push({
      member: path === '' ? null : path,
      index,
      value: word(value),
      start: tokens.start[begin] ?? 0,
      end: tokens.end[behind - 1] ?? 0,
    });
  }

  /** The name in `name`, `&name`, `(cast) name`, `wrapper (name)`; -1 for anything else. */
  function storedName(begin: number, behind: number): number {
    let name = -1;
    for (let at = begin; at < behind; at++) {
      const kind = tokens.kind[at] ?? 0;
      if (kind === IDENTIFIER) {
        if (isName(tokens.word[at] ?? 0)) name = at;
      } else if (kind !== PAREN_OPEN && kind !== PAREN_CLOSE && kind !== AMPERSAND && kind !== STAR) {
        return -1;
      }
    }
    return name >= 0 && (name + 1 === behind || tokens.kind[name + 1] === PAREN_CLOSE) ? name : -1;
  }

  function word(at: number): string {
    return text.slice(tokens.start[at], tokens.end[at]);
  }
}
