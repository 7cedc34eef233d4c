import type { Dialect } from './dialect.ts';
import type { MacroItem } from './items.ts';
import { maskSource } from './mask.ts';

const HEAD = 'int f(){';
const TAIL = ';}';

/** Literals and comments, which stay; then what only macros have: pasting (with the word it appends), quoting, line continuations. */
const OPERATORS = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\/\*[\s\S]*?\*\/|\s*##\s*[\w$]*|#|\\(?=\r?\n)/g;

/** The replacement of a macro as the body of a function that parses. */
export interface MaskedMacro {
  readonly text: string;
  /** Offset in the document that `text` begins at; only what lies within the macro's body means anything there. */
  readonly start: number;
}

/** Makes a macro that looks like a function one: its replacement is masked like a function's statements. */
export function maskMacro(text: string, macro: MacroItem, dialect: Dialect): MaskedMacro {
  const body = text
    .slice(macro.body.start, macro.body.end)
    .replace(OPERATORS, (part) => (/^(?:"|'|\/\*)/.test(part) ? part : part.replace(/[^\r\n]/g, ' ')));
  return { text: maskSource(HEAD + body + TAIL, dialect), start: macro.body.start - HEAD.length };
}
