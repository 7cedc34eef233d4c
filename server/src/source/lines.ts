/** A place as editors count it: both from 1, columns in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Finds line and column of an offset in logarithmic time. Lines end with \n, \r\n or a lone \r. */
export class LineIndex {
  readonly #starts: Int32Array;
  readonly #length: number;

  constructor(text: string) {
    const starts: number[] = [0];
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (unit === 10 || (unit === 13 && text.charCodeAt(at + 1) !== 10)) starts.push(at + 1);
    }
    this.#starts = Int32Array.from(starts);
    this.#length = text.length;
  }

  get lineCount(): number {
    return this.#starts.length;
  }

  /** Offsets outside the text count as its nearest end. */
  position(offset: number): Position {
    const at = Math.max(0, Math.min(offset, this.#length));
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: at - (this.#starts[low] ?? 0) + 1 };
  }

  /** Offset of a place; lines and columns outside the text count as the nearest inside. */
  offset(position: Position): number {
    const line = Math.max(1, Math.min(position.line, this.#starts.length));
    const start = this.#starts[line - 1] ?? 0;
    const end = this.#starts[line] ?? this.#length;
    return Math.max(start, Math.min(start + position.column - 1, end));
  }
}
