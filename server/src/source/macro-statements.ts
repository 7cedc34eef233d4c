import type { BodyTokens } from './body-tokens.ts';
import {
  BRACE_CLOSE,
  BRACE_OPEN,
  COLON,
  EQUALS,
  IDENTIFIER,
  OPERATOR,
  PAREN_OPEN,
  SEMICOLON,
  SQUARE_OPEN,
  STAR,
} from './lexer.ts';
import { CONTROL, flagsOf, isName, QUALIFIER, STORAGE, TAG, TYPE } from './words.ts';

/**
 * What `NAME (…)` at the beginning of a statement is:
 * - `call`: what it looks like, or nothing that has to be rewritten;
 * - `declared-pointer`: `type (*name) (…)` with a plain name for the type, a call of a call to the grammar;
 * - `for`: `unrolled_for (i = 0; i < n; i++) {`;
 * - `loop`: a macro with a block or a statement behind it;
 * - `initialised`: `DECLARE_BITMAP (name, n) = { 0 };`;
 * - `unterminated`: a macro that needs no semicolon.
 */
export type CallForm = 'call' | 'declared-pointer' | 'for' | 'loop' | 'initialised' | 'unterminated';

const LOOP_NAME = /for_?each|foreach|^for_|_for_|iterate|scoped_(?:cond_)?guard|_scope$/i;

export function callForm(body: BodyTokens, at: number, close: number): CallForm {
  const next = close + 1;
  const kind = body.kind(next);
  const name = body.text(at);
  if (isDeclaredPointer(body, at, close)) return 'declared-pointer';
  const isLoop = kind === BRACE_OPEN || LOOP_NAME.test(name);
  if (isLoop && name.length >= 3 && body.hasSemicolon(at + 1)) return 'for';
  if (kind === BRACE_OPEN) return 'loop';
  if (kind === EQUALS && body.kind(next + 1) === BRACE_OPEN) return 'initialised';
  if (!canBeginStatement(body, next)) return 'call';
  if (isLoop) return 'loop';
  // Columns are looked up only behind a line break: a line of megabytes must not be measured again and again.
  const isLater = body.isOnLaterLine(close, next);
  const isDeeper = isLater && body.indentation(next) > body.indentation(at);
  if (kind === IDENTIFIER && isDeeper) return 'loop';
  if (kind === BRACE_CLOSE || flagsOf(body.word(next)) & CONTROL) return 'unterminated';
  if (body.isName(next) && body.kind(next + 1) === PAREN_OPEN) return 'unterminated';
  return isLater && !isDeeper && kind !== PAREN_OPEN ? 'unterminated' : 'call';
}

function isDeclaredPointer(body: BodyTokens, at: number, close: number): boolean {
  if (body.endOf(at) - body.start(at) < 3 || close !== at + 4) return false;
  if (body.kind(at + 2) !== STAR || !body.isName(at + 3)) return false;
  return body.kind(close + 1) === PAREN_OPEN || body.kind(close + 1) === SQUARE_OPEN;
}

function canBeginStatement(body: BodyTokens, at: number): boolean {
  const kind = body.kind(at);
  if (kind === OPERATOR) return body.text(at) === '++' || body.text(at) === '--';
  return kind === BRACE_CLOSE || kind === IDENTIFIER || kind === STAR || kind === PAREN_OPEN;
}

/** Whether a name at the beginning of a statement, with another word behind it, is a statement of its own. */
export function isBareMacro(body: BodyTokens, at: number): boolean {
  if (flagsOf(body.word(at + 1)) & CONTROL) return true;
  if (!body.isOnLaterLine(at, at + 1) || body.indentation(at + 1) > body.indentation(at)) return false;
  if (!body.isName(at + 1)) return true;
  const behind = body.kind(at + 2);
  return behind === PAREN_OPEN || behind === COLON || (behind === IDENTIFIER && body.isOnLaterLine(at + 1, at + 2));
}

/** `static DEFINE_X (name);` and the same with an initialiser: calls to the grammar, once `static` is gone. */
export function isDeclaringMacro(body: BodyTokens, name: number): boolean {
  if (!body.isName(name) || body.kind(name + 1) !== PAREN_OPEN) return false;
  const close = body.match(name + 1);
  return close >= 0 && (body.kind(close + 1) === SEMICOLON || body.kind(close + 1) === EQUALS);
}

/** Whether the name before a parenthesis is declared here, not called. */
export function isPrototype(body: BodyTokens, name: number): boolean {
  let at = name - 1;
  let stars = 0;
  for (; body.kind(at) === STAR && at > body.first; at--) stars++;
  if (at < body.first || body.kind(at) !== IDENTIFIER || body.isSettled(at)) return false;
  const flags = flagsOf(body.word(at));
  if (flags & (TYPE | QUALIFIER | STORAGE)) return true;
  if (!isName(body.word(at))) return false;
  if (stars === 0) return true;
  const before = body.kind(at - 1);
  if (before === IDENTIFIER) return (flagsOf(body.word(at - 1)) & (TAG | QUALIFIER | STORAGE)) !== 0;
  return before === SEMICOLON || before === BRACE_OPEN || before === BRACE_CLOSE;
}
