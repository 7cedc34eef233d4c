import { evaluateConstant } from './constant-expression.ts';
import {
  BRACE_CLOSE,
  BRACE_OPEN,
  COLON,
  COMMA,
  DIRECTIVE,
  EQUALS,
  IDENTIFIER,
  lex,
  PAREN_CLOSE,
  PAREN_OPEN,
  type Tokens,
} from './lexer.ts';
import { wordNumber } from './words.ts';

/** What a `#define`, an `#undef` or an enumerator says of a name. */
export interface Definition {
  readonly at: number;
  /** Null where no constant can come of it: an `#undef`, a function-like macro, a default that somebody may have overridden. */
  readonly expression: string | null;
  /** A macro that is there in every configuration. */
  readonly isCertain: boolean;
}

/** The constants that a file defines, and where it may find others. */
export interface FileConstants {
  readonly definitions: ReadonlyMap<string, readonly Definition[]>;
  /** Paths between the quotes or angle brackets. */
  readonly includes: readonly string[];
}

const NO_CONSTANTS: FileConstants = { definitions: new Map(), includes: [] };

/** What preprocessor conditions may ask of a text, at an offset in it. */
export interface MacroKnowledge {
  /** Null where only a configuration can tell. */
  isDefined(name: string, at: number): boolean | null;
  numberOf(name: string, at: number): number | null;
}

export const NO_MACROS: MacroKnowledge = { isDefined: () => null, numberOf: () => null };

const ENUM = wordNumber('enum');
const DIRECTIVE_FORM = /^#\s*(define|undef|include|ifdef|ifndef|if|elif|else|endif)\b/;
const MACRO_FORM = /^#\s*\w+\s+([A-Za-z_$][\w$]*)(\()?/;
const INCLUDE_FORM = /[<"]([^>"\n]*)[>"]/;
const COMMENT = /\/\*[\s\S]*?(?:\*\/|$)|\/\/.*/g;
/** What constants are written with: without strings, braces and assignments. */
const CONSTANT_FORM = /^(?:[\w\s()+\-*/%<>&|^~!?:]|[=!<>]=|'(?:\\.|[^'\\])')+$/;

/** An `#if` that is open. */
interface Conditional {
  /** The macro that it asks for, if it is an `#ifndef`. */
  readonly missing: string | null;
  /** Around the whole file, against including it twice. */
  readonly isGuard: boolean;
  /** The arm is in no configuration; one before it is in all. */
  isDead: boolean;
  isDone: boolean;
}

/** Reads the constants of a file, or of a section of one: `isBegin` if it is the first. Linear in its length; any text gives a result. */
export function readConstants(text: string, isBegin = true): FileConstants {
  // Most sections are functions, which define nothing.
  return text.includes('#') || text.includes('enum') ? new ConstantReader(text, isBegin).read() : NO_CONSTANTS;
}

class ConstantReader {
  readonly #text: string;
  readonly #tokens: Tokens;
  readonly #definitions = new Map<string, Definition[]>();
  readonly #includes: string[] = [];
  readonly #open: Conditional[] = [];
  /** Only the first one may be a guard. */
  #hasDirective: boolean;

  constructor(text: string, isBegin: boolean) {
    this.#hasDirective = !isBegin;
    this.#text = text;
    this.#tokens = lex(text).tokens;
  }

  read(): FileConstants {
    const { kind, word, count } = this.#tokens;
    for (let at = 0; at < count; at++) {
      if (kind[at] === DIRECTIVE) this.#directive(at);
      else if (word[at] === ENUM) {
        let open = at + 1;
        while (kind[open] === IDENTIFIER || kind[open] === COLON) open++;
        if (kind[open] === BRACE_OPEN) at = this.#enumerators(open + 1);
      }
    }
    return { definitions: this.#definitions, includes: this.#includes };
  }

  get #isDead(): boolean {
    return this.#open.some(({ isDead }) => isDead);
  }

  get #isCertain(): boolean {
    return this.#open.every(({ isGuard }) => isGuard);
  }

  #add(name: string, at: number, expression: string | null, isCertain: boolean): void {
    if (this.#isDead) return;
    const definition = { at, expression, isCertain };
    const others = this.#definitions.get(name);
    if (others) others.push(definition);
    else this.#definitions.set(name, [definition]);
  }

  #directive(token: number): void {
    const at = this.#tokens.start[token] ?? 0;
    const text = this.#text.slice(at, this.#tokens.end[token]);
    const role = DIRECTIVE_FORM.exec(text)?.[1];
    switch (role) {
      case 'define':
        this.#define(text, at);
        break;
      case 'undef':
        this.#add(MACRO_FORM.exec(text)?.[1] ?? '', at, null, false);
        break;
      case 'include': {
        const path = INCLUDE_FORM.exec(text)?.[1];
        if (path !== undefined) this.#includes.push(path);
        break;
      }
      case 'if':
      case 'ifdef':
      case 'ifndef':
        this.#enter(role, text, token);
        break;
      case 'elif':
      case 'else': {
        const innermost = this.#open.at(-1);
        if (!innermost) break;
        const truth = role === 'else' ? null : textualTruth(text);
        innermost.isDead = innermost.isDone || truth === false;
        innermost.isDone ||= truth === true;
        break;
      }
      case 'endif':
        this.#open.pop();
        break;
      default:
        break;
    }
    this.#hasDirective = true;
  }

  #enter(role: 'if' | 'ifdef' | 'ifndef', text: string, token: number): void {
    const { kind, start, end } = this.#tokens;
    const missing =
      role === 'ifndef'
        ? MACRO_FORM.exec(text)?.[1]
        : /^#\s*if\s*!\s*defined\s*\(?\s*([\w$]+)\s*\)?\s*$/.exec(text)?.[1];
    const next = kind[token + 1] === DIRECTIVE ? this.#text.slice(start[token + 1], end[token + 1]) : '';
    const isGuard = !this.#hasDirective && missing !== undefined && MACRO_FORM.exec(next)?.[1] === missing;
    const truth = role === 'if' ? textualTruth(text) : null;
    this.#open.push({ missing: missing ?? null, isGuard, isDead: truth === false, isDone: truth === true });
  }

  #define(directive: string, at: number): void {
    const found = MACRO_FORM.exec(directive);
    const name = found?.[1];
    if (name === undefined) return;
    const isDefault = this.#open.some(({ missing }) => missing === name);
    const body = found?.[2] ? '' : withoutComments(directive.slice(found?.[0].length));
    const expression = !isDefault && CONSTANT_FORM.test(body) ? body : null;
    this.#add(name, at, expression, this.#isCertain);
  }

  /** Reads what stands between the braces of an enum; gives the token behind which to go on. */
  #enumerators(first: number): number {
    const { kind, start, end, count } = this.#tokens;
    /** The last number that was written down, and how many names ago. */
    let base: string | null = '0';
    let steps = 0;
    let at = first;
    for (; at < count && kind[at] !== BRACE_CLOSE; at++) {
      if (kind[at] === DIRECTIVE) {
        this.#directive(at);
        // What comes behind may be counted from either arm.
        base = null;
      }
      if (kind[at] !== IDENTIFIER) continue;
      const name = at;
      let depth = 0;
      let equals = -1;
      for (at++; at < count; at++) {
        if (kind[at] === PAREN_OPEN) depth++;
        else if (kind[at] === PAREN_CLOSE) depth--;
        else if (kind[at] === EQUALS && equals < 0) equals = at;
        else if (kind[at] === BRACE_CLOSE || kind[at] === DIRECTIVE || (kind[at] === COMMA && depth === 0)) break;
      }
      if (equals >= 0) {
        base = withoutComments(this.#text.slice(end[equals], start[at]));
        steps = 0;
      }
      const expression =
        base === null || !CONSTANT_FORM.test(base) ? null : steps === 0 ? base : `(${base}) + ${steps}`;
      this.#add(this.#text.slice(start[name], end[name]), start[name] ?? 0, expression, false);
      steps++;
      if (kind[at] === BRACE_CLOSE || kind[at] === DIRECTIVE) at--;
    }
    return at;
  }
}

const withoutComments = (text: string): string =>
  text
    .replace(COMMENT, ' ')
    .replace(/\\\r?\n/g, ' ')
    .trim();

/** What the condition of an `#if` or `#elif` says without knowing any name. */
function textualTruth(directive: string): boolean | null {
  return conditionTruth(directive.replace(/^#\s*\w+/, ''), 0, NO_MACROS);
}

/** Macros of other languages and compilers: no configuration changes them. */
const LANGUAGE: ReadonlyMap<string, boolean> = new Map([
  ['__cplusplus', false],
  ['__ASSEMBLY__', false],
  ['__ASSEMBLER__', false],
  ['__CHECKER__', false],
  ['__KERNEL__', true],
  ['__GNUC__', true],
]);

/** Names of the kernel's configuration, whatever a file says of them. */
const CONFIGURED = /^CONFIG_/;

/** Whether a macro is defined at an offset; null where only a configuration can tell. */
export function isDefinedAt(name: string, at: number, macros: MacroKnowledge): boolean | null {
  return LANGUAGE.get(name) ?? (CONFIGURED.test(name) ? null : macros.isDefined(name, at));
}

/** Whether the condition of an `#if` holds at an offset; null where only a configuration can tell. */
export function conditionTruth(condition: string, at: number, macros: MacroKnowledge): boolean | null {
  const value = evaluateConstant(withoutComments(condition), {
    isDefined: (name) => isDefinedAt(name, at, macros),
    numberOf: (name) => {
      if (name === 'TRUE' || name === 'FALSE') return name === 'TRUE' ? 1 : 0;
      return CONFIGURED.test(name) ? null : macros.numberOf(name, at);
    },
  });
  return value === null ? null : value !== 0;
}
