import { printable } from '../terminal.ts';

/** Pads the cells of a table so that its columns stand below each other; `right` aligns numbers. Two spaces in between. */
export function aligned(rows: readonly (readonly string[])[], right: readonly boolean[] = []): readonly string[] {
  const lines = rows.map((row) => row.map(printable));
  const widths = lines.reduce<readonly number[]>(
    (least, row) => row.map((cell, i) => Math.max(least[i] ?? 0, [...cell].length)),
    [],
  );
  return lines.map((row) =>
    row
      .map((cell, i) => padded(cell, widths[i] ?? 0, right[i] === true))
      .join('  ')
      .trimEnd(),
  );
}

function padded(cell: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - [...cell].length));
  return right ? space + cell : cell + space;
}

/** At most `width` characters: the end is cut, and shown to be. */
export function cut(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join('')}…`;
}

/** 262,144. */
export const grouped = (value: number): string => value.toString().replace(/\B(?=(\d{3})+$)/g, ',');

/** "3 violations", "1 violation". */
export const counted = (n: number, noun: string): string => `${grouped(n)} ${noun}${n === 1 ? '' : 's'}`;
