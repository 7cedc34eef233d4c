import type { MaskBuffer } from './buffer.ts';
import type { Dialect } from './dialect.ts';
import {
  BRACE_CLOSE,
  BRACE_OPEN,
  COLON,
  COMMA,
  EQUALS,
  IDENTIFIER,
  PAREN_CLOSE,
  PAREN_OPEN,
  SEMICOLON,
  SQUARE_CLOSE,
  SQUARE_OPEN,
  STAR,
  STRING,
  type Tokens,
} from './lexer.ts';
import { type PairedTokens, TokenList } from './tokens.ts';
import {
  ANNOTATION,
  ANNOTATION_CALL,
  ASM,
  flagsOf,
  isName,
  OPERATOR_LIKE_CALL,
  PARAMETER_MODIFIER,
  QUALIFIER,
  RESPELLED,
  TAG,
  TYPE,
  TYPEOF,
  wordNumber,
} from './words.ts';

const RESPELLINGS: ReadonlyMap<number, number> = new Map(
  ['STATIC', 'EXTERN', 'INLINE', 'REGISTER', 'CONST', 'VOLATILE'].map((name) => [
    wordNumber(name),
    wordNumber(name.toLowerCase()),
  ]),
);

/** `__x` words that are types although nothing declares them so. */
const RESERVED_TYPE =
  /^__(?:[us](?:8|16|32|64|128)|[lb]e(?:16|32|64)|int|uint|float|fs|hc|vring|virtio|kernel|builtin|sum16|wsum|poll_t|auto_type|va_list)/;

/**
 * Drops what annotates declarations, so that later passes and the grammar see plain C: attributes, calling conventions,
 * parameter directions, address spaces, inline assembly. Known words go by name; other words of the reserved form `__x` go by
 * shape, where C allows no identifier. Returns the tokens that stay.
 */
export function removeAnnotations(text: string, source: PairedTokens, dialect: Dialect, buffer: MaskBuffer): TokenList {
  const { tokens } = source;
  const { kind, word, start, end, count } = tokens;
  const kept = new TokenList(count);

  /** Blanks tokens `from` up to and without `to`; returns `to`. */
  function drop(from: number, to: number): number {
    buffer.blank(start[from] ?? 0, end[to - 1] ?? 0);
    return to;
  }

  let at = 0;
  while (at < count) {
    const current = word[at] ?? 0;
    const flags = flagsOf(current);
    if (kind[at] !== IDENTIFIER) {
      kept.copy(tokens, at++);
      continue;
    }
    if (flags & RESPELLED && (kind[at + 1] === IDENTIFIER || kind[at + 1] === STAR)) {
      buffer.write(start[at] ?? 0, text.slice(start[at], end[at]).toLowerCase());
      kept.push(IDENTIFIER, RESPELLINGS.get(current) ?? 0, start[at] ?? 0, end[at] ?? 0);
      at++;
      continue;
    }
    if (flags & PARAMETER_MODIFIER && dialect === 'edk2' && isParameterModifier(tokens, kept, at)) {
      at = drop(at, at + 1);
      continue;
    }
    if (flags & ASM) {
      const after = endOfAssembly(source, at);
      if (after > at) {
        at = drop(at, after);
        continue;
      }
    }
    if (flags & TYPEOF && kind[at + 1] === PAREN_OPEN) {
      const after = endOfGroup(source, at + 1);
      if (after > 0) {
        kept.push(IDENTIFIER, 0, start[at] ?? 0, end[at] ?? 0);
        at = drop(at + 1, after);
        continue;
      }
    }
    if (flags & OPERATOR_LIKE_CALL && kind[at + 1] === PAREN_OPEN) {
      buffer.write(start[at] ?? 0, text.slice(start[at], end[at]).toUpperCase());
      kept.push(IDENTIFIER, 0, start[at] ?? 0, end[at] ?? 0);
      at++;
      continue;
    }
    const after = endOfAnnotation(text, source, kept, at, flags);
    if (after > at) {
      at = drop(at, after);
      continue;
    }
    kept.push(IDENTIFIER, flags & RESPELLED ? 0 : current, start[at] ?? 0, end[at] ?? 0);
    at++;
    // "a" MACRO (x) "b": as one word the macro is part of the string.
    if (flags === 0 && kind[at] === PAREN_OPEN) {
      const close = endOfGroup(source, at);
      if (close > 0 && (kind[close] === STRING || kind[at - 2] === STRING) && isStringContext(kind[at - 2] ?? 0)) {
        at = drop(at, close);
      }
    }
  }
  return kept;
}

function isStringContext(before: number): boolean {
  return before === STRING || before === PAREN_OPEN || before === COMMA || before === EQUALS;
}

/** `IN` and `OUT` stand before a type, `OPTIONAL` behind a parameter; elsewhere they are names like any other. */
function isParameterModifier(tokens: Tokens, kept: TokenList, at: number): boolean {
  const next = tokens.kind[at + 1] ?? 0;
  const before = kept.kind[kept.count - 1] ?? 0;
  if (next === IDENTIFIER) return true;
  if (next !== COMMA && next !== PAREN_CLOSE && next !== SQUARE_OPEN) return false;
  if (before === IDENTIFIER) return isName(kept.word[kept.count - 1] ?? 0) || isTypeOrTag(kept, kept.count - 1);
  return before === SQUARE_CLOSE || before === PAREN_CLOSE || before === STAR;
}

/** Index behind `asm volatile (…)` or `asm { … }`, or `at` if neither stands there. */
function endOfAssembly(source: PairedTokens, at: number): number {
  const { kind } = source.tokens;
  let next = at + 1;
  while (kind[next] === IDENTIFIER && next < at + 4) next++;
  return kind[next] === PAREN_OPEN || kind[next] === BRACE_OPEN ? Math.max(at, endOfGroup(source, next)) : at;
}

/** Index behind the group that the bracket opens, or -1 if nothing closes it. */
function endOfGroup(source: PairedTokens, open: number): number {
  return (source.match[open] ?? -1) + 1 || -1;
}

/** Index behind the annotation at `at`, or `at` if the word is something else. */
function endOfAnnotation(text: string, source: PairedTokens, kept: TokenList, at: number, flags: number): number {
  const { tokens } = source;
  const { kind, start } = tokens;
  const from = start[at] ?? 0;
  const isReserved = text.charCodeAt(from) === 95 && text.charCodeAt(from + 1) === 95;
  if (flags & ANNOTATION) return kind[at + 1] === PAREN_OPEN && !isReserved ? at : at + 1;
  const isKnownCall = (flags & ANNOTATION_CALL) !== 0 && kind[at + 1] === PAREN_OPEN;
  if (isKnownCall) {
    const close = endOfGroup(source, at + 1);
    if (close < 0) return at;
    const name = text.slice(from, tokens.end[at]);
    return name.startsWith('__attribute') || isAnnotationPlace(kept, kind[close] ?? 0) ? close : at;
  }
  if (flags === 0 && isPointerAnnotation(text, tokens, kept, at)) return at + 1;
  if (!isReserved || !isName(tokens.word[at] ?? 0)) return at;
  return endOfReservedWord(text, source, kept, at);
}

/** Whether a call at the end of `kept` that `next` follows can only annotate a declaration. */
function isAnnotationPlace(kept: TokenList, next: number): boolean {
  const before = kept.kind[kept.count - 1] ?? 0;
  if (before === SQUARE_CLOSE || before === PAREN_CLOSE || before === STAR) return true;
  if (before === IDENTIFIER) return isName(kept.word[kept.count - 1] ?? 0) || isTypeOrTag(kept, kept.count - 1);
  return next === IDENTIFIER || (before === BRACE_CLOSE && next === SEMICOLON);
}

function isTypeOrTag(tokens: Tokens, at: number): boolean {
  return (flagsOf(tokens.word[at] ?? 0) & (TYPE | TAG)) !== 0;
}

/** `type *ANNOTATION name`, `type *ANNOTATION const name`. */
function isPointerAnnotation(text: string, tokens: Tokens, kept: TokenList, at: number): boolean {
  if (kept.kind[kept.count - 1] !== STAR || tokens.kind[at + 1] !== IDENTIFIER) return false;
  const flags = flagsOf(tokens.word[at + 1] ?? 0);
  if (flags !== 0 && !(flags & QUALIFIER)) return false;
  const isMacro = (index: number) => /^[A-Z\d_]+$|^__/.test(text.slice(tokens.start[index], tokens.end[index]));
  return isMacro(at) && !isMacro(at + 1);
}

/** Judges an unknown `__x` by its neighbours: `before` and `earlier` are the two tokens kept last. */
function endOfReservedWord(text: string, source: PairedTokens, kept: TokenList, at: number): number {
  const { tokens } = source;
  const { kind, word } = tokens;
  const before = kept.count - 1;
  const earlier = kept.count - 2;
  const beforeKind = before < 0 ? SEMICOLON : (kept.kind[before] ?? 0);
  const beforeFlags = flagsOf(kept.word[before] ?? 0);
  const next = kind[at + 1] ?? 0;
  const nextFlags = flagsOf(word[at + 1] ?? 0);
  const nextIsName = next === IDENTIFIER && isName(word[at + 1] ?? 0);
  const endsDeclarator = next === EQUALS || next === SEMICOLON || next === COMMA || next === PAREN_CLOSE;
  const isType = () => RESERVED_TYPE.test(text.slice(tokens.start[at], tokens.end[at]));

  switch (beforeKind) {
    case SQUARE_CLOSE:
      if (next === PAREN_OPEN) return Math.max(at, endOfGroup(source, at + 1));
      return endsDeclarator || nextIsName ? at + 1 : at;
    case STAR:
      return nextIsName ? at + 1 : at;
    case PAREN_CLOSE:
      return next === BRACE_OPEN ? at + 1 : at;
    case BRACE_CLOSE:
      return next === SEMICOLON ? at + 1 : at;
    case PAREN_OPEN:
      return next === IDENTIFIER && nextFlags & (TYPE | TAG) && !isType() ? at + 1 : at;
    case IDENTIFIER:
      break;
    default:
      return next === IDENTIFIER && nextFlags & (TYPE | TAG) && !isType() ? at + 1 : at;
  }

  if (beforeFlags & TAG) return nextIsName ? at + 1 : at;
  const beforeIsType = (beforeFlags & TYPE) !== 0;
  if (!beforeIsType && !isName(kept.word[before] ?? 0)) {
    return next === IDENTIFIER && nextFlags & (TYPE | TAG) && !isType() ? at + 1 : at;
  }
  if (next === STAR) return isType() ? at : at + 1;
  if (nextIsName) return isType() ? at : at + 1;
  // `type name __x`: only an annotation can follow a name that a type already precedes.
  const isDeclared =
    !beforeIsType &&
    (kept.kind[earlier] === STAR ||
      (kept.kind[earlier] === IDENTIFIER &&
        (isName(kept.word[earlier] ?? 0) || (flagsOf(kept.word[earlier] ?? 0) & TYPE) !== 0)));
  if (!isDeclared) return at;
  if (endsDeclarator || next === SQUARE_OPEN || next === COLON) return at + 1;
  if (next !== PAREN_OPEN) return at;
  const close = endOfGroup(source, at + 1);
  return close < 0 || kind[close] === BRACE_OPEN ? at : close;
}
