import { readFile } from 'node:fs/promises';
import { printable } from './terminal.ts';

/** Columns of a tabulator stop: that of both the kernel's and most terminals' convention. */
const TAB = 8;

/** A part of one line; lines and columns count from 1, the end column is exclusive. */
export interface Span {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

export interface Frame {
  readonly code: string;
  /** Blanks and carets, as wide as `code` needs. */
  readonly marks: string;
}

/** Columns of code that are shown; what is longer is cut on both sides of the span. */
const WIDTH = 160;

/** The line on which a span begins, its tabs expanded, and the span marked below it; null outside of the text. */
export function codeFrame(lines: readonly string[], span: Span): Frame | null {
  const line = lines[span.line - 1]?.trimEnd();
  if (line === undefined) return null;
  const end = span.endLine > span.line ? line.length : Math.min(span.endColumn - 1, line.length);
  const before = widthOf(line.slice(0, span.column - 1));
  const marked = Math.max(widthOf(line.slice(0, end)) - before, 1);
  const code = printable(expandTabs(line));
  const from = code.length > WIDTH ? Math.max(0, before - WIDTH / 4) : 0;
  return {
    code: code.slice(from, from + WIDTH),
    marks: ' '.repeat(before - from) + '^'.repeat(Math.min(marked, WIDTH - before + from)),
  };
}

function expandTabs(line: string): string {
  let width = 0;
  return line.replace(/\t|[^\t]+/g, (part) => {
    const expanded = part === '\t' ? ' '.repeat(TAB - (width % TAB)) : part;
    width += expanded.length;
    return expanded;
  });
}

const widthOf = (line: string): number => expandTabs(line).length;

/** Lines of files, by path; only the last few are kept, since reports come file by file. */
export class LineCache {
  static readonly #kept = 8;
  readonly #lines = new Map<string, readonly string[]>();

  /** None when the file cannot be read any more. */
  async linesOf(path: string): Promise<readonly string[]> {
    const known = this.#lines.get(path);
    if (known) return known;
    const lines = (await readFile(path, 'utf8').catch(() => '')).split(/\r\n|\n|\r/);
    const [oldest] = this.#lines.keys();
    if (this.#lines.size >= LineCache.#kept && oldest !== undefined) this.#lines.delete(oldest);
    this.#lines.set(path, lines);
    return lines;
  }
}
