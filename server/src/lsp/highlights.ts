import { type DocumentHighlight, DocumentHighlightKind } from 'vscode-languageserver';
import type { LiveResult } from '../audit/index.ts';
import type { Document } from './document.ts';

/**
 * On the name of a call that begins or ends a mapping or a buffer: this one and its other ends. Elsewhere null: what stands
 * there is the business of the C language server.
 */
export function pairHighlights(
  { functions }: LiveResult,
  document: Document,
  offset: number,
): DocumentHighlight[] | null {
  const around = functions.find(({ start, end }) => start <= offset && offset < end);
  if (!around) return null;
  const { text } = document;
  const calleeOf = (at: { readonly start: number; readonly end: number }): { start: number; end: number } => {
    const start = around.start + at.start;
    const callee = /^[\w.>\-[\]]*/.exec(text.slice(start, around.start + at.end))?.[0] ?? '';
    return { start, end: start + callee.length };
  };
  const here = around.operations.find((one) => {
    const { start, end } = calleeOf(one);
    return start <= offset && offset <= end;
  });
  if (!here) return null;
  const partners = here.partners.flatMap((index) => around.operations[index] ?? []);
  return [here, ...partners].map((one) => {
    const { start, end } = calleeOf(one);
    const kind = one.op === 'map' || one.op === 'allocate' ? DocumentHighlightKind.Write : DocumentHighlightKind.Read;
    return { range: document.rangeOf(start, end), kind };
  });
}
