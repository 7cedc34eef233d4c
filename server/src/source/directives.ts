import type { IncludeItem, MacroItem } from './items.ts';
import { DIRECTIVE, lex } from './lexer.ts';

const DEFINE = /^#[ \t]*define[ \t]+([\w$]+)(?:\(([^()]*)\))?/;
const INCLUDE = /^#[ \t]*include[ \t]*[<"]([^>"\n]*)[>"]/;

/** Macros and includes of a file in order, from all arms of its conditionals. */
export function sliceDirectives(text: string): (MacroItem | IncludeItem)[] {
  if (!text.includes('#')) return [];
  const items: (MacroItem | IncludeItem)[] = [];
  const { kind, start: starts, end: ends, count } = lex(text).tokens;
  for (let at = 0; at < count; at++) {
    if (kind[at] !== DIRECTIVE) continue;
    const start = starts[at] ?? 0;
    const end = ends[at] ?? start;
    const directive = text.slice(start, end);
    const include = INCLUDE.exec(directive);
    if (include !== null) {
      const path = include[1] ?? '';
      items.push({ kind: 'include', name: path, path, start, end });
      continue;
    }
    const define = DEFINE.exec(directive);
    if (define === null) continue;
    const parameters = define[2]?.split(',').map((name) => name.replaceAll(/[\s\\]/g, ''));
    const head = define[0].length;
    const lead = /^(?:\s|\\\r?\n)*/.exec(directive.slice(head))?.[0].length ?? 0;
    items.push({
      kind: 'macro',
      name: define[1] ?? '',
      parameters: parameters === undefined ? null : parameters.filter((name) => name !== ''),
      body: { start: start + head + lead, end },
      start,
      end,
    });
  }
  return items;
}
