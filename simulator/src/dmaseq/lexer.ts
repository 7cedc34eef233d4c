/** One token of a line. `column` from 1. */
export interface Token {
  readonly kind: 'word' | 'number' | 'string' | 'symbol' | 'end' | 'bad';
  /** A string without its quotes and escapes; else as written. */
  readonly text: string;
  /** Of a number, in bytes or as it is. */
  readonly value: number;
  readonly column: number;
  /** Nothing stands between it and the token before. */
  readonly joined: boolean;
}

const TOKEN =
  /(?<space>[ \t]+)|(?<comment>#.*)|(?<word>[A-Za-z_][\w.-]*)|(?<number>0[xX][\da-fA-F]+|\d+[KMG]?)(?![\w.])|"(?<string>(?:[^"\\]|\\.)*)"|(?<symbol>[!<>]=|[={}[\],?<>+])/uy;

const UNITS: Readonly<Record<string, number>> = { K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

/** Splits a line. What is no token becomes one of kind `bad`, and ends the line. */
export function tokensOf(line: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let joined = false;
  const add = (kind: Token['kind'], text: string, value = 0): void => {
    tokens.push({ kind, text, value, column: at + 1, joined });
  };
  while (at < line.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(line);
    const groups = match?.groups;
    if (match === null || groups === undefined) {
      add('bad', /^\d[\w.]*/u.exec(line.slice(at))?.[0] ?? line.slice(at, at + 1));
      return tokens;
    }
    const { comment, word, number, string, symbol } = groups;
    if (comment !== undefined) break;
    if (word !== undefined) add('word', word);
    else if (number !== undefined) add('number', number, numberOf(number));
    else if (string !== undefined) add('string', plainText(string));
    else if (symbol !== undefined) add('symbol', symbol);
    joined = groups.space === undefined;
    at += match[0].length;
  }
  add('end', 'the end of the line');
  return tokens;
}

function numberOf(text: string): number {
  const unit = UNITS[text.slice(-1)];
  return unit === undefined ? Number(text) : Number(text.slice(0, -1)) * unit;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

const plainText = (text: string): string => text.replace(/\\(.)/gsu, (_, one: string) => ESCAPES[one] ?? one);

/** A text in quotes, as `tokensOf` reads it. */
export const quoted = (text: string): string =>
  `"${text.replace(/["\\\n\t\r]/gu, (one) => QUOTED[one] ?? `\\${one}`)}"`;

const QUOTED: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' };

/** Can be written without quotes. */
export const isWord = (text: string): boolean => /^[A-Za-z_][\w.-]*$/u.test(text);

/** A number as people write sizes: in the largest unit that divides it. */
export function sizeText(bytes: number): string {
  if (bytes === 0) return '0';
  const unit = (['G', 'M', 'K'] as const).find((name) => bytes % (UNITS[name] ?? 1) === 0);
  return unit === undefined ? `${bytes}` : `${bytes / (UNITS[unit] ?? 1)}${unit}`;
}
