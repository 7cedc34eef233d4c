import type { Tokens } from './lexer.ts';

/** Tokens with the partner of each bracket, -1 where it has none. */
export interface PairedTokens {
  readonly tokens: Tokens;
  readonly match: Int32Array;
}

/** A token list under construction: the passes of the mask copy what they keep from one list to the next. */
export class TokenList implements Tokens {
  count = 0;
  readonly kind: Uint8Array;
  readonly word: Uint16Array;
  readonly start: Int32Array;
  readonly end: Int32Array;

  constructor(capacity: number) {
    this.kind = new Uint8Array(capacity);
    this.word = new Uint16Array(capacity);
    this.start = new Int32Array(capacity);
    this.end = new Int32Array(capacity);
  }

  copy(from: Tokens, index: number): void {
    this.push(from.kind[index] ?? 0, from.word[index] ?? 0, from.start[index] ?? 0, from.end[index] ?? 0);
  }

  push(kind: number, word: number, start: number, end: number): void {
    const at = this.count++;
    this.kind[at] = kind;
    this.word[at] = word;
    this.start[at] = start;
    this.end[at] = end;
  }
}
