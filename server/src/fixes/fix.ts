import type { Violation } from '@dma-audit/simulator';
import type { DmaPath, Exploration, SourcePlace } from '../sequence/index.ts';
import type { FunctionText } from './function-text.ts';

/** Replaces the text between two offsets of the file. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A change of one file that is meant to mend one fault. Edits neither overlap nor touch each other's insides. */
export interface Fix {
  /** What it does, as an order: "Unmap with DMA_FROM_DEVICE". */
  readonly title: string;
  readonly edits: readonly TextEdit[];
  /** It only says better what the code means already; others add or move steps, and want an eye. */
  readonly safe: boolean;
}

/** One way in which a fault shows: the violation, and the path on which it happens. */
export interface Fault {
  readonly violation: Violation;
  readonly path: DmaPath;
  readonly exploration: Exploration;
  /** Where it is reported. */
  readonly place: SourcePlace;
}

/** One fault in all its ways, with the text that is to be changed. */
export interface FixRequest {
  readonly fault: Fault;
  /** All ways in which the fault shows, `fault` included. */
  readonly ways: readonly Fault[];
  /** The function in which the fault is reported. */
  readonly code: FunctionText;
  /** The function whose path it is: another one where the fault lies in a helper that it calls; null when in another file. */
  readonly explored: FunctionText | null;
}

/**
 * Changes that may mend a fault, the best first. They are proposals: whether one of them really ends the fault and brings no
 * other is found by executing the changed function.
 */
export type FixProvider = (request: FixRequest) => readonly Fix[];

/** `text` with all edits made. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let result = text;
  for (const { start, end, text: replacement } of inReverse(edits))
    result = result.slice(0, start) + replacement + result.slice(end);
  return result;
}

/** Of several edits that insert at one place the first given comes first in the text. */
function inReverse(edits: readonly TextEdit[]): readonly TextEdit[] {
  return edits
    .map((edit, order) => ({ edit, order }))
    .sort((a, b) => b.edit.start - a.edit.start || b.edit.end - a.edit.end || b.order - a.order)
    .map(({ edit }) => edit);
}

/** Whether no two of the edits change the same text. */
export function areDisjoint(edits: readonly TextEdit[]): boolean {
  const sorted = edits.toSorted((a, b) => a.start - b.start || a.end - b.end);
  return sorted.every((edit, i) => i === 0 || (sorted[i - 1]?.end ?? 0) <= edit.start);
}
