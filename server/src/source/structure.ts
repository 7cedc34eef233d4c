import { BracketTracker, FUNCTION } from './brackets.ts';
import { functionNameBefore, headerStart, isFirstColumn } from './definitions.ts';
import { BRACE_CLOSE, BRACE_OPEN, PAREN_OPEN, type Tokens } from './lexer.ts';

/** A function definition as token indices. */
export interface FunctionTokens {
  /** First token of specifiers and return type; equals `name` when there are none. */
  readonly header: number;
  readonly name: number;
  /** The parenthesis that opens the parameters. */
  readonly parameters: number;
  /** Its `{`. */
  readonly open: number;
  /** Index behind its last token. */
  end: number;
}

export interface Structure {
  /** Partner of each bracket, -1 where it has none. */
  readonly match: Int32Array;
  /** What each `{` begins. */
  readonly braceKind: Uint8Array;
  /** In order; they do not overlap. */
  readonly functions: readonly FunctionTokens[];
}

/** How many times over the tokens may be read in all when the search starts again behind a broken function. */
const MAX_PASSES = 8;

/**
 * Finds the functions of a file, of whose source the tokens are or what masking has left of it. A function whose braces do not balance (somebody is typing it) ends at its first `}` in the
 * first column, where authors close functions, or else where the next function begins.
 */
export function findStructure(text: string, tokens: Tokens): Structure {
  const tracker = new BracketTracker(text, tokens, tokens.count);
  const functions: FunctionTokens[] = [];
  let current: FunctionTokens | null = null;
  let firstColumnClose = -1;
  let rereads = MAX_PASSES * tokens.count;

  /** Ends the function that is open; returns the index at which to go on. */
  function abandon(broken: FunctionTokens, next: number, at: number): number {
    current = null;
    if (firstColumnClose < 0 || firstColumnClose >= next || rereads < 0) {
      broken.end = next;
      return at;
    }
    rereads -= at - firstColumnClose;
    broken.end = firstColumnClose + 1;
    tracker.reset();
    tracker.match.fill(-1, broken.end, at + 1);
    return broken.end;
  }

  let at = 0;
  for (;;) {
    if (at >= tokens.count) {
      if (current === null) break;
      at = abandon(current, tokens.count, tokens.count);
      continue;
    }
    const interruption = tracker.accept(at);
    if (interruption !== null && current !== null) {
      const next = abandon(current, interruption.next, at);
      if (next < at) {
        at = next;
        continue;
      }
    }
    const kind = tokens.kind[at];
    if (kind === BRACE_OPEN && tracker.braceKind[at] === FUNCTION && tracker.openFunction === at) {
      const name = functionNameBefore(tokens, tracker.match, text, at);
      current = {
        header: headerStart(tokens, tracker.match, text, name),
        name,
        parameters: parametersOf(tokens, tracker.match, name),
        open: at,
        end: tokens.count,
      };
      firstColumnClose = -1;
      functions.push(current);
    } else if (kind === BRACE_CLOSE && current !== null) {
      if (tracker.match[at] === current.open) {
        current.end = at + 1;
        current = null;
      } else if (firstColumnClose < 0 && isFirstColumn(text, tokens.start[at] ?? 0)) {
        firstColumnClose = at;
      }
    }
    at++;
  }
  return { match: tracker.match, braceKind: tracker.braceKind, functions };
}

/** Behind a name that a macro makes, `HANDLER (name) (parameters)`, the parameters are the second group. */
function parametersOf(tokens: Tokens, match: Int32Array, name: number): number {
  const behind = (match[name + 1] ?? -1) + 1;
  return behind > 0 && tokens.kind[behind] === PAREN_OPEN ? behind : name + 1;
}
