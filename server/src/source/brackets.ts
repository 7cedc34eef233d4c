import {
  BRACE_CLOSE,
  BRACE_OPEN,
  COLON,
  EQUALS,
  IDENTIFIER,
  PAREN_CLOSE,
  PAREN_OPEN,
  SEMICOLON,
  SQUARE_CLOSE,
  SQUARE_OPEN,
  STAR,
  STRING,
  type Tokens,
} from './lexer.ts';
import { ANNOTATION_CALL, CONTROL, EXPRESSION, flagsOf, isName, STORAGE, TAG } from './words.ts';

/** What an open bracket began. */
export const FUNCTION = 1;
export const FIELDS = 2; // body of a struct, union or enum
export const INITIALIZER = 3;
export const LINKAGE = 4; // extern "C" {
export const BLOCK = 5;
const PAREN = 6;
const SQUARE = 7;

const DOT = 46;

/** No header has more tokens behind its parameters, no tag more between keyword and brace. */
const MAX_STEPS = 64;

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
    const lowest = depth - MAX_STEPS;
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

export function isFirstColumn(text: string, offset: number): boolean {
  return offset === 0 || text.charCodeAt(offset - 1) === 10;
}

/** Whether the line of an offset begins in the first column, be it with an annotation that is masked. */
function isUnindented(text: string, offset: number): boolean {
  const first = text.charCodeAt(text.lastIndexOf('\n', offset - 1) + 1);
  return first !== 32 && first !== 9;
}

/** Whether `struct tag`, perhaps with annotations, ends before the brace. */
function isTagBefore(tokens: Tokens, match: Int32Array, brace: number): boolean {
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
      case 44:
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
