/** Bytes of one header, and of the message after it; a client that sends more is no language client. */
const MAX_HEADER = 4096;
const MAX_MESSAGE = 1 << 30;
const HEADER_END = '\r\n\r\n';

/**
 * Looks at the headers of a stream of messages as it passes, and tells of the first from which nobody can say where the next
 * message begins: from there on whoever reads the stream understands nothing more.
 */
export class FramingCheck {
  readonly #fault: (why: string) => void;
  #header = '';
  /** Bytes of the message that are still to come. */
  #left = 0;
  #isBroken = false;

  constructor(fault: (why: string) => void) {
    this.#fault = fault;
  }

  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length && !this.#isBroken; ) {
      if (this.#left > 0) {
        const passed = Math.min(this.#left, chunk.length - at);
        this.#left -= passed;
        at += passed;
        continue;
      }
      const before = this.#header.length;
      this.#header += chunk.toString('latin1', at, at + MAX_HEADER);
      const end = this.#header.slice(0, MAX_HEADER).indexOf(HEADER_END);
      if (end < 0) {
        at += this.#header.length - before;
        if (this.#header.length >= MAX_HEADER) this.#break(`no end of a header in ${MAX_HEADER} bytes`);
        continue;
      }
      at += end + HEADER_END.length - before;
      const lines = this.#header.slice(0, end).split('\r\n');
      this.#header = '';
      this.#left = this.#lengthIn(lines);
    }
  }

  #lengthIn(lines: readonly string[]): number {
    const given = lines.map((line) => /^content-length:\s*(.*)$/i.exec(line)?.[1]).find((value) => value !== undefined);
    const length = given !== undefined && /^\d+$/.test(given.trim()) ? Number(given) : null;
    if (length === null)
      this.#break(given === undefined ? 'a header without Content-Length' : `Content-Length: ${given}`);
    else if (length > MAX_MESSAGE) this.#break(`a message of ${length} bytes`);
    return length ?? 0;
  }

  #break(why: string): void {
    this.#isBroken = true;
    this.#fault(why);
  }
}
