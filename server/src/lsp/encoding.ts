import type { Position } from 'vscode-languageserver';

/** How a client counts the characters of a line. */
export type Encoding = 'utf-8' | 'utf-16' | 'utf-32';

const ENCODINGS: ReadonlySet<string> = new Set<Encoding>(['utf-8', 'utf-16', 'utf-32']);

/** The first that both know; clients that name none count in UTF-16. */
export function chosenEncoding(offered: readonly string[] | undefined): Encoding {
  return (offered ?? []).find((one): one is Encoding => ENCODINGS.has(one)) ?? 'utf-16';
}

function width(codePoint: number, encoding: Encoding): number {
  if (encoding === 'utf-32') return 1;
  if (encoding === 'utf-16') return codePoint > 0xffff ? 2 : 1;
  return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
}

/** Characters of the client → UTF-16 units. `line`: the text of the line. */
export function fromClient(line: string, { line: number, character }: Position, encoding: Encoding): Position {
  if (encoding === 'utf-16') return { line: number, character };
  let counted = 0;
  let units = 0;
  for (const char of line) {
    if (counted >= character) break;
    counted += width(char.codePointAt(0) ?? 0, encoding);
    units += char.length;
  }
  return { line: number, character: units };
}

/** UTF-16 units → characters of the client. */
export function toClient(line: string, { line: number, character }: Position, encoding: Encoding): Position {
  if (encoding === 'utf-16') return { line: number, character };
  let counted = 0;
  let units = 0;
  for (const char of line) {
    if (units >= character) break;
    counted += width(char.codePointAt(0) ?? 0, encoding);
    units += char.length;
  }
  return { line: number, character: counted };
}
