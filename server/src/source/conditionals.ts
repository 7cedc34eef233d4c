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
  /** What decides it, if that is one simple question. */
  readonly asks: Question | null;
  /** Bracket depth at the end, and the lowest on the way, both relative to the beginning. */
  depth: number;
  lowest: number;
  /** Kinds of the first and last token, 0 for an empty arm. */
  first: number;
  last: number;
}

/** Does what a configuration decides hold, or does it not: is a macro set, is a number less than another? */
interface Question {
  /** In one way of writing it. */
  readonly subject: string;
  readonly holds: boolean;
  /** What is compared for equality with the subject's number: it has one number only. */
  readonly compared: string | null;
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
    const [chosen] = liveArms(group, ({ truth, asks }) => truth ?? (asks && assumption(asks, assumed)));
    for (const arm of group) {
      if (arm.truth === null && arm.asks) assume(arm.asks, arm === chosen, assumed);
      if (arm === chosen) break;
    }
    return chosen ? [chosen] : [];
  }
  if (group.length === 1 || live.length < 2) return live;
  return tracker.inParentheses || !live.every((arm) => isWhole(arm, before)) ? live.slice(0, 1) : live;
}

function assumption({ subject, holds, compared }: Question, assumed: ReadonlyMap<string, boolean>): boolean | null {
  const before = assumed.get(subject) ?? (compared !== null && assumed.has(`one ${compared}`) ? false : undefined);
  return before === undefined ? null : before === holds;
}

function assume({ subject, holds, compared }: Question, isTrue: boolean, assumed: Map<string, boolean>): void {
  assumed.set(subject, isTrue === holds);
  if (compared !== null && isTrue === holds) assumed.set(`one ${compared}`, true);
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
const SETTING = /^(!?)(?:(?:defined|IS_ENABLED|IS_REACHABLE)\b\(?)?([A-Za-z_]\w*)\)?$/;

/** `LINUX_VERSION_CODE >= KERNEL_VERSION (5, 10, 0)` */
const COMPARISON = /^(\w+)(<=|>=|==|!=|<|>)(\w+(?:\([\w,]*\))?)$/;

/** How a comparison is asked: always with the operator on the right. */
const ASKED: Readonly<Record<string, readonly [string, boolean]>> = {
  '<': ['<', true],
  '>=': ['<', false],
  '<=': ['<=', true],
  '>': ['<=', false],
  '==': ['==', true],
  '!=': ['==', false],
};

/** What a condition asks, where that is one simple question; null for others. */
function questionOf(condition: string): Question | null {
  const text = condition.replace(/\bdefined\s+(\w+)/g, 'defined($1)').replace(/\s+/g, '');
  const [, not, macro] = SETTING.exec(text) ?? [];
  if (macro !== undefined) return { subject: macro, holds: not === '', compared: null };
  const [, left, operator = '', right] = COMPARISON.exec(text) ?? [];
  const [asked, holds] = ASKED[operator] ?? [];
  if (left === undefined || asked === undefined || holds === undefined) return null;
  return { subject: `${left}${asked}${right}`, holds, compared: asked === '==' ? left : null };
}

const CONDITIONAL = /^#\s*(ifdef|ifndef|if|elif|else|endif)\b/;

function readConditional(text: string, start: number, end: number, macros: MacroKnowledge): Conditional | null {
  const directive = text.slice(start, end);
  const [head, word] = CONDITIONAL.exec(directive) ?? [];
  if (head === undefined) return null;
  const rest = directive.slice(head.length).replace(/\/\*.*?\*\/|\/\/.*/gs, ' ');
  const isDefined = () => isDefinedAt(/[\w$]+/.exec(rest)?.[0] ?? '', start, macros);
  switch (word) {
    case 'ifdef':
      return { role: 'open', truth: isDefined(), asks: questionOf(`defined(${rest})`) };
    case 'ifndef':
      return { role: 'open', truth: negate(isDefined()), asks: questionOf(`!defined(${rest})`) };
    case 'if':
      return { role: 'open', truth: conditionTruth(rest, start, macros), asks: questionOf(rest) };
    case 'elif':
      return { role: 'next', truth: conditionTruth(rest, start, macros), asks: questionOf(rest) };
    case 'else':
      return { role: 'next', truth: null, asks: null };
    default:
      return { role: 'close', truth: null, asks: null };
  }
}

function negate(truth: boolean | null): boolean | null {
  return truth === null ? null : !truth;
}
