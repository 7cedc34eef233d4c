import { type BodySource, plainArguments } from './arguments.ts';
import {
  BRACE_CLOSE,
  BRACE_OPEN,
  COLON,
  COMMA,
  ELLIPSIS,
  EQUALS,
  IDENTIFIER,
  isNumber,
  NUMBER,
  OPERATOR,
  PAREN_CLOSE,
  PAREN_OPEN,
  QUESTION,
  SEMICOLON,
  SQUARE_CLOSE,
  SQUARE_OPEN,
  STAR,
  STRING,
} from './lexer.ts';
import type { FunctionTokens } from './structure.ts';
import { CONTROL, flagsOf, isName, QUALIFIER, STORAGE, TAG, TYPE, wordNumber } from './words.ts';

const IF = wordNumber('if');
const FOR = wordNumber('for');
const WHILE = wordNumber('while');
const SWITCH = wordNumber('switch');
const ELSE = wordNumber('else');
const DO = wordNumber('do');
const CASE = wordNumber('case');
const DEFAULT = wordNumber('default');
const GOTO = wordNumber('goto');

/** What an open bracket in a body holds. */
const STATEMENTS = 0;
const VALUES = 1;
const CONTROL_HEAD = 2;
const CALL = 3;
const OTHER = 4;

const LOOP_NAME = /for_?each|foreach|^for_|_for_|iterate|scoped_(?:cond_)?guard|_scope$/i;

/** Makes the statements of a body such that a C grammar takes them. */
export function plainBody(source: BodySource, fn: FunctionTokens): void {
  new BodyPass(source, fn).run();
}

class BodyPass {
  readonly #source: BodySource;
  readonly #first: number;
  readonly #end: number;
  /** Nested brackets, innermost last. */
  readonly #open: number[] = [STATEMENTS];
  /** Parentheses of loop macros, which are control heads to the grammar. */
  readonly #loopParens = new Set<number>();
  readonly #forParens = new Set<number>();
  /** Parentheses of calls, and of calls of what they return. */
  readonly #callParens = new Set<number>();
  /** Closing parentheses behind which a semicolon was put. */
  readonly #statementEnds = new Set<number>();
  /** Whether the next token begins a statement. */
  #atStart = true;
  /** Whether C wants a statement before the block may end: behind a label, `else`, `if (…)`. */
  #wantsStatement = false;
  /** Nesting in which a `case` awaits its colon, or -1. */
  #caseDepth = -1;
  #caseQuestions = 0;

  constructor(source: BodySource, fn: FunctionTokens) {
    this.#source = source;
    this.#first = fn.open + 1;
    this.#end = fn.end;
  }

  run(): void {
    const { tokens, settled } = this.#source;
    for (let at = this.#first; at < this.#end; at++) {
      if (settled[at]) continue;
      switch (tokens.kind[at]) {
        case IDENTIFIER:
          this.#identifier(at);
          break;
        case PAREN_OPEN:
          this.#parenthesis(at);
          break;
        case PAREN_CLOSE:
          this.#closeParenthesis(at);
          break;
        case SQUARE_OPEN:
          this.#enter(OTHER);
          break;
        case SQUARE_CLOSE:
          if (this.#inner() >= CONTROL_HEAD) this.#open.pop();
          break;
        case BRACE_OPEN:
          this.#brace(at);
          break;
        case BRACE_CLOSE:
          this.#closeBrace(at);
          break;
        case SEMICOLON:
          this.#settle(this.#inner() === STATEMENTS, false);
          break;
        case COLON:
          this.#colon();
          break;
        case QUESTION:
          if (this.#caseDepth === this.#open.length) this.#caseQuestions++;
          this.#settle(false, false);
          break;
        case ELLIPSIS:
          // `case 1 ... 5:` as one expression; the text at the operator tells readers what it was.
          if (this.#caseDepth === this.#open.length) this.#write(at, '|| ');
          break;
        case OPERATOR:
          this.#operator(at);
          break;
        case NUMBER:
          if (!isNumber(this.#source.text, this.#start(at), this.#tokenEnd(at))) this.#write(at, '_');
          this.#settle(false, false);
          break;
        default:
          this.#settle(false, false);
      }
    }
  }

  #kind(at: number): number {
    return at < this.#end ? (this.#source.tokens.kind[at] ?? 0) : 0;
  }

  #word(at: number): number {
    return this.#source.tokens.word[at] ?? 0;
  }

  #start(at: number): number {
    return this.#source.tokens.start[at] ?? 0;
  }

  #tokenEnd(at: number): number {
    return this.#source.tokens.end[at] ?? 0;
  }

  #inner(): number {
    return this.#open.at(-1) ?? STATEMENTS;
  }

  #enter(kind: number): void {
    this.#open.push(kind);
    this.#settle(kind === STATEMENTS, false);
  }

  #settle(atStart: boolean, wantsStatement: boolean): void {
    this.#atStart = atStart;
    this.#wantsStatement = wantsStatement;
  }

  #write(at: number, characters: string): void {
    this.#source.buffer.write(this.#start(at), characters);
  }

  #blank(at: number): void {
    this.#source.buffer.blank(this.#start(at), this.#tokenEnd(at));
    this.#source.settled[at] = 1;
  }

  /** Ends the statement before `next`, if a blank between the two tokens has room for the semicolon; tells whether it had. */
  #endStatement(previous: number, next: number): boolean {
    const { buffer } = this.#source;
    const blank = buffer.lastBlank(this.#tokenEnd(previous), this.#start(next));
    if (blank >= 0) buffer.write(blank, ';');
    return blank >= 0;
  }

  #isName(at: number): boolean {
    return this.#kind(at) === IDENTIFIER && isName(this.#word(at));
  }

  #identifier(at: number): void {
    const word = this.#word(at);
    if (flagsOf(word) & CONTROL) {
      this.#control(at, word);
      return;
    }
    if (this.#atStart && flagsOf(word) & STORAGE && this.#isDeclaringMacro(at + 1)) {
      this.#blank(at);
      return;
    }
    if (!this.#atStart || !isName(word)) {
      // LEVEL PREFIX "text": the grammar takes one name before a string.
      if (isName(word) && this.#isName(at + 1) && this.#kind(at + 2) === STRING) this.#blank(at);
      this.#settle(false, false);
      return;
    }
    const next = this.#kind(at + 1);
    if (next === COLON) {
      this.#source.settled[at + 1] = 1;
      this.#settle(true, true);
      return;
    }
    this.#settle(false, false);
    if (next === PAREN_OPEN) this.#callStatement(at);
    else if (next === BRACE_OPEN) {
      this.#blank(at);
      this.#settle(true, false);
    } else if (next === BRACE_CLOSE || (next === IDENTIFIER && this.#isBareMacro(at))) {
      if (!this.#endStatement(at, at + 1)) this.#blank(at);
      this.#settle(true, false);
    }
  }

  /** `static DEFINE_X (name);`, `DECLARE_BITMAP (name, n) = { 0 };`: calls to the grammar, once the initialiser is gone. */
  #isDeclaringMacro(name: number): boolean {
    if (!this.#isName(name) || this.#kind(name + 1) !== PAREN_OPEN) return false;
    const close = this.#source.match[name + 1] ?? -1;
    return close >= 0 && (this.#kind(close + 1) === SEMICOLON || this.#kind(close + 1) === EQUALS);
  }

  /** Whether the name stands alone as a statement although no semicolon follows. */
  #isBareMacro(at: number): boolean {
    if (flagsOf(this.#word(at + 1)) & CONTROL) return true;
    if (!this.#isOnLaterLine(at, at + 1) || this.#column(at + 1) > this.#column(at)) return false;
    if (!this.#isName(at + 1)) return true;
    const behind = this.#kind(at + 2);
    return behind === PAREN_OPEN || behind === COLON || (behind === IDENTIFIER && this.#isOnLaterLine(at + 1, at + 2));
  }

  #control(at: number, word: number): void {
    const next = this.#kind(at + 1);
    switch (word) {
      case ELSE:
      case DO:
        this.#settle(true, true);
        return;
      case CASE:
      case DEFAULT:
        this.#caseDepth = this.#open.length;
        this.#caseQuestions = 0;
        break;
      case GOTO:
        // A computed goto has no C form; what it computes stays as an expression.
        if (next === STAR) {
          this.#blank(at);
          this.#blank(at + 1);
        }
        break;
      case IF:
      case WHILE:
      case SWITCH:
        // `if likely (x)`
        if (this.#isName(at + 1) && this.#kind(at + 2) === PAREN_OPEN) {
          this.#blank(at + 1);
          this.#loopParens.add(at + 2);
        }
        break;
      case FOR:
        if (next === PAREN_OPEN && !this.#hasSemicolon(at + 1)) this.#write(at, 'if ');
        break;
      default:
        break;
    }
    this.#settle(false, false);
  }

  #hasSemicolon(open: number): boolean {
    const close = this.#source.match[open] ?? -1;
    for (let at = open + 1; at < close; at++) {
      const kind = this.#kind(at);
      if (kind === SEMICOLON) return true;
      if (kind === PAREN_OPEN || kind === BRACE_OPEN) at = Math.max(at, this.#source.match[at] ?? at);
    }
    return close < 0;
  }

  /** `NAME (…)` at the beginning of a statement: a call, a loop macro, or a macro that needs no semicolon. */
  #callStatement(at: number): void {
    const close = this.#source.match[at + 1] ?? -1;
    if (close < 0 || close >= this.#end) return;
    const next = close + 1;
    const kind = this.#kind(next);
    const name = this.#source.text.slice(this.#start(at), this.#tokenEnd(at));
    if (this.#isDeclaredPointer(at, close)) {
      // `status_t (*call) (int);` is a call of a call to the grammar; behind a keyword it is what it is.
      this.#source.buffer.blank(this.#start(at), this.#tokenEnd(at));
      this.#write(at, 'int');
      this.#enter(OTHER);
      this.#source.settled[at + 1] = 1;
      return;
    }
    if (this.#hasSemicolon(at + 1) && (kind === BRACE_OPEN || LOOP_NAME.test(name)) && name.length >= 3) {
      // `unrolled_for (i = 0; i < n; i++) {`
      this.#source.buffer.blank(this.#start(at), this.#tokenEnd(at));
      this.#write(at, 'for');
      this.#forParens.add(at + 1);
      return;
    }
    if (kind === BRACE_OPEN) {
      this.#loop(at, close);
      return;
    }
    if (kind === EQUALS && this.#kind(next + 1) === BRACE_OPEN) {
      const behind = (this.#source.match[next + 1] ?? next) + 1;
      for (let token = next; token < behind; token++) this.#blank(token);
      return;
    }
    if (!this.#canBeginStatement(next)) return;
    const isLater = this.#isOnLaterLine(close, next);
    // Columns are looked up only behind a line break: a line of megabytes must not be measured again and again.
    const isDeeper = isLater && this.#column(next) > this.#column(at);
    const isCall = kind === IDENTIFIER && this.#isName(next) && this.#kind(next + 1) === PAREN_OPEN;
    if (LOOP_NAME.test(name) || (kind === IDENTIFIER && isDeeper)) {
      this.#loop(at, close);
    } else if (kind === BRACE_CLOSE || (kind === IDENTIFIER && flagsOf(this.#word(next)) & CONTROL)) {
      this.#endCall(close, next);
    } else if (isCall || (isLater && !isDeeper && kind !== PAREN_OPEN)) {
      this.#endCall(close, next);
    }
  }

  /** `type (*name) (…)`, `type (*name)[n]` with a plain name for the type. */
  #isDeclaredPointer(at: number, close: number): boolean {
    if (this.#tokenEnd(at) - this.#start(at) < 3 || close !== at + 4) return false;
    if (this.#kind(at + 2) !== STAR || !this.#isName(at + 3)) return false;
    return this.#kind(close + 1) === PAREN_OPEN || this.#kind(close + 1) === SQUARE_OPEN;
  }

  #canBeginStatement(at: number): boolean {
    const kind = this.#kind(at);
    if (kind === OPERATOR) {
      const { text } = this.#source;
      return text.startsWith('++', this.#start(at)) || text.startsWith('--', this.#start(at));
    }
    return kind === BRACE_CLOSE || kind === IDENTIFIER || kind === STAR || kind === PAREN_OPEN;
  }

  #endCall(close: number, next: number): void {
    this.#endStatement(close, next);
    this.#statementEnds.add(close);
  }

  /** Overwrites the name of a loop macro, so that its parentheses and its body parse as those of a `while`. */
  #loop(at: number, close: number): void {
    const length = this.#tokenEnd(at) - this.#start(at);
    const isEmpty = close === at + 2;
    if (isEmpty && this.#isOnLaterLine(at, close)) return;
    if (length < 2 || (isEmpty && length < 3)) return;
    this.#source.buffer.blank(this.#start(at), this.#tokenEnd(at));
    this.#write(at, length < 5 || this.#hasElse(close + 1) ? 'if' : 'while');
    if (isEmpty) {
      // `FOREVER () {`: the condition must not be empty, so the parenthesis moves into the room of the name.
      this.#source.buffer.blank(this.#start(at), this.#tokenEnd(close));
      this.#write(at, length >= 7 ? 'while(1)' : 'if(1)');
      this.#source.settled[at + 1] = 1;
      this.#source.settled[close] = 1;
      this.#settle(true, true);
      return;
    }
    this.#loopParens.add(at + 1);
  }

  /** Whether the block that begins here has an `else`: `IF_SET (bit) { … } else`. */
  #hasElse(block: number): boolean {
    const close = this.#kind(block) === BRACE_OPEN ? (this.#source.match[block] ?? -1) : -1;
    return close >= 0 && this.#word(close + 1) === ELSE;
  }

  #isOnLaterLine(previous: number, next: number): boolean {
    return this.#source.text.slice(this.#tokenEnd(previous), this.#start(next)).includes('\n');
  }

  /** Width of the indentation of a token's line, tabs counted as eight. */
  #column(at: number): number {
    const { text } = this.#source;
    let begin = text.lastIndexOf('\n', this.#start(at) - 1) + 1;
    let width = 0;
    for (; ; begin++) {
      const unit = text.charCodeAt(begin);
      if (unit === 9) width += 8 - (width % 8);
      else if (unit === 32) width++;
      else return width;
    }
  }

  #parenthesis(at: number): void {
    const before = at - 1;
    const word = this.#word(before);
    if (this.#loopParens.has(at)) {
      this.#enter(CONTROL_HEAD);
      plainArguments(this.#source, at);
      return;
    }
    if (this.#kind(before) === IDENTIFIER && (word === IF || word === FOR || word === WHILE || word === SWITCH)) {
      this.#enter(CONTROL_HEAD);
      return;
    }
    if (this.#forParens.has(at)) {
      this.#enter(CONTROL_HEAD);
      return;
    }
    const close = this.#source.match[at] ?? -1;
    const callsResult = this.#kind(before) === PAREN_CLOSE && this.#callParens.has(this.#source.match[before] ?? -1);
    if (close >= 0 && (callsResult || (this.#isName(before) && !this.#isPrototype(before)))) {
      if (this.#isStatementMacro(at, close)) return;
      this.#callParens.add(at);
      this.#enter(CALL);
      plainArguments(this.#source, at);
      return;
    }
    this.#enter(OTHER);
  }

  /** Whether the name before a parenthesis is declared here, not called. */
  #isPrototype(name: number): boolean {
    let at = name - 1;
    let stars = 0;
    for (; this.#kind(at) === STAR && at > this.#first; at--) stars++;
    if (at < this.#first || this.#kind(at) !== IDENTIFIER || this.#source.settled[at]) return false;
    const flags = flagsOf(this.#word(at));
    if (flags & (TYPE | QUALIFIER | STORAGE)) return true;
    if (!isName(this.#word(at))) return false;
    if (stars === 0) return true;
    const before = this.#kind(at - 1);
    if (before === IDENTIFIER) return (flagsOf(this.#word(at - 1)) & (TAG | QUALIFIER | STORAGE)) !== 0;
    return before === SEMICOLON || before === BRACE_OPEN || before === BRACE_CLOSE;
  }

  /** `DEBUG_CODE (a; b;);`: the statements become a block. Returns whether it was one. */
  #isStatementMacro(open: number, close: number): boolean {
    if (!this.#hasSemicolon(open) || this.#inner() !== STATEMENTS) return false;
    let from = open;
    for (let at = open + 1; at < close && this.#kind(at) !== SEMICOLON; at++) {
      const kind = this.#kind(at);
      if (kind === COMMA) from = at;
      if (kind === PAREN_OPEN || kind === BRACE_OPEN) at = Math.max(at, this.#source.match[at] ?? at);
    }
    for (let at = open - 1; at <= from; at++) this.#blank(at);
    this.#write(from, '{');
    if (this.#kind(close - 1) !== SEMICOLON && this.#kind(close - 1) !== BRACE_CLOSE) {
      this.#endStatement(close - 1, close);
    }
    this.#write(close, '}');
    this.#enter(STATEMENTS);
    return true;
  }

  #closeParenthesis(at: number): void {
    const kind = this.#inner();
    if (this.#open.length > 1) this.#open.pop();
    if (kind === CONTROL_HEAD) this.#settle(true, true);
    else this.#settle(kind === STATEMENTS || this.#statementEnds.has(at), false);
  }

  #brace(at: number): void {
    const before = this.#kind(at - 1);
    const inner = this.#inner();
    if (this.#atStart || before === PAREN_OPEN) this.#enter(STATEMENTS);
    else if (inner === CALL && before === COMMA) this.#enter(STATEMENTS);
    else this.#enter(VALUES);
  }

  #closeBrace(at: number): void {
    if (this.#wantsStatement) this.#endStatement(at - 1, at);
    const kind = this.#inner();
    if (this.#open.length > 1) this.#open.pop();
    this.#settle(kind === STATEMENTS && this.#inner() === STATEMENTS, false);
  }

  #colon(): void {
    const isCase = this.#caseDepth === this.#open.length;
    if (isCase && this.#caseQuestions > 0) this.#caseQuestions--;
    else if (isCase) {
      this.#caseDepth = -1;
      this.#settle(true, false);
      return;
    }
    this.#settle(false, false);
  }

  #operator(at: number): void {
    // `&&label` takes an address; a plain `&` says as much to the grammar.
    const isAnd = this.#source.text.startsWith('&&', this.#start(at));
    const before = this.#kind(at - 1);
    const isPrefix =
      before === PAREN_OPEN || before === COMMA || before === EQUALS || before === BRACE_OPEN || before === SQUARE_OPEN;
    if (isAnd && isPrefix) this.#write(at, ' &');
    this.#settle(false, false);
  }
}
