import type { TopLevelItem } from '../source/index.ts';

/** Code that names a DMA API and lies in no function that can be analysed: it must not vanish without a word. */
export interface UnseenCode {
  /** Of the macro, or what looks like the name of the function. */
  readonly name: string;
  readonly reason: string;
}

const COMMENTS = /\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;

export function unseenIn(
  text: string,
  masked: string,
  items: readonly TopLevelItem[],
  trigger: RegExp,
): readonly UnseenCode[] {
  // Most sections have none, which costs one search.
  if (!trigger.test(text)) return [];
  const unseen: UnseenCode[] = [];
  let rest = '';
  let from = 0;
  for (const item of items) {
    if (item.kind === 'macro' && trigger.test(text.slice(item.body.start, item.body.end).replace(COMMENTS, ' ')))
      unseen.push({ name: item.name, reason: 'a macro: its text is not followed where it is used' });
    if (item.kind !== 'function') continue;
    rest += masked.slice(from, item.start);
    from = item.end;
  }
  rest += masked.slice(from);
  if (trigger.test(rest)) unseen.push(...looseBodies(rest, trigger));
  return unseen;
}

/** Braces outside of functions that name the API; what stands outside of braces are declarations. */
function looseBodies(text: string, trigger: RegExp): readonly UnseenCode[] {
  const bodies: UnseenCode[] = [];
  let depth = 0;
  let open = 0;
  for (const { 0: brace, index } of text.matchAll(/[{}]/g)) {
    if (brace === '{') {
      if (depth === 0) open = index;
      depth++;
    } else if (depth > 0) {
      depth--;
      if (depth > 0 || !trigger.test(text.slice(open, index))) continue;
      const name = /(\w+)\s*\([^(){};]*\)[^(){};]*$/.exec(text.slice(0, open))?.[1];
      bodies.push({ name: name ?? '(unnamed)', reason: 'not recognised as a function' });
    }
  }
  return bodies;
}
