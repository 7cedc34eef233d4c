/** The base protocol of the Debug Adapter Protocol: a header with the length in bytes, an empty line, JSON. */

/** Bytes of one message; what is longer is no debug adapter client. */
const MAX_MESSAGE = 16 << 20;
const HEADER_END = Buffer.from('\r\n\r\n');

/** Cuts a stream of bytes into messages. What is no JSON is dropped; a header without a length is skipped. */
export class MessageReader {
  readonly #receive: (message: unknown) => void;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(receive: (message: unknown) => void) {
    this.#receive = receive;
  }

  push(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    for (;;) {
      const end = this.#bytes.indexOf(HEADER_END);
      if (end < 0) return;
      const start = end + HEADER_END.length;
      const length = Number(/Content-Length: *(\d+)/i.exec(this.#bytes.toString('latin1', 0, end))?.[1] ?? 0);
      if (length > MAX_MESSAGE) throw new RangeError(`a message of ${length} bytes`);
      if (this.#bytes.length < start + length) return;
      const text = this.#bytes.toString('utf8', start, start + length);
      this.#bytes = this.#bytes.subarray(start + length);
      const message = parse(text);
      if (message !== undefined) this.#receive(message);
    }
  }
}

export function frame(message: unknown): string {
  const text = JSON.stringify(message);
  return `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
