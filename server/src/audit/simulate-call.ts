import type { ApiModel, Dialect, Models, Role } from '../models/index.ts';

/** A call as the source writes it, and what the tables know of it. */
export interface CallText {
  readonly callee: string;
  readonly args: readonly string[];
  readonly model: ApiModel | null;
}

/** Reads the text of one call; null where the text is no call. */
export function readCall(text: string, dialect: Dialect, models: Models): CallText | null {
  const open = text.indexOf('(');
  if (open < 0) return null;
  const callee = oneLine(text.slice(0, open));
  if (!/^[\w.>\-[\]*&]+$/.test(callee)) return null;
  const args = splitArguments(text.slice(open + 1));
  const member = /^(.*?)(?:->|\.)((?:Mem|Io|Pci)\.\w+|\w+)$/.exec(callee);
  const model = member
    ? models.member(member[2] ?? '', args.length, dialect, member[1] ?? '')
    : models.function(callee, dialect);
  return { callee, args, model: model ?? null };
}

/** The argument that plays one of these parts, the first in order of preference, without casts and `&`. */
export function argumentOf({ args, model }: CallText, roles: readonly Role[]): { text: string; role: Role } | null {
  for (const role of roles) {
    const index = model?.args.indexOf(role) ?? -1;
    const text = index < 0 ? undefined : args[index];
    if (text !== undefined) return { text: bare(text), role };
  }
  return null;
}

/** `(VOID **)&Access` → `Access`. */
export function bare(text: string): string {
  let rest = oneLine(text);
  for (;;) {
    const next = rest
      .replace(/^\((?:const\s+|struct\s+|unsigned\s+)*\w+\s*\**\)\s*(?=[\w&(*])/, '')
      .replace(/^&\s*(?=\w)/, '')
      .replace(/^\(([\w.>\-[\]]+)\)$/, '$1');
    if (next === rest) return rest;
    rest = next;
  }
}

export const oneLine = (text: string): string =>
  text
    .replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, ' ')
    .replace(/\s+/g, ' ')
    .replace(/\( /g, '(')
    .replace(/ \)/g, ')')
    .trim();

/** Arguments up to the parenthesis that closes the call. */
function splitArguments(text: string): readonly string[] {
  const args: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '(' || char === '[' || char === '{') depth++;
    else if (depth > 0 && (char === ')' || char === ']' || char === '}')) depth--;
    else if (depth === 0 && (char === ',' || char === ')')) {
      args.push(text.slice(from, at));
      from = at + 1;
      if (char === ')') break;
    }
  }
  return args.length === 1 && args[0]?.trim() === '' ? [] : args.map(oneLine);
}
