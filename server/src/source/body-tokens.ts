import type { MaskBuffer } from './buffer.ts';
import { BRACE_OPEN, IDENTIFIER, PAREN_OPEN, SEMICOLON, type Tokens } from './lexer.ts';
import type { FunctionTokens } from './structure.ts';
import { isName } from './words.ts';

/** What the passes over function bodies share. */
export interface BodySource {
  readonly text: string;
  readonly tokens: Tokens;
  readonly match: Int32Array;
  readonly buffer: MaskBuffer;
  /** Tokens that a rewrite has blanked or settled: later rules pass them by. */
  readonly settled: Uint8Array;
}

/** The tokens of one body, to be looked at and overwritten. Tokens behind its end read as nothing. */
export class BodyTokens {
  readonly source: BodySource;
  readonly first: number;
  readonly end: number;

  constructor(source: BodySource, fn: FunctionTokens) {
    this.source = source;
    this.first = fn.open + 1;
    this.end = fn.end;
  }

  kind(at: number): number {
    return at < this.end ? (this.source.tokens.kind[at] ?? 0) : 0;
  }

  word(at: number): number {
    return this.source.tokens.word[at] ?? 0;
  }

  /** Partner of a bracket, or -1. */
  match(at: number): number {
    return this.source.match[at] ?? -1;
  }

  start(at: number): number {
    return this.source.tokens.start[at] ?? 0;
  }

  endOf(at: number): number {
    return this.source.tokens.end[at] ?? 0;
  }

  text(at: number): string {
    return this.source.text.slice(this.start(at), this.endOf(at));
  }

  isName(at: number): boolean {
    return this.kind(at) === IDENTIFIER && isName(this.word(at));
  }

  isSettled(at: number): boolean {
    return this.source.settled[at] === 1;
  }

  settle(at: number): void {
    this.source.settled[at] = 1;
  }

  write(at: number, characters: string): void {
    this.source.buffer.write(this.start(at), characters);
  }

  blank(at: number): void {
    this.source.buffer.blank(this.start(at), this.endOf(at));
    this.settle(at);
  }

  /** Overwrites a word by a shorter one. */
  replace(at: number, word: string): void {
    this.source.buffer.blank(this.start(at), this.endOf(at));
    this.write(at, word);
  }

  /** Ends the statement before `next`, if a blank between the two tokens has room for the semicolon; tells whether it had. */
  endStatement(previous: number, next: number): boolean {
    const { buffer } = this.source;
    const blank = buffer.lastBlank(this.endOf(previous), this.start(next));
    if (blank >= 0) buffer.write(blank, ';');
    return blank >= 0;
  }

  /** Whether a semicolon stands between the brackets, inner ones left out. */
  hasSemicolon(open: number): boolean {
    const close = this.match(open);
    for (let at = open + 1; at < close; at++) {
      const kind = this.kind(at);
      if (kind === SEMICOLON) return true;
      if (kind === PAREN_OPEN || kind === BRACE_OPEN) at = Math.max(at, this.match(at));
    }
    return close < 0;
  }

  isOnLaterLine(previous: number, next: number): boolean {
    return this.source.text.slice(this.endOf(previous), this.start(next)).includes('\n');
  }

  /** Width of the indentation of a token's line, tabs counted as eight. */
  indentation(at: number): number {
    const { text } = this.source;
    let begin = text.lastIndexOf('\n', this.start(at) - 1) + 1;
    let width = 0;
    for (; ; begin++) {
      const unit = text.charCodeAt(begin);
      if (unit === 9) width += 8 - (width % 8);
      else if (unit === 32) width++;
      else return width;
    }
  }
}
