import { functionNameBefore, headerStart, isFirstColumn, isTagBefore, isUnindented } from './definitions.ts';
import {
  BRACE_CLOSE,
  BRACE_OPEN,
  EQUALS,
  PAREN_CLOSE,
  PAREN_OPEN,
  SQUARE_CLOSE,
  SQUARE_OPEN,
  STRING,
  type Tokens,
} from './lexer.ts';
import { flagsOf, STORAGE } from './words.ts';

/** What an open bracket began. */
export const FUNCTION = 1;
export const FIELDS = 2; // body of a struct, union or enum
export const INITIALIZER = 3;
export const LINKAGE = 4; // extern "C" {
export const BLOCK = 5;
const PAREN = 6;
const SQUARE = 7;

const DOT = 46;

/** So many unclosed square brackets are passed over in search of the parenthesis that a closing one belongs to. */
const MAX_UNCLOSED = 64;

/** Where a function was cut off because the next one began: indices of its `{` and of the first token that is not its own. */
export interface Interruption {
  readonly open: number;
  readonly next: number;
}

/**
 * Pairs brackets and tells what each brace begins, one token after the other. Wrong nesting cannot run away: a `{` in the
 * first column behind a function header begins a function, whatever is still open.
 */
export class BracketTracker {
  readonly #text: string;
  readonly #tokens: Tokens;
  readonly #stackKind: number[] = [];
  readonly #stackToken: number[] = [];
  #functionDepth = 0;
  #parenDepth = 0;
  /** Index of the partner of each bracket, -1 where there is none (yet). */
  readonly match: Int32Array;
  /** FUNCTION … BLOCK for each `{`. */
  readonly braceKind: Uint8Array;

  constructor(text: string, tokens: Tokens, capacity: number) {
    this.#text = text;
    this.#tokens = tokens;
    this.match = new Int32Array(capacity).fill(-1);
    this.braceKind = new Uint8Array(capacity);
  }

  get inFunction(): boolean {
    return this.#functionDepth > 0;
  }

  get inParentheses(): boolean {
    return this.#parenDepth > 0;
  }

  /** Whether nothing but `extern "C"` is open. */
  get atTopLevel(): boolean {
    return this.#stackKind.length === 0 || (this.#stackKind.length === 1 && this.#stackKind[0] === LINKAGE);
  }

  /** Index of the `{` of the function that is open, or -1. */
  get openFunction(): number {
    const depth = this.#stackKind.indexOf(FUNCTION);
    return depth < 0 ? -1 : (this.#stackToken[depth] ?? -1);
  }

  /** Forgets everything that is open. */
  reset(): void {
    this.#stackKind.length = 0;
    this.#stackToken.length = 0;
    this.#functionDepth = 0;
    this.#parenDepth = 0;
  }

  /** Takes the next token. Returns the interruption if a new function begins although another one is open. */
  accept(index: number): Interruption | null {
    switch (this.#tokens.kind[index]) {
      case PAREN_OPEN:
        this.#push(PAREN, index);
        return null;
      case SQUARE_OPEN:
        this.#push(SQUARE, index);
        return null;
      case PAREN_CLOSE:
        this.#closeInner(PAREN, index);
        return null;
      case SQUARE_CLOSE:
        this.#closeInner(SQUARE, index);
        return null;
      case BRACE_OPEN:
        return this.#openBrace(index);
      case BRACE_CLOSE:
        this.#closeBrace(index);
        return null;
      default:
        return null;
    }
  }

  #push(kind: number, index: number): void {
    this.#stackKind.push(kind);
    this.#stackToken.push(index);
    if (kind === FUNCTION) this.#functionDepth++;
    if (kind === PAREN) this.#parenDepth++;
  }

  #pop(): number {
    const kind = this.#stackKind.pop();
    if (kind === FUNCTION) this.#functionDepth--;
    if (kind === PAREN) this.#parenDepth--;
    return this.#stackToken.pop() ?? -1;
  }

  #pair(open: number, close: number): void {
    this.match[open] = close;
    this.match[close] = open;
  }

  /** Closes a parenthesis or square bracket unless a brace stands between. */
  #closeInner(kind: number, index: number): void {
    let depth = this.#stackKind.length - 1;
    const lowest = depth - MAX_UNCLOSED;
    while (depth > lowest && this.#stackKind[depth] !== kind && (this.#stackKind[depth] ?? 0) >= PAREN) depth--;
    if (depth < 0 || this.#stackKind[depth] !== kind) return;
    while (this.#stackKind.length > depth + 1) this.#pop();
    this.#pair(this.#pop(), index);
  }

  #closeBrace(index: number): void {
    let depth = this.#stackKind.length - 1;
    while (depth >= 0 && (this.#stackKind[depth] ?? 0) >= PAREN) depth--;
    if (depth < 0) {
      this.reset();
      return;
    }
    while (this.#stackKind.length > depth + 1) this.#pop();
    this.#pair(this.#pop(), index);
  }

  #openBrace(index: number): Interruption | null {
    let interruption: Interruption | null = null;
    if (!this.atTopLevel && this.#isFirstColumn(index)) {
      const name = functionNameBefore(this.#tokens, this.match, this.#text, index);
      const header = name < 0 ? -1 : headerStart(this.#tokens, this.match, this.#text, name);
      if (header >= 0 && header < name && isUnindented(this.#text, this.#tokens.start[header] ?? 0)) {
        const open = this.openFunction;
        if (open >= 0) interruption = { open, next: header };
        this.reset();
      }
    }
    const kind = this.#classify(index);
    this.braceKind[index] = kind;
    this.#push(kind, index);
    return interruption;
  }

  #isFirstColumn(index: number): boolean {
    return isFirstColumn(this.#text, this.#tokens.start[index] ?? 0);
  }

  #classify(index: number): number {
    if (this.#functionDepth > 0) return BLOCK;
    const { kind, word } = this.#tokens;
    const top = this.#stackKind[this.#stackKind.length - 1] ?? LINKAGE;
    const before = index - 1;
    if (top === INITIALIZER || kind[before] === EQUALS) return INITIALIZER;
    // A macro that defines a structure: `define_machine (name) { .name = …`.
    if (index + 1 < this.#tokens.count && kind[index + 1] === DOT) return INITIALIZER;
    if (kind[before] === STRING && flagsOf(word[before - 1] ?? 0) & STORAGE) return LINKAGE;
    if (top !== PAREN && top !== FIELDS && functionNameBefore(this.#tokens, this.match, this.#text, index) >= 0) {
      return FUNCTION;
    }
    return isTagBefore(this.#tokens, this.match, index) ? FIELDS : BLOCK;
  }
}
