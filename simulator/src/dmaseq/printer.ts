import type { Document, Expectation, Fields, Name, SizeText, Statement, Target } from './document.ts';
import { isWord, quoted, sizeText } from './lexer.ts';
import { OPTIONS, SYNTAX, WORDS } from './syntax.ts';

/** Writes a document as text; `parseDmaseq` reads the same document from it. */
export function printDmaseq({ name, dialect, platforms, statements }: Document): string {
  return [
    ...(name === '' ? [] : [`program ${text(name)}`]),
    `dialect ${dialect}`,
    ...(platforms.length === 0 ? [] : [`platform ${list(platforms)}`]),
    '',
    ...statements.flatMap((one) => lines(one, '')),
    '',
  ].join('\n');
}

function lines(statement: Statement, indent: string): readonly string[] {
  if (statement.kind !== 'repeat') return [indent + printStatement(statement)];
  const { times, variable, body } = statement;
  const head = `repeat ${times}${variable === null ? '' : ` as ${variable}`} {`;
  return [indent + head, ...body.flatMap((one) => lines(one, `${indent}  `)), `${indent}}`];
}

/** One statement on one line; a loop without its body. */
export function printStatement(statement: Statement): string {
  switch (statement.kind) {
    case 'comment':
      return `# ${statement.text}`.trimEnd();
    case 'given':
      return `given ${statement.what} ${nameText(statement.name)}`;
    case 'repeat':
      return `repeat ${statement.times}${statement.variable === null ? '' : ` as ${statement.variable}`} { … }`;
    case 'expect': {
      const on = statement.on.length === 0 ? '' : ` on ${list(statement.on)}`;
      return `expect ${expectationText(statement.what)}${on}`;
    }
    case 'operation': {
      const { positional, words, options } = SYNTAX[statement.op];
      const { fields } = statement;
      return [
        statement.op,
        ...positional.map((one) => positionalText(one, fields)),
        ...words.map((word) => WORDS[word].wordOf(fields)),
        ...options.map((key) => optionText(key, fields)),
      ]
        .filter((part) => part !== null)
        .join(' ');
    }
  }
}

export function expectationText(what: Expectation): string {
  switch (what.kind) {
    case 'clean':
      return 'clean';
    case 'refusal':
      return `refusal${timesText(what.times)}`;
    case 'counter':
      return `${what.counter} ${what.comparison} ${what.value}`;
    case 'violation':
      return `${what.violation}${timesText(what.times)}${what.verdict === null ? '' : ` ${what.verdict}`}`;
  }
}

const timesText = (times: number | null): string => (times === null ? '' : ` times ${times}`);

function positionalText(one: 'name' | '=' | 'target' | 'size', { name, target, size }: Fields): string | null {
  if (one === '=') return '=';
  if (one === 'name') return name === undefined ? null : nameText(name);
  if (one === 'target') return target === undefined ? null : targetText(target);
  return size === undefined ? null : sizeWord(size);
}

function sizeWord(size: SizeText): string {
  if ('bytes' in size) return sizeText(size.bytes);
  return size.unknown === '?' ? '?' : `?${text(size.unknown)}`;
}

function targetText(target: Target): string {
  switch (target.how) {
    case 'null':
    case 'unknown':
      return target.how;
    case 'uninitialised':
      return `uninitialised ${text(target.word)}`;
    case 'exact':
      return nameText(target.name);
    case 'offset':
    case 'address-of':
    case 'other-role':
      return `${target.how} ${nameText(target.name)}`;
  }
}

export function nameText({ base, index }: Name): string {
  if (index === null) return base;
  if (index.variable === null) return `${base}[${index.number}]`;
  return `${base}[${index.variable}${index.number === 0 ? '' : `+${index.number}`}]`;
}

function optionText(key: keyof typeof OPTIONS, fields: Fields): string | null {
  const value = fields[OPTIONS[key].field];
  if (value === undefined) return null;
  if (typeof value === 'string') return `${key}=${text(value)}`;
  return 'base' in value ? `${key}=${nameText(value)}` : `${key}=${list(value)}`;
}

const text = (value: string): string => (isWord(value) ? value : quoted(value));
const list = (values: readonly string[]): string => (values.length === 0 ? '""' : values.map(text).join(','));
