import process from 'node:process';

/** Control characters, and those that turn the direction in which what follows is shown. */
const ACTED_ON = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;
/** As picocolors writes the colours that reports have; none of them hides anything. */
const COLOUR = String.raw`\u001b\[(?:[12]|22|3[1-9])m`;
const ALL_BUT_LAYOUT = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;
const ALL_BUT_COLOURS = new RegExp(`(${COLOUR})|${ALL_BUT_LAYOUT.source}`, 'gu');

/** A text that others wrote, such as a name or a piece of source, as a part of one line. */
export function printable(text: string): string {
  return text.replace(ACTED_ON, '\u{FFFD}');
}

/** What a stream is handed that may be a terminal: its lines, and the colours if it has them. */
export function terminalText(text: string, colour: boolean): string {
  return colour
    ? text.replace(ALL_BUT_COLOURS, (_, kept: string | undefined) => kept ?? '\u{FFFD}')
    : text.replace(ALL_BUT_LAYOUT, '\u{FFFD}');
}

/** A value as JSON, with a newline at the end. No character stays in it that a terminal acts on, and none is lost. */
export function jsonText(value: unknown, indent = 2): string {
  const text = JSON.stringify(value, null, indent);
  return `${text.replace(ALL_BUT_LAYOUT, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}

/** Writes to the standard error stream. */
export function tell(text: string): void {
  process.stderr.write(terminalText(text, hasColour(process.stderr)));
}

/** Has this stream colours? NO_COLOR, then FORCE_COLOR, decide before the terminal does. */
export function hasColour(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return stream.isTTY === true && stream.hasColors();
}
