import type { Expression } from '../flow/index.ts';
import type { Code } from './code.ts';
import type { Frame } from './frame.ts';

/** What the field that an expression names, or part of it, is by its declaration; null where its structure is not known. */
export function memberOf(code: Code, frame: Frame, e: Expression): ReturnType<Code['fieldOf']> {
  switch (e.kind) {
    case 'cast':
      return memberOf(code, frame, e.operand);
    case 'address-of':
    case 'index':
      return memberOf(code, frame, e.object);
    case 'member': {
      const struct = structOf(code, frame, e.object);
      return struct === null ? null : code.fieldOf(struct, e.field);
    }
    default:
      return null;
  }
}

/** The structure that a variable or a field is, or points to. */
function structOf(code: Code, frame: Frame, object: Expression): string | null {
  const type =
    object.kind === 'name'
      ? frame.locals.get(object.name)?.type
      : object.kind === 'member'
        ? code.fieldType(object.field)
        : null;
  if (!type) return null;
  return /\b(?:struct|union)\s+(\w+)/.exec(type)?.[1] ?? /(\w+)\W*$/.exec(type)?.[1] ?? null;
}
