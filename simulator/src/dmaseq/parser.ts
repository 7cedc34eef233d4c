import { COUNTER_NAMES, isCounterName } from '../machine/counters.ts';

import type { Operation } from '../program/index.ts';
import {
  COMPARISONS,
  type DmaseqError,
  type Document,
  type Expectation,
  type Fields,
  type Name,
  type Position,
  type SizeText,
  type Statement,
  type Target,
} from './document.ts';
import { LineReader, Mistake } from './line-reader.ts';
import { nearest } from './nearest.ts';
import { isOperationName, OPTIONS, REFERENCE_WORDS, SYNTAX, WORDS } from './syntax.ts';
import { isViolationKind, VIOLATION_KINDS } from './violations.ts';

export type ParseResult =
  | { readonly ok: true; readonly document: Document }
  | { readonly ok: false; readonly errors: readonly DmaseqError[] };

/** Loops inside loops: more is a mistake. */
const MAX_DEPTH = 16;

/** Reads a text, with a byte order mark or without. Every faulty line gives one error; the rest is read all the same. */
export function parseDmaseq(text: string): ParseResult {
  const parser = new Parser();
  const plain = text.startsWith('\uFEFF') ? text.slice(1) : text;
  plain.split(/\r\n|\n|\r/u).forEach((line, index) => {
    parser.line(line, index + 1);
  });
  return parser.end();
}

interface Block {
  readonly statements: Statement[];
  /** Null for the whole text. */
  readonly open: { readonly at: Position; readonly times: number; readonly variable: string | null } | null;
}

class Parser {
  readonly #errors: DmaseqError[] = [];
  readonly #blocks: Block[] = [{ statements: [], open: null }];
  readonly #header: { name?: string; dialect?: Document['dialect']; platforms?: readonly string[] } = {};
  #begun = false;

  line(text: string, line: number): void {
    const reader = new LineReader(text, line);
    try {
      if (reader.isAtEnd) this.#comment(text, line);
      else this.#statement(reader);
    } catch (mistake) {
      if (!(mistake instanceof Mistake)) throw mistake;
      this.#errors.push(mistake.error);
    }
  }

  end(): ParseResult {
    for (const { open } of this.#blocks) {
      if (open !== null) this.#errors.push({ ...open.at, message: 'this loop is not closed by }' });
    }
    if (this.#errors.length > 0) {
      return { ok: false, errors: this.#errors.toSorted((a, b) => a.line - b.line || a.column - b.column) };
    }
    const { name = '', dialect = 'linux', platforms = [] } = this.#header;
    return { ok: true, document: { name, dialect, platforms, statements: this.#blocks[0]?.statements ?? [] } };
  }

  #add(statement: Statement): void {
    this.#blocks.at(-1)?.statements.push(statement);
  }

  /** Comments before the first statement stay with it: they may stand above the header. */
  #comment(text: string, line: number): void {
    const start = text.indexOf('#');
    if (start >= 0) this.#add({ kind: 'comment', at: { line, column: start + 1 }, text: text.slice(start + 1).trim() });
  }

  #statement(reader: LineReader): void {
    const at = reader.position;
    if (reader.takeSymbol('}')) return this.#close(reader, at);
    const word = reader.word('a statement');
    if (word === 'program' || word === 'dialect' || word === 'platform') return this.#directive(word, reader, at);
    this.#begun = true;
    switch (word) {
      case 'repeat':
        return this.#repeat(reader, at);
      case 'given':
        return this.#given(reader, at);
      case 'expect':
        return this.#expect(reader, at);
    }
    if (!isOperationName(word)) {
      const known = [...Object.keys(SYNTAX), 'program', 'dialect', 'platform', 'repeat', 'given', 'expect'];
      throw new Mistake(at, `there is no statement '${word}'${nearest(word, known)}`);
    }
    this.#add({ kind: 'operation', at, op: word, fields: operationFields(word, reader, at) });
  }

  #directive(word: 'program' | 'dialect' | 'platform', reader: LineReader, at: Position): void {
    if (this.#begun || this.#blocks.length > 1) throw new Mistake(at, `'${word}' has to stand above the operations`);
    const key = word === 'program' ? 'name' : word === 'platform' ? 'platforms' : word;
    if (this.#header[key] !== undefined) throw new Mistake(at, `'${word}' was said before`);
    if (word === 'program') this.#header.name = reader.text('a name');
    else if (word === 'platform') this.#header.platforms = reader.words('a platform');
    else this.#header.dialect = reader.oneOf(['linux', 'edk2']);
    reader.end();
  }

  #repeat(reader: LineReader, at: Position): void {
    const times = reader.number('how many times');
    let variable: string | null = null;
    if (reader.takeWord('as')) variable = reader.word('a name for the count');
    reader.symbol('{');
    reader.end();
    if (this.#blocks.length > MAX_DEPTH) throw new Mistake(at, `loops go ${MAX_DEPTH} deep at most`);
    this.#blocks.push({ statements: [], open: { at, times, variable } });
  }

  #close(reader: LineReader, at: Position): void {
    const { open, statements } = this.#blocks.at(-1) ?? { open: null, statements: [] };
    if (open === null) throw new Mistake(at, 'there is no loop that this } closes');
    this.#blocks.pop();
    this.#add({ kind: 'repeat', ...open, body: statements });
    reader.end();
  }

  #given(reader: LineReader, at: Position): void {
    const what = reader.oneOf(['buffer', 'mapping']);
    const name = newName(reader);
    reader.end();
    this.#add({ kind: 'given', at, what, name });
  }

  #expect(reader: LineReader, at: Position): void {
    const what = expectation(reader);
    const on = reader.takeWord('on') ? reader.words('a platform') : [];
    reader.end();
    this.#add({ kind: 'expect', at, what, on });
  }
}

function expectation(reader: LineReader): Expectation {
  const at = reader.position;
  const word = reader.word('a counter, a violation, refusal or clean');
  if (word === 'clean') return { kind: 'clean' };
  if (word === 'refusal') return { kind: 'refusal', times: times(reader) };
  if (isCounterName(word)) {
    const comparison = reader.symbolOf(COMPARISONS);
    return { kind: 'counter', counter: word, comparison, value: reader.number('a number') };
  }
  if (!isViolationKind(word)) {
    const known = [...COUNTER_NAMES, ...VIOLATION_KINDS, 'refusal', 'clean'];
    throw new Mistake(at, `there is no counter and no violation '${word}'${nearest(word, known)}`);
  }
  const count = times(reader);
  const verdict = reader.takeWord('breaks') ? 'breaks' : reader.takeWord('works') ? 'works' : null;
  return { kind: 'violation', violation: word, times: count, verdict };
}

const times = (reader: LineReader): number | null => (reader.takeWord('times') ? reader.number('a number') : null);

function operationFields(op: Operation['op'], reader: LineReader, at: Position): Fields {
  const { positional, words, options, required } = SYNTAX[op];
  let fields: Fields = {};
  for (const one of positional) {
    if (one === 'name') fields = { ...fields, name: newName(reader) };
    else if (one === '=') reader.symbol('=');
    else if (one === 'target') fields = { ...fields, target: target(reader) };
    else {
      const size = sizeOf(reader);
      if (size !== null) fields = { ...fields, size };
    }
  }
  while (!reader.isAtEnd) {
    const start = reader.position;
    const word = reader.word('a word or key=value');
    const more = reader.takeSymbol('=')
      ? option(word, options, reader, start)
      : keyword(word, words, options, start, op);
    const twice = Object.keys(more).find((key) => Object.hasOwn(fields, key));
    if (twice !== undefined) throw new Mistake(start, `'${word}' says again what was said before`);
    fields = { ...fields, ...more };
  }
  const missing = required.find((field) => fields[field] === undefined);
  if (missing !== undefined) {
    const choices =
      missing === 'owner' || missing === 'access' || missing === 'to' || missing === 'phase' ? missing : null;
    const list = choices === null ? missing : [...WORDS[choices].words.keys()].join(', ');
    throw new Mistake(at, `'${op}' needs one of ${list}`);
  }
  return fields;
}

function keyword(
  word: string,
  names: readonly (keyof typeof WORDS)[],
  options: readonly string[],
  at: Position,
  op: string,
): Fields {
  for (const name of names) {
    const found = WORDS[name].words.get(word);
    if (found !== undefined) return found;
  }
  const known = [...names.flatMap((name) => [...WORDS[name].words.keys()]), ...options.map((key) => `${key}=`)];
  throw new Mistake(at, `'${op}' takes no '${word}'; it takes ${known.join(', ')}`);
}

function option(key: string, allowed: readonly (keyof typeof OPTIONS)[], reader: LineReader, at: Position): Fields {
  const name = allowed.find((one) => one === key);
  if (name === undefined) throw new Mistake(at, `there is no '${key}=' here; there is ${allowed.join('=, ')}=`);
  const { value, field } = OPTIONS[name];
  if (value === 'name') return { [field]: reference(reader) };
  if (value === 'list') return { [field]: reader.list() };
  if (field === 'entries') return { entries: reader.oneOf(['original', 'mapped', 'unknown']) };
  return { [field]: reader.text('a value') };
}

function sizeOf(reader: LineReader): SizeText | null {
  if (reader.takeSymbol('?')) return { unknown: reader.joinedText() ?? '?' };
  const bytes = reader.takeNumber();
  return bytes === null ? null : { bytes };
}

function target(reader: LineReader): Target {
  if (reader.takeWord('null')) return { how: 'null' };
  if (reader.takeWord('unknown')) return { how: 'unknown' };
  if (reader.takeWord('uninitialised')) return { how: 'uninitialised', word: reader.text('a name') };
  for (const how of ['offset', 'address-of', 'other-role'] as const) {
    if (reader.takeWord(how)) return { how, name: reference(reader) };
  }
  return { how: 'exact', name: reference(reader) };
}

function newName(reader: LineReader): Name {
  const at = reader.position;
  const name = reference(reader);
  const reserved: readonly string[] = REFERENCE_WORDS;
  if (reserved.includes(name.base))
    throw new Mistake(at, `'${name.base}' has a meaning of its own and cannot be a name`);
  return name;
}

/** `base`, `base[3]`, `base[i]`, `base[i+1]`. */
function reference(reader: LineReader): Name {
  const at = reader.position;
  const base = reader.word('a name');
  if (!reader.takeJoinedSymbol('[')) return { at, base, index: null };
  const number = reader.takeNumber();
  if (number !== null) {
    reader.symbol(']');
    return { at, base, index: { variable: null, number } };
  }
  const variable = reader.word('a number or a loop variable');
  const offset = reader.takeSymbol('+') ? reader.number('a number') : 0;
  reader.symbol(']');
  return { at, base, index: { variable, number: offset } };
}
