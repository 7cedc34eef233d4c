import { plainArguments } from './arguments.ts';
import { type BodySource, BodyTokens } from './body-tokens.ts';
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
import { callForm, isBareMacro, isDeclaringMacro, isPrototype } from './macro-statements.ts';
import type { FunctionTokens } from './structure.ts';
import { CONTROL, flagsOf, isName, STORAGE, wordNumber } from './words.ts';

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
/** The parentheses of a loop macro: arguments that become a condition. */
const LOOP_HEAD = 5;

/** Makes the statements of a body such that a C grammar takes them. */
export function plainBody(source: BodySource, fn: FunctionTokens): void {
  new BodyPass(new BodyTokens(source, fn)).run();
}

class BodyPass {
  readonly #body: BodyTokens;
  /** Nested brackets, innermost last. */
  readonly #open: number[] = [STATEMENTS];
  /** What parentheses hold whose kind is known: LOOP_HEAD, CONTROL_HEAD, CALL or OTHER. */
  readonly #parens = new Map<number, number>();
  /** Closing parentheses behind which a semicolon was put. */
  readonly #statementEnds = new Set<number>();
  /** Whether the next token begins a statement. */
  #atStart = true;
  /** Whether C wants a statement before the block may end: behind a label, `else`, `if (…)`. */
  #wantsStatement = false;
  /** Nesting in which a `case` awaits its colon, or -1. */
  #caseDepth = -1;
  #caseQuestions = 0;

  constructor(body: BodyTokens) {
    this.#body = body;
  }

  run(): void {
    const body = this.#body;
    for (let at = body.first; at < body.end; at++) {
      if (body.isSettled(at)) continue;
      switch (body.kind(at)) {
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
          if (this.#caseDepth === this.#open.length) this.#body.write(at, '|| ');
          break;
        case OPERATOR:
          this.#operator(at);
          break;
        case NUMBER:
          if (!isNumber(body.text(at))) this.#body.write(at, '_');
          this.#settle(false, false);
          break;
        default:
          this.#settle(false, false);
      }
    }
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

  #identifier(at: number): void {
    const word = this.#body.word(at);
    if (flagsOf(word) & CONTROL) {
      this.#control(at, word);
      return;
    }
    if (this.#atStart && flagsOf(word) & STORAGE && isDeclaringMacro(this.#body, at + 1)) {
      this.#body.blank(at);
      return;
    }
    if (!this.#atStart || !isName(word)) {
      // LEVEL PREFIX "text": the grammar takes one name before a string.
      if (isName(word) && this.#body.isName(at + 1) && this.#body.kind(at + 2) === STRING) this.#body.blank(at);
      this.#settle(false, false);
      return;
    }
    const next = this.#body.kind(at + 1);
    if (next === COLON) {
      this.#body.settle(at + 1);
      this.#settle(true, true);
      return;
    }
    this.#settle(false, false);
    if (next === PAREN_OPEN) this.#callStatement(at);
    else if (next === BRACE_OPEN) {
      this.#body.blank(at);
      this.#settle(true, false);
    } else if (next === BRACE_CLOSE || (next === IDENTIFIER && isBareMacro(this.#body, at))) {
      if (!this.#body.endStatement(at, at + 1)) this.#body.blank(at);
      this.#settle(true, false);
    }
  }

  #control(at: number, word: number): void {
    const next = this.#body.kind(at + 1);
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
          this.#body.blank(at);
          this.#body.blank(at + 1);
        }
        break;
      case IF:
      case WHILE:
      case SWITCH:
        // `if likely (x)`
        if (this.#body.isName(at + 1) && this.#body.kind(at + 2) === PAREN_OPEN) {
          this.#body.blank(at + 1);
          this.#parens.set(at + 2, CONTROL_HEAD);
        }
        break;
      case FOR:
        if (next === PAREN_OPEN && !this.#body.hasSemicolon(at + 1)) this.#body.write(at, 'if ');
        break;
      default:
        break;
    }
    this.#settle(false, false);
  }

  /** `NAME (…)` at the beginning of a statement. */
  #callStatement(at: number): void {
    const body = this.#body;
    const close = body.match(at + 1);
    if (close < 0 || close >= body.end) return;
    const form = callForm(body, at, close);
    switch (form) {
      case 'call':
        this.#parens.set(at + 1, CALL);
        return;
      case 'declared-pointer':
        body.replace(at, 'int');
        this.#parens.set(at + 1, OTHER);
        return;
      case 'for':
        body.replace(at, 'for');
        this.#parens.set(at + 1, CONTROL_HEAD);
        return;
      case 'loop':
        this.#loop(at, close);
        return;
      case 'initialised': {
        this.#parens.set(at + 1, CALL);
        const behind = body.match(close + 2);
        for (let token = close + 1; token <= behind; token++) body.blank(token);
        return;
      }
      case 'unterminated':
        this.#parens.set(at + 1, CALL);
        body.endStatement(close, close + 1);
        this.#statementEnds.add(close);
        return;
      default:
        form satisfies never;
    }
  }

  /** Overwrites the name of a loop macro, so that its parentheses and its body parse as those of a `while`. */
  #loop(at: number, close: number): void {
    const body = this.#body;
    const length = body.endOf(at) - body.start(at);
    if (close > at + 2) {
      if (length < 2) return;
      body.replace(at, length < 5 || this.#hasElse(close + 1) ? 'if' : 'while');
      this.#parens.set(at + 1, LOOP_HEAD);
      return;
    }
    // `FOREVER () {`: the condition must not be empty, so the parentheses move into the room of the name.
    if (length < 3 || body.isOnLaterLine(at, close)) return;
    body.replace(at, '');
    body.blank(at + 1);
    body.blank(close);
    body.write(at, length >= 7 ? 'while(1)' : 'if(1)');
    this.#settle(true, true);
  }

  /** Whether the block that begins here has an `else`: `IF_SET (bit) { … } else`. */
  #hasElse(block: number): boolean {
    const close = this.#body.kind(block) === BRACE_OPEN ? this.#body.match(block) : -1;
    return close >= 0 && this.#body.word(close + 1) === ELSE;
  }

  #parenthesis(at: number): void {
    const kind = this.#parenthesisKind(at);
    if (kind === CALL && this.#isStatementMacro(at)) return;
    this.#parens.set(at, kind);
    this.#enter(kind === LOOP_HEAD ? CONTROL_HEAD : kind);
    if (kind === CALL || kind === LOOP_HEAD) plainArguments(this.#body.source, at);
  }

  #parenthesisKind(at: number): number {
    const body = this.#body;
    const known = this.#parens.get(at);
    if (known !== undefined) return known;
    const before = at - 1;
    const word = body.word(before);
    if (body.kind(before) === IDENTIFIER && (word === IF || word === FOR || word === WHILE || word === SWITCH)) {
      return CONTROL_HEAD;
    }
    if (body.match(at) < 0) return OTHER;
    const callsResult = body.kind(before) === PAREN_CLOSE && this.#parens.get(body.match(before)) === CALL;
    return callsResult || (body.isName(before) && !isPrototype(body, before)) ? CALL : OTHER;
  }

  /** `DEBUG_CODE (a; b;);`: the statements become a block. Returns whether it was one. */
  #isStatementMacro(open: number): boolean {
    const close = this.#body.match(open);
    if (!this.#body.hasSemicolon(open) || this.#inner() !== STATEMENTS) return false;
    let from = open;
    for (let at = open + 1; at < close && this.#body.kind(at) !== SEMICOLON; at++) {
      const kind = this.#body.kind(at);
      if (kind === COMMA) from = at;
      if (kind === PAREN_OPEN || kind === BRACE_OPEN) at = Math.max(at, this.#body.match(at));
    }
    for (let at = open - 1; at <= from; at++) this.#body.blank(at);
    this.#body.write(from, '{');
    if (this.#body.kind(close - 1) !== SEMICOLON && this.#body.kind(close - 1) !== BRACE_CLOSE) {
      this.#body.endStatement(close - 1, close);
    }
    this.#body.write(close, '}');
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
    const before = this.#body.kind(at - 1);
    const inner = this.#inner();
    if (this.#atStart || before === PAREN_OPEN) this.#enter(STATEMENTS);
    else if (inner === CALL && before === COMMA) this.#enter(STATEMENTS);
    else this.#enter(VALUES);
  }

  #closeBrace(at: number): void {
    if (this.#wantsStatement) this.#body.endStatement(at - 1, at);
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
    const isAnd = this.#body.text(at) === '&&';
    const before = this.#body.kind(at - 1);
    const isPrefix =
      before === PAREN_OPEN || before === COMMA || before === EQUALS || before === BRACE_OPEN || before === SQUARE_OPEN;
    if (isAnd && isPrefix) this.#body.write(at, ' &');
    this.#settle(false, false);
  }
}
