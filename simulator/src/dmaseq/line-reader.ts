import type { DmaseqError, Position } from './document.ts';
import { type Token, tokensOf } from './lexer.ts';
import { nearest } from './nearest.ts';

/** Ends the reading of a line; caught where lines are read one after the other. */
export class Mistake extends Error {
  readonly error: DmaseqError;

  constructor(at: Position, message: string) {
    super(message);
    this.error = { ...at, message };
  }
}

/** Takes the tokens of one line one by one. `take…` looks whether something is there; the others insist. */
export class LineReader {
  readonly #tokens: readonly Token[];
  readonly #line: number;
  #next = 0;

  constructor(text: string, line: number) {
    this.#tokens = tokensOf(text);
    this.#line = line;
  }

  get #token(): Token {
    const token = this.#tokens[this.#next];
    if (token === undefined) throw new RangeError('read past the end of a line');
    return token;
  }

  get position(): Position {
    return { line: this.#line, column: this.#token.column };
  }

  get isAtEnd(): boolean {
    return this.#token.kind === 'end';
  }

  end(): void {
    if (!this.isAtEnd) this.#refuse('the end of the line');
  }

  takeWord(word: string): boolean {
    return this.#takeIf(this.#token.kind === 'word' && this.#token.text === word);
  }

  takeSymbol(symbol: string): boolean {
    return this.#takeIf(this.#token.kind === 'symbol' && this.#token.text === symbol);
  }

  takeJoinedSymbol(symbol: string): boolean {
    return this.#token.joined && this.takeSymbol(symbol);
  }

  takeNumber(): number | null {
    const { kind, value } = this.#token;
    if (kind !== 'number') return null;
    if (!Number.isSafeInteger(value)) this.#refuse('a number below 2^53');
    this.#next += 1;
    return value;
  }

  /** A word or text without a space before it. */
  joinedText(): string | null {
    const { kind, text, joined } = this.#token;
    if (!joined || (kind !== 'word' && kind !== 'string')) return null;
    this.#next += 1;
    return text;
  }

  word(what: string): string {
    const { kind, text } = this.#token;
    if (kind !== 'word') this.#refuse(what);
    this.#next += 1;
    return text;
  }

  /** A word, a number or a text in quotes. */
  text(what: string): string {
    const { kind, text } = this.#token;
    if (kind !== 'word' && kind !== 'string' && kind !== 'number') this.#refuse(what);
    this.#next += 1;
    return text;
  }

  number(what: string): number {
    return this.takeNumber() ?? this.#refuse(what);
  }

  symbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) this.#refuse(`'${symbol}'`);
  }

  symbolOf<S extends string>(symbols: readonly S[]): S {
    const found = symbols.find((symbol) => this.takeSymbol(symbol));
    return found ?? this.#refuse(`one of ${symbols.join(' ')}`);
  }

  oneOf<W extends string>(words: readonly W[]): W {
    const { text } = this.#token;
    const found = words.find((word) => this.takeWord(word));
    return found ?? this.#refuse(`one of ${words.join(', ')}${nearest(text, words)}`);
  }

  /** At least one word, separated by commas. */
  words(what: string): readonly string[] {
    const words = [this.text(what)];
    while (this.takeSymbol(',')) words.push(this.text(what));
    return words;
  }

  /** Values separated by commas; an empty text in quotes is the empty list. */
  list(): readonly string[] {
    const values = this.words('a value');
    return values.length === 1 && values[0] === '' ? [] : values;
  }

  #takeIf(isThere: boolean): boolean {
    if (isThere) this.#next += 1;
    return isThere;
  }

  #refuse(expected: string): never {
    const { kind, text } = this.#token;
    if (kind === 'bad' && /^\d/u.test(text))
      throw new Mistake(
        this.position,
        `'${text}' is no number: write 4096, 0x1000 or 4K; K, M and G are powers of 1024`,
      );
    const found = kind === 'end' ? text : kind === 'string' ? `"${text}"` : `'${text}'`;
    throw new Mistake(this.position, `expected ${expected}, found ${found}`);
  }
}
