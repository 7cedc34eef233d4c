import { FIELDS, INITIALIZER, LINKAGE } from './brackets.ts';
import { isFirstColumn } from './definitions.ts';
import { sliceDirectives } from './directives.ts';
import { readEntries } from './entries.ts';
import { readFields } from './fields.ts';
import type {
  FunctionItem,
  OtherItem,
  StructItem,
  TableItem,
  TopLevelItem,
  TypedefItem,
  VariableItem,
} from './items.ts';
import {
  BRACE_CLOSE,
  BRACE_OPEN,
  COMMA,
  EQUALS,
  IDENTIFIER,
  isIdentifierPart,
  lex,
  PAREN_CLOSE,
  PAREN_OPEN,
  SEMICOLON,
  SQUARE_OPEN,
  STAR,
  type Tokens,
} from './lexer.ts';
import { type FunctionTokens, findStructure, type Structure } from './structure.ts';
import { flagsOf, isName, QUALIFIER, STORAGE, TAG, TYPE, wordNumber } from './words.ts';

const STATIC = wordNumber('static');
const TYPEDEF = wordNumber('typedef');
const ENUM = wordNumber('enum');

/**
 * Cuts a file into its top-level items, in order of their start. Items do not overlap, except that a `#define` or `#include`
 * may stand inside another item. Linear time; any text gives a result.
 */
export function sliceTopLevel(text: string, masked: string): readonly TopLevelItem[] {
  const items = new Slicer(text, masked).run();
  const directives = sliceDirectives(text);
  return directives.length === 0 ? items : [...items, ...directives].sort((a, b) => a.start - b.start);
}

class Slicer {
  readonly #text: string;
  readonly #masked: string;
  readonly #tokens: Tokens;
  readonly #structure: Structure;
  readonly #items: TopLevelItem[] = [];

  constructor(text: string, masked: string) {
    this.#text = text;
    this.#masked = masked;
    this.#tokens = lex(masked).tokens;
    this.#structure = findStructure(text, this.#tokens);
  }

  run(): TopLevelItem[] {
    let from = 0;
    for (const fn of this.#structure.functions) {
      this.#declarations(from, fn.header);
      this.#items.push(this.#function(fn));
      from = fn.end;
    }
    this.#declarations(from, this.#tokens.count);
    return this.#items;
  }

  #start(at: number): number {
    return this.#tokens.start[at] ?? this.#text.length;
  }

  #end(at: number): number {
    return this.#tokens.end[at] ?? this.#text.length;
  }

  #function(fn: FunctionTokens): FunctionItem {
    const { kind, word } = this.#tokens;
    const start = this.#originalStart(fn.header);
    const open = fn.parameters;
    const close = kind[open] === PAREN_OPEN ? (this.#structure.match[open] ?? -1) : -1;
    let isStatic = false;
    for (let at = fn.header; at < fn.name; at++) if (word[at] === STATIC) isStatic = true;
    const nameStart = this.#originalStart(fn.name);
    const end = this.#end(fn.end - 1);
    return {
      kind: 'function',
      name: this.#text.slice(
        nameStart,
        this.#end(open > fn.name + 1 && kind[open - 1] === PAREN_CLOSE ? open - 1 : fn.name),
      ),
      start,
      end,
      bodyStart: this.#start(fn.open),
      bodyEnd: end,
      parameters: { start: this.#end(open), end: close < 0 ? this.#start(fn.open) : this.#start(close) },
      isStatic,
      // Where the mask has written a type over the beginning of the name, there is none.
      returnType: nameStart <= this.#start(fn.header) ? '' : this.#typeText(fn.header, fn.name),
    };
  }

  /** Where the identifier of the source begins whose end a masked token is. */
  #originalStart(at: number): number {
    let start = this.#start(at);
    while (start > 0 && isIdentifierPart(this.#text.charCodeAt(start - 1))) start--;
    return start;
  }

  #typeText(from: number, to: number): string {
    const { kind, word } = this.#tokens;
    const words: string[] = [];
    for (let at = from; at < to; at++) {
      if (kind[at] === STAR) words.push('*');
      else if (kind[at] === IDENTIFIER && !(flagsOf(word[at] ?? 0) & STORAGE)) words.push(this.#word(at));
    }
    return words.join(' ');
  }

  #word(at: number): string {
    return this.#masked.slice(this.#start(at), this.#end(at));
  }

  /** Items between two functions: tokens `from` up to and without `to`. */
  #declarations(from: number, to: number): void {
    const { kind } = this.#tokens;
    const { match, braceKind } = this.#structure;
    let first = from;
    for (let at = from; at < to; at++) {
      switch (kind[at]) {
        case BRACE_CLOSE:
          this.#declaration(first, at);
          first = at + 1;
          break;
        case SEMICOLON:
          this.#declaration(first, at + 1);
          first = at + 1;
          break;
        case BRACE_OPEN:
          if (braceKind[at] === LINKAGE) first = at + 1;
          else at = this.#closing(at, match, to);
          break;
        case SQUARE_OPEN:
          at = this.#closing(at, match, to);
          break;
        case PAREN_OPEN: {
          const close = this.#closing(at, match, to);
          const isMacroCall = at === first + 1 && kind[first] === IDENTIFIER && kind[close + 1] === IDENTIFIER;
          if (isMacroCall && close + 1 < to && isFirstColumn(this.#masked, this.#start(close + 1))) {
            this.#declaration(first, close + 1);
            first = close + 1;
          }
          at = close;
          break;
        }
        default:
          break;
      }
    }
    this.#declaration(first, to);
  }

  #closing(open: number, match: Int32Array, to: number): number {
    const close = match[open] ?? -1;
    return close > open && close < to ? close : open;
  }

  #declaration(from: number, to: number): void {
    const { kind, word } = this.#tokens;
    const { match, braceKind } = this.#structure;
    if (from >= to || (to === from + 1 && kind[from] === SEMICOLON)) return;
    let body = -1;
    let equals = -1;
    let paren = -1;
    for (let at = from; at < to && equals < 0; at++) {
      if (kind[at] === EQUALS) equals = at;
      else if (kind[at] === BRACE_OPEN && braceKind[at] === FIELDS && body < 0) body = at;
      else if (kind[at] === PAREN_OPEN && paren < 0 && body < 0) paren = at;
      if (kind[at] === BRACE_OPEN || kind[at] === PAREN_OPEN || kind[at] === SQUARE_OPEN) {
        at = this.#closing(at, match, to);
      }
    }
    const range = { start: this.#start(from), end: this.#end(to - 1) };
    if (paren === from + 1 && equals < 0) equals = this.#macroInitialiser(paren, to);
    if (equals >= 0) this.#items.push(this.#initialised(from, equals, to, body));
    else if (body >= 0) this.#items.push(this.#struct(from, body, to));
    else if (word[from] === TYPEDEF) this.#items.push(this.#typedef(from, to));
    else if (paren < 0 && kind[to - 1] === SEMICOLON && this.#declaredName(from, to) > from) {
      const name = this.#declaredName(from, to);
      const item: VariableItem = { kind: 'variable', name: this.#word(name), type: this.#typeOf(from, name), ...range };
      this.#items.push(item);
    } else {
      const name = paren > from && kind[paren - 1] === IDENTIFIER ? paren - 1 : kind[from] === IDENTIFIER ? from : -1;
      const item: OtherItem = { kind: 'other', name: name < 0 ? '' : this.#word(name), ...range };
      this.#items.push(item);
    }
  }

  /** Index before the brace in `define_machine (name) { .member = value }`, or -1. */
  #macroInitialiser(paren: number, to: number): number {
    const close = this.#closing(paren, this.#structure.match, to);
    const isInitialiser = close > paren && close + 1 < to && this.#structure.braceKind[close + 1] === INITIALIZER;
    return isInitialiser ? close : -1;
  }

  /** The type without storage classes, qualifiers and stars. */
  #typeOf(from: number, to: number): string {
    const { kind, word } = this.#tokens;
    const words: string[] = [];
    for (let at = from; at < to; at++) {
      if (kind[at] === BRACE_OPEN) break;
      if (kind[at] === IDENTIFIER && !(flagsOf(word[at] ?? 0) & (STORAGE | QUALIFIER))) words.push(this.#word(at));
    }
    return words.join(' ');
  }

  /** Index of the name in `type *name[n]`, `type name, other`: the last one before what ends the declarator, or -1. */
  #declaredName(from: number, to: number): number {
    const { kind, word } = this.#tokens;
    let name = -1;
    for (let at = from; at < to; at++) {
      if (kind[at] === IDENTIFIER) {
        if (isName(word[at] ?? 0)) name = at;
      } else if (kind[at] === BRACE_OPEN) {
        at = this.#closing(at, this.#structure.match, to);
        name = -1;
      } else if (kind[at] !== STAR) {
        break;
      }
    }
    return name;
  }

  #initialised(from: number, equals: number, to: number, body: number): TableItem | VariableItem {
    const { kind, word } = this.#tokens;
    const name = kind[equals] === EQUALS ? this.#declaredName(from, equals) : from + 2;
    const typeEnd = name < 0 ? equals : name;
    const range = { start: this.#start(from), end: this.#end(to - 1) };
    const common = { name: name < 0 ? '' : this.#word(name), type: this.#typeOf(from, typeEnd), ...range };
    let isScalar = false;
    for (let at = from; at < (body < 0 ? typeEnd : body); at++) {
      if (flagsOf(word[at] ?? 0) & TYPE) isScalar = true;
    }
    if (isScalar || kind[equals + 1] !== BRACE_OPEN) return { kind: 'variable', ...common };
    const { match } = this.#structure;
    const close = this.#closing(equals + 1, match, to);
    const entries = readEntries(this.#masked, this.#tokens, match, equals + 2, close > equals + 1 ? close : to);
    return { kind: 'table', entries, ...common };
  }

  #struct(from: number, body: number, to: number): StructItem | OtherItem {
    const { kind, word } = this.#tokens;
    const { match } = this.#structure;
    const close = this.#closing(body, match, to);
    let tag = '';
    let isEnum = false;
    for (let at = from; at < body; at++) {
      if (flagsOf(word[at] ?? 0) & TAG) {
        isEnum = word[at] === ENUM;
        tag = '';
      } else if (kind[at] === IDENTIFIER && isName(word[at] ?? 0)) tag = this.#word(at);
    }
    const declared: string[] = [];
    let isFirst = true;
    for (let at = close + 1; at < to; at++) {
      if (kind[at] === IDENTIFIER && isFirst && isName(word[at] ?? 0)) {
        declared.push(this.#word(at));
        isFirst = false;
      }
      if (kind[at] === COMMA) isFirst = true;
    }
    const aliases = word[from] === TYPEDEF ? declared : [];
    const name = tag === '' ? (aliases[0] ?? '') : tag;
    const range = { start: this.#start(from), end: this.#end(to - 1) };
    if (isEnum) return { kind: 'other', name, ...range };
    const fields = readFields(this.#masked, this.#tokens, match, body + 1, close > body ? close : to);
    return { kind: 'struct', name, aliases: tag === '' ? aliases.slice(1) : aliases, fields, ...range };
  }

  #typedef(from: number, to: number): TypedefItem {
    const { kind, word } = this.#tokens;
    let name = -1;
    for (let at = from + 1; at < to; at++) {
      if (kind[at] === SQUARE_OPEN || kind[at] === COMMA) break;
      if (kind[at] === PAREN_OPEN && name > from + 1 && kind[at + 1] !== STAR) break;
      if (kind[at] === IDENTIFIER && isName(word[at] ?? 0)) name = at;
    }
    return {
      kind: 'typedef',
      name: name < 0 ? '' : this.#word(name),
      type: this.#typeOf(from, name < 0 ? to : name),
      start: this.#start(from),
      end: this.#end(to - 1),
    };
  }
}
