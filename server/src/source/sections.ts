const TAB = 9;
const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const QUOTE = 34;
const HASH = 35;
const APOSTROPHE = 39;
const STAR = 42;
const SLASH = 47;
const BACKSLASH = 92;
const BRACE_OPEN = 123;
const BRACE_CLOSE = 125;

/** A section where it is in its file, and what was read in it. */
export interface PlacedSection<T> {
  readonly start: number;
  readonly text: string;
  readonly section: T;
}

/**
 * Cuts a file into sections. `before`: those of the file before an edit; what lies in front of the edit and behind it is the
 * same, so that only what lies between is read.
 */
export function sectionsOf<T>(
  text: string,
  read: (text: string, start: number) => T,
  before: readonly PlacedSection<T>[] = [],
): readonly PlacedSection<T>[] {
  const sections: PlacedSection<T>[] = [];
  let at = 0;
  // The last one may have ended only because the text did.
  for (const one of before.slice(0, -1)) {
    // Comparing slices is far faster than startsWith () and endsWith ().
    if (text.slice(at, at + one.text.length) !== one.text) break;
    sections.push(one);
    at += one.text.length;
  }
  const first = sections.length;
  let next = before.length;
  let nextStart = text.length;
  for (; next > first; next--) {
    const own = before[next - 1]?.text ?? '';
    if (nextStart - own.length < at || text.slice(nextStart - own.length, nextStart) !== own) break;
    nextStart -= own.length;
  }
  const between = new Map(before.slice(first, next).map((one) => [one.text, one]));
  while (at < nextStart) {
    const end = sectionEnd(text, at);
    const own = text.slice(at, end);
    const known = between.get(own);
    // What is kept over many edits must not keep each edit's whole text.
    const kept = known?.text ?? (before.length > 0 ? copyOf(own) : own);
    sections.push({ start: at, text: kept, section: known?.section ?? read(kept, at) });
    at = end;
    // What was a section behind the edit may now be a part of one.
    for (; nextStart < at; next++) nextStart += before[next]?.text.length ?? text.length;
  }
  for (const one of before.slice(next)) {
    sections.push({ ...one, start: at });
    at += one.text.length;
  }
  return sections;
}

/** The same text in memory of its own: a slice keeps all of what it was cut from. */
function copyOf(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}

/**
 * A file falls into sections that can be masked and sliced one by one: each ends behind a line that holds nothing but a `}` in
 * the first column, where all braces are closed and no conditional of the preprocessor is open; the last one ends with the text.
 * Where a section ends depends on its own text only: an edit changes the sections that it lies in, and the others are the same
 * as before. This is the end of the one that begins at `start`. Linear time; any text gives a result.
 */
function sectionEnd(text: string, start: number): number {
  const { length } = text;
  let depth = 0;
  /** Brace depth where each open conditional began: each of its arms begins there, and the first one tells how it ends. */
  const conditionals: { readonly depth: number; after: number | null }[] = [];
  let lineIsEmpty = true;
  let at = start;
  while (at < length) {
    const unit = text.charCodeAt(at);
    switch (unit) {
      case NEWLINE:
        lineIsEmpty = true;
        at++;
        continue;
      case SPACE:
      case TAB:
      case RETURN:
        at++;
        continue;
      case QUOTE:
      case APOSTROPHE:
        at = endOfLiteral(text, at, unit);
        break;
      case SLASH:
        if (text.charCodeAt(at + 1) === STAR) {
          const close = text.indexOf('*/', at + 2);
          at = close < 0 ? length : close + 2;
          continue;
        }
        at = text.charCodeAt(at + 1) === SLASH ? endOfLine(text, at) : at + 1;
        break;
      case HASH: {
        const end = lineIsEmpty ? endOfDirective(text, at) : at + 1;
        if (lineIsEmpty) {
          const word = /^#[ \t]*([a-z]+)/.exec(text.slice(at, at + 24))?.[1] ?? '';
          const innermost = conditionals.at(-1);
          if (word === 'if' || word === 'ifdef' || word === 'ifndef') conditionals.push({ depth, after: null });
          else if (innermost && (word === 'else' || word === 'elif')) {
            innermost.after ??= depth;
            depth = innermost.depth;
          } else if (innermost && word === 'endif') {
            depth = innermost.after ?? depth;
            conditionals.pop();
          }
        }
        at = end;
        break;
      }
      case BRACE_OPEN:
        depth++;
        at++;
        break;
      case BRACE_CLOSE: {
        depth = Math.max(0, depth - 1);
        const isFirst = at === 0 || text.charCodeAt(at - 1) === NEWLINE;
        const end = isFirst && depth === 0 && conditionals.length === 0 ? endOfBlankRest(text, at + 1) : -1;
        if (end >= 0) return end;
        at++;
        break;
      }
      default:
        at++;
    }
    lineIsEmpty = false;
  }
  return length;
}

/** As in the lexer: a literal that nobody closes ends with its line. */
function endOfLiteral(text: string, open: number, quote: number): number {
  for (let at = open + 1; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === quote) return at + 1;
    if (unit === NEWLINE) return at;
    if (unit === BACKSLASH) {
      at++;
      if (text.charCodeAt(at) === RETURN && text.charCodeAt(at + 1) === NEWLINE) at++;
    }
  }
  return text.length;
}

/** The line break that ends the line, escaped ones not counted. */
function endOfLine(text: string, start: number): number {
  for (let end = text.indexOf('\n', start); end >= 0; end = text.indexOf('\n', end + 1)) {
    const before = text.charCodeAt(end - 1) === RETURN ? end - 2 : end - 1;
    if (text.charCodeAt(before) !== BACKSLASH) return end;
  }
  return text.length;
}

function endOfDirective(text: string, start: number): number {
  const end = endOfLine(text, start);
  const comment = text.indexOf('/*', start);
  if (comment < 0 || comment >= end) return end;
  const close = text.indexOf('*/', comment + 2);
  return close < 0 ? text.length : close < end ? end : endOfDirective(text, close + 2);
}

/** Behind the line break, if nothing but blanks comes before it; else -1. */
function endOfBlankRest(text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === NEWLINE) return at + 1;
    if (unit !== SPACE && unit !== TAB && unit !== RETURN) return -1;
  }
  return -1;
}
