import type { SourcePlace } from '../sequence/index.ts';
import type { Project } from './project.ts';
import { oneLine } from './simulate-call.ts';

/** Text at a place of an exploration, as the source writes it. */
export function sourceText(project: Project, place: SourcePlace): string {
  return project.unit(place.file)?.text.slice(place.start, place.end) ?? '';
}

/** The same in one line of at most `width` characters. */
export function snippet(project: Project, place: SourcePlace, width: number): string {
  const text = oneLine(sourceText(project, place));
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}

/** What stands before a place, at most `length` characters. */
export function textBefore(project: Project, place: SourcePlace, length: number): string {
  return project.unit(place.file)?.text.slice(Math.max(0, place.start - length), place.start) ?? '';
}

/** Line and column from 1. */
export function positionOf(project: Project, place: SourcePlace): { readonly line: number; readonly column: number } {
  return project.unit(place.file)?.lines.position(place.start) ?? { line: 1, column: 1 };
}

/** A function's own text, and the line (from 1) on which it begins; null when the file has no such function. */
export function functionText(
  project: Project,
  file: string,
  name: string,
): { readonly text: string; readonly line: number } | null {
  const unit = project.unit(file);
  const item = unit?.functions.get(name)?.item;
  if (unit === undefined || item === undefined) return null;
  return { text: unit.text.slice(item.start, item.end), line: unit.lines.position(item.start).line };
}
