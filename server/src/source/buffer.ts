const SPACE = 32;
const NEWLINE = 10;
const RETURN = 13;

/** A copy of a text that can be overwritten in place but never changes length or line breaks. */
export class MaskBuffer {
  readonly #encoding: 'latin1' | 'utf16le';
  readonly #bytes: Buffer;
  readonly #units: Uint8Array | Uint16Array;

  constructor(text: string) {
    // Both encodings keep every UTF-16 unit as it is, lone surrogates included; UTF-8 would not.
    this.#encoding = /[^\0-\xff]/.test(text) ? 'utf16le' : 'latin1';
    this.#bytes = Buffer.from(text, this.#encoding);
    const { buffer, byteOffset } = this.#bytes;
    this.#units =
      this.#encoding === 'latin1'
        ? new Uint8Array(buffer, byteOffset, text.length)
        : new Uint16Array(buffer, byteOffset, text.length);
  }

  /** Overwrites everything but line breaks with spaces. */
  blank(start: number, end: number): void {
    const units = this.#units;
    for (let at = start; at < end; at++) {
      const unit = units[at];
      if (unit !== NEWLINE && unit !== RETURN) units[at] = SPACE;
    }
  }

  /** Overwrites with ASCII characters; the place must not hold a line break. */
  write(start: number, characters: string): void {
    for (let i = 0; i < characters.length; i++) this.#units[start + i] = characters.charCodeAt(i);
  }

  /** Offset of a blank between two offsets, the last before a token if there is one, or -1. */
  lastBlank(start: number, end: number): number {
    for (let at = end - 1; at >= start; at--) {
      const unit = this.#units[at];
      if (unit === SPACE || unit === 9) return at;
    }
    return -1;
  }

  toString(): string {
    return this.#bytes.toString(this.#encoding);
  }
}
