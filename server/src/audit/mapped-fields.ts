/** A field that holds the token of a mapping, and the field beside it that holds the memory which was mapped. */
interface MappedField {
  readonly token: string;
  readonly memory: string;
}

const CALL = /\b\w*Map\w*\s*\(/g;
/** `Urb->Data`, `(VOID *)Urb->Data`, `Dev->Ring.Buffer`. */
const FIELD = /^(?:\([^()]*\)\s*)*(\w+(?:(?:->|\.)\w+)*)(?:->|\.)(\w+)$/;

/** Pairs of fields that a function's masked text ties together by a call of some Map (): `Map (…, X->Data, …, &X->Token)`. */
export function* fieldsMapped(body: string): Iterable<MappedField> {
  for (const call of body.matchAll(CALL)) {
    const args = callArguments(body, call.index + call[0].length);
    const token = args.at(-1)?.replace(/^\(VOID \*\*\)\s*/, '');
    if (args.length < 4 || !token) continue;
    const holder = tokenField(token, body);
    if (!holder) continue;
    for (const one of args.slice(0, -1)) {
      const [, object, memory] = FIELD.exec(one) ?? [];
      if (object === holder.object && memory !== undefined) yield { token: holder.field, memory };
    }
  }
}

/** Where the token goes: the field named in the call, or the one that a local variable is put into afterwards. */
function tokenField(token: string, body: string): { readonly object: string; readonly field: string } | null {
  const plain = token.replace(/^&\s*\(?/, '').replace(/\)$/, '');
  const [, object, field] = FIELD.exec(plain) ?? [];
  if (object !== undefined && field !== undefined) return { object, field };
  if (!token.startsWith('&') || !/^\w+$/.test(plain)) return null;
  const stored = new RegExp(`\\b(\\w+(?:(?:->|\\.)\\w+)*)(?:->|\\.)(\\w+)\\s*=\\s*${plain}\\s*;`).exec(body);
  return stored?.[1] !== undefined && stored[2] !== undefined ? { object: stored[1], field: stored[2] } : null;
}

/** Texts of the arguments of the call whose bracket opens before `start`. */
function callArguments(body: string, start: number): string[] {
  const found: string[] = [];
  let depth = 0;
  let from = start;
  for (let i = start; i < body.length; i++) {
    const c = body[i];
    if (c === '(' || c === '[') depth++;
    else if ((c === ')' || c === ']') && depth-- === 0) {
      found.push(body.slice(from, i).trim());
      return found;
    } else if (c === ',' && depth === 0) {
      found.push(body.slice(from, i).trim());
      from = i + 1;
    } else if (c === ';') return [];
  }
  return [];
}
