import type { FunctionText } from './function-text.ts';
import { flat } from './function-text.ts';

export const OPERATORS = [
  'delete-release',
  'delete-check',
  'swap-direction',
  'swap-family',
  'duplicate-release',
  'free-before-release',
  'loop-one-short',
  'return-before-unwind',
  'host-address',
  'drop-common-map',
] as const;

export type Operator = (typeof OPERATORS)[number];

/** One change of the text: `start` to `end` are offsets in the file; no line is added or lost. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** One fault put into one function. */
export interface Mutant {
  readonly operator: Operator;
  readonly file: string;
  readonly function: string;
  readonly edit: Edit;
  readonly line: number;
  /** The change in words. */
  readonly what: string;
  /** Of the mapping or buffer: its API and where that is called, an offset in the file. */
  readonly api: string;
  readonly origin: number;
}

/** Not a fault, though an operator made it: why. */
export interface Equivalent {
  readonly operator: Operator;
  readonly reason: string;
}

export type Change = { readonly edit: Edit } | { readonly reason: string };

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Puts `text` in place of a range, on its first line. */
export function replace(code: FunctionText, { start, end }: Range, text: string): Change {
  const lost = code.text({ start, end }).split('\n').length - 1;
  return { edit: { start, end, text: flat(text) + '\n'.repeat(lost) } };
}

export const isSame = (code: FunctionText, { start, end, text }: Edit): boolean =>
  flat(code.text({ start, end })).trim() === text.trim();

export const applied = (text: string, edit: Edit): string =>
  text.slice(0, edit.start) + edit.text + text.slice(edit.end);

/** Where an offset of the changed text was before; null within the change. */
export function before(edit: Edit, offset: number): number | null {
  if (offset < edit.start) return offset;
  const behind = edit.start + edit.text.length;
  return offset >= behind ? offset - behind + edit.end : null;
}
