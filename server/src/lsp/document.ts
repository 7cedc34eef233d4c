import { basename, isAbsolute, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Position, Range, TextDocumentContentChangeEvent } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { type Encoding, fromClient, toClient } from './encoding.ts';

/** Directory of texts that no disk has. */
const UNSAVED = `${sep}dma-audit-unsaved`;

/** An open document. Positions are those of the client, offsets are UTF-16 units. */
export class Document {
  readonly uri: string;
  readonly languageId: string;
  /** Absolute; made up for a document that is not on a disk. */
  readonly path: string;
  readonly #encoding: Encoding;
  #text: TextDocument;

  constructor(uri: string, languageId: string, version: number, text: string, encoding: Encoding) {
    this.uri = uri;
    this.languageId = languageId;
    this.path = pathOf(uri);
    this.#encoding = encoding;
    this.#text = TextDocument.create(uri, languageId, version, text);
  }

  get version(): number {
    return this.#text.version;
  }

  /** C; the other documents are DMA programs. */
  get isSource(): boolean {
    return this.languageId !== 'dmaseq' && !this.path.endsWith('.dmaseq');
  }

  get text(): string {
    return this.#text.getText();
  }

  change(changes: readonly TextDocumentContentChangeEvent[], version: number): void {
    // Each change is told in terms of what the one before it has left.
    for (const change of changes) {
      const own = 'range' in change ? { text: change.text, range: this.#ownRange(change.range) } : change;
      this.#text = TextDocument.update(this.#text, [own], version);
    }
  }

  offsetAt(position: Position): number {
    return this.#text.offsetAt(fromClient(this.#line(position.line), position, this.#encoding));
  }

  positionAt(offset: number): Position {
    const position = this.#text.positionAt(offset);
    return toClient(this.#line(position.line), position, this.#encoding);
  }

  rangeOf(start: number, end: number): Range {
    return { start: this.positionAt(start), end: this.positionAt(end) };
  }

  /** `line` and `column` count from 1, columns in UTF-16 units. */
  positionOf(line: number, column: number): Position {
    return toClient(this.#line(line - 1), { line: line - 1, character: column - 1 }, this.#encoding);
  }

  #ownRange({ start, end }: Range): Range {
    return {
      start: fromClient(this.#line(start.line), start, this.#encoding),
      end: fromClient(this.#line(end.line), end, this.#encoding),
    };
  }

  #line(line: number): string {
    if (this.#encoding === 'utf-16') return '';
    return this.#text.getText({ start: { line, character: 0 }, end: { line: line + 1, character: 0 } });
  }
}

/** Each document that is on no disk has a directory of its own: nothing else is looked at together with it. */
export function pathOf(uri: string): string {
  try {
    const path = fileURLToPath(uri);
    if (isAbsolute(path)) return path;
  } catch {
    // Another scheme: untitled, git, vscode-remote …
  }
  return join(UNSAVED, encodeURIComponent(uri), basename(uri));
}

export const uriOf = (path: string): string => pathToFileURL(path).href;
