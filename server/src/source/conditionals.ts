import { BracketTracker } from './brackets.ts';
import type { MaskBuffer } from './buffer.ts';
import { conditionTruth, isDefinedAt, type MacroKnowledge } from './constants.ts';
import {
  BRACE_CLOSE,
  BRACE_OPEN,
  COMMA,
  DIRECTIVE,
  IDENTIFIER,
  PAREN_CLOSE,
  PAREN_OPEN,
  SEMICOLON,
  SQUARE_CLOSE,
  SQUARE_OPEN,
  type Tokens,
} from './lexer.ts';
import { type PairedTokens, TokenList } from './tokens.ts';

/** One arm of a conditional group: what lies between two of its directives. */
interface Arm {
  readonly directive: number;
  /** Token index of the group's next directive. */
  end: number;
  /** Null where only a configuration can tell. */
  readonly truth: boolean | null;
  /** The one macro that decides it, if it is that simple. */
  readonly asks: Question | null;
  /** Bracket depth at the end, and the lowest on the way, both relative to the beginning. */
  depth: number;
  lowest: number;
  /** Kinds of the first and last token, 0 for an empty arm. */
  first: number;
  last: number;
}

/** Is a macro set, or is it not? */
interface Question {
  readonly macro: string;
  readonly isSet: boolean;
}

/**
 * Removes the preprocessor: blanks all directives and keeps such arms of conditionals that the rest reads as one program.
 * Within a function, and wherever arms are not whole declarations, that is the first arm that is not known to be false, and
 * what has been taken for set once is set to its end; elsewhere all arms are kept, so that a function defined differently in
 * each arm is seen each time.
 */
export function removePreprocessor(
  text: string,
  tokens: Tokens,
  buffer: MaskBuffer,
  macros: MacroKnowledge,
): PairedTokens {
  const groups = findGroups(text, tokens, macros);
  const kept = new TokenList(tokens.count);
  const tracker = new BracketTracker(text, kept, tokens.count);
  /** Whether the arm that begins at a directive is kept. */
  const keepArm = new Map<number, boolean>();
  /** What is taken for set, or not set, in a function, though only a configuration can tell. */
  const assumed = new Map<string, boolean>();
  const nextDirective = new Map<number, number>();
  for (let at = 0; at < tokens.count; at++) {
    if (tokens.kind[at] !== DIRECTIVE) {
      kept.copy(tokens, at);
      tracker.accept(kept.count - 1);
      if (!tracker.inFunction) assumed.clear();
      continue;
    }
    const group = groups.get(at);
    if (group !== undefined) {
      const chosen = chooseArms(group, tracker, kept.kind[kept.count - 1] ?? 0, assumed);
      for (const arm of group) {
        keepArm.set(arm.directive, chosen.includes(arm));
        nextDirective.set(arm.directive, arm.end);
      }
    }
    buffer.blank(tokens.start[at] ?? 0, tokens.end[at] ?? 0);
    if (keepArm.get(at) === false) {
      const end = nextDirective.get(at) ?? tokens.count;
      buffer.blank(tokens.start[at] ?? 0, end < tokens.count ? (tokens.start[end] ?? 0) : text.length);
      at = end - 1;
    }
  }
  return { tokens: kept, match: tracker.match };
}

function chooseArms(
  group: readonly Arm[],
  tracker: BracketTracker,
  before: number,
  assumed: Map<string, boolean>,
): readonly Arm[] {
  const live = liveArms(group, ({ truth }) => truth);
  if (tracker.inFunction) {
    const [chosen] = liveArms(group, ({ truth, asks }) => {
      const isSet = asks && assumed.get(asks.macro);
      return truth ?? (typeof isSet === 'boolean' ? isSet === asks?.isSet : null);
    });
    for (const arm of group) {
      if (arm.truth === null && arm.asks) assumed.set(arm.asks.macro, (arm === chosen) === arm.asks.isSet);
      if (arm === chosen) break;
    }
    return chosen ? [chosen] : [];
  }
  if (group.length === 1 || live.length < 2) return live;
  return tracker.inParentheses || !live.every((arm) => isWhole(arm, before)) ? live.slice(0, 1) : live;
}

function liveArms(group: readonly Arm[], truthOf: (arm: Arm) => boolean | null): readonly Arm[] {
  const live: Arm[] = [];
  for (const arm of group) {
    const truth = truthOf(arm);
    if (truth !== false) live.push(arm);
    if (truth === true) break;
  }
  return live;
}

/** Whether the arm is a run of whole declarations, fields or initialisers. */
function isWhole(arm: Arm, before: number): boolean {
  if (arm.depth !== 0 || arm.lowest < 0) return false;
  if (arm.first === 0) return true;
  if (arm.last !== SEMICOLON && arm.last !== BRACE_CLOSE && arm.last !== COMMA) return false;
  if (before === PAREN_CLOSE) return arm.first === IDENTIFIER;
  return before === 0 || before === SEMICOLON || before === BRACE_CLOSE || before === BRACE_OPEN || before === COMMA;
}

/** All groups by the token index of their `#if`. */
function findGroups(text: string, tokens: Tokens, macros: MacroKnowledge): ReadonlyMap<number, readonly Arm[]> {
  const groups = new Map<number, Arm[]>();
  const open: Arm[][] = [];
  for (let at = 0; at < tokens.count; at++) {
    const arm = open.at(-1)?.at(-1);
    const kind = tokens.kind[at] ?? 0;
    if (kind !== DIRECTIVE) {
      if (arm !== undefined) extend(arm, kind);
      continue;
    }
    const directive = readConditional(text, tokens.start[at] ?? 0, tokens.end[at] ?? 0, macros);
    if (directive === null) continue;
    if (directive.role === 'open') {
      const group = [newArm(at, directive, tokens.count)];
      groups.set(at, group);
      open.push(group);
      continue;
    }
    const group = open.at(-1);
    if (group === undefined || arm === undefined) continue;
    arm.end = at;
    if (directive.role === 'next') {
      group.push(newArm(at, directive, tokens.count));
      continue;
    }
    open.pop();
    const outer = open.at(-1)?.at(-1);
    if (outer !== undefined) addGroup(outer, group);
  }
  return groups;
}

function newArm(directive: number, { truth, asks }: Conditional, end: number): Arm {
  return { directive, end, truth, asks, depth: 0, lowest: 0, first: 0, last: 0 };
}

function extend(arm: Arm, kind: number): void {
  if (arm.first === 0) arm.first = kind;
  arm.last = kind;
  if (kind === BRACE_OPEN || kind === PAREN_OPEN || kind === SQUARE_OPEN) arm.depth++;
  if (kind === BRACE_CLOSE || kind === PAREN_CLOSE || kind === SQUARE_CLOSE) {
    arm.depth--;
    if (arm.depth < arm.lowest) arm.lowest = arm.depth;
  }
}

/** Counts a closed inner group into the arm around it, with the arm that would be chosen of it. */
function addGroup(outer: Arm, group: readonly Arm[]): void {
  const inner = group.find((arm) => arm.truth !== false && arm.first !== 0);
  if (inner === undefined) return;
  if (outer.first === 0) outer.first = inner.first;
  outer.last = inner.last;
  outer.lowest = Math.min(outer.lowest, outer.depth + inner.lowest);
  outer.depth += inner.depth;
}

interface Conditional {
  readonly role: 'open' | 'next' | 'close';
  readonly truth: boolean | null;
  readonly asks: Question | null;
}

/** `defined (NAME)`, `!NAME`, `IS_ENABLED (NAME)` */
const QUESTION = /^\s*(!?)\s*(?:(?:defined|IS_ENABLED|IS_REACHABLE)\b\s*\(?\s*)?([A-Za-z_]\w*)\s*\)?\s*$/;

const CONDITIONAL = /^#\s*(ifdef|ifndef|if|elif|else|endif)\b/;

function readConditional(text: string, start: number, end: number, macros: MacroKnowledge): Conditional | null {
  const directive = text.slice(start, end);
  const [head, word] = CONDITIONAL.exec(directive) ?? [];
  if (head === undefined) return null;
  const rest = directive.slice(head.length).replace(/\/\*.*?\*\/|\/\/.*/gs, ' ');
  const isDefined = () => isDefinedAt(/[\w$]+/.exec(rest)?.[0] ?? '', start, macros);
  const asked = (isSet: boolean): Question | null => {
    const [, not, macro] = QUESTION.exec(rest) ?? [];
    return macro === undefined ? null : { macro, isSet: (not === '') === isSet };
  };
  switch (word) {
    case 'ifdef':
      return { role: 'open', truth: isDefined(), asks: asked(true) };
    case 'ifndef':
      return { role: 'open', truth: negate(isDefined()), asks: asked(false) };
    case 'if':
      return { role: 'open', truth: conditionTruth(rest, start, macros), asks: asked(true) };
    case 'elif':
      return { role: 'next', truth: conditionTruth(rest, start, macros), asks: asked(true) };
    case 'else':
      return { role: 'next', truth: null, asks: null };
    default:
      return { role: 'close', truth: null, asks: null };
  }
}

function negate(truth: boolean | null): boolean | null {
  return truth === null ? null : !truth;
}
