import { LineIndex } from '../source/index.ts';
import type { Diagnostic } from './diagnostic.ts';

/** Which findings of its file a suppression is meant for. */
export type SuppressionScope =
  | { readonly kind: 'line'; readonly line: number }
  | { readonly kind: 'function'; readonly function: string }
  | { readonly kind: 'file' };

/** A comment `dma-audit: ignore[rule] -- reason`. Plain data: it travels between threads and machines. */
export interface Suppression {
  readonly file: string;
  /** Of the comment; from 1, columns in UTF-16 units. */
  readonly line: number;
  readonly column: number;
  /** Rule identifiers, at least one. */
  readonly rules: readonly string[];
  readonly scope: SuppressionScope;
  readonly reason: string;
}

/** Something about the audit itself, not about the code: it has no rule and no severity. */
export interface Notice {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** The suppressions of one file, and what is wrong with those that cannot be understood: these suppress nothing. */
export interface FileSuppressions {
  readonly file: string;
  readonly suppressions: readonly Suppression[];
  readonly faults: readonly Notice[];
}

/** A function of the file: offsets of its text. */
export interface FunctionRange {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

export interface SuppressedDiagnostic {
  readonly diagnostic: Diagnostic;
  readonly suppression: Suppression;
}

const MARKER = 'dma-audit:';
/** Comments, and the literals in which something that looks like one is none. */
const TOKENS = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
const ORDER = /^dma-audit:\s*(?<verb>[\w-]+)\s*(?:\[(?<rules>[^\]]*)\])?\s*(?:--\s*(?<reason>[\s\S]*))?$/;
const VERBS: Readonly<Record<string, SuppressionScope['kind']>> = {
  ignore: 'line',
  'ignore-function': 'function',
  'ignore-file': 'file',
};
const FORM = "'dma-audit: ignore[rule] -- reason', with ignore-function or ignore-file for more than one line";

/**
 * Reads the suppressions of a file. On a line with code a comment is for that line, on a line of its own for the next line
 * that has code. Null when the file has none, which costs one search.
 */
export function suppressionsIn(
  file: string,
  text: string,
  knownRules: ReadonlySet<string>,
  functions: () => readonly FunctionRange[],
): FileSuppressions | null {
  if (!text.includes(MARKER)) return null;
  const lines = new LineIndex(text);
  const suppressions: Suppression[] = [];
  const faults: Notice[] = [];
  for (const { 0: token, index } of text.matchAll(TOKENS)) {
    if (!token.startsWith('/') || !token.includes(MARKER)) continue;
    const body = token
      .replace(/^\/[/*]+|\*+\/$/g, '')
      .replace(/\s*\n\s*\**\s*/g, ' ')
      .trim();
    // A comment that only mentions the marker is prose.
    if (!body.startsWith(MARKER)) continue;
    const { line, column } = lines.position(index);
    const fault = (message: string): void => {
      faults.push({ file, line, column, message });
    };
    const { verb = '', rules: listed, reason = '' } = ORDER.exec(body)?.groups ?? {};
    const kind = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
    const rules = (listed ?? '').split(',').flatMap((rule) => rule.trim() || []);
    const unknown = rules.find((rule) => !knownRules.has(rule));
    const scope = kind && scopeOf(kind, text, index, index + token.length, functions, lines);
    if (kind === undefined) fault(`not understood; the form is ${FORM}`);
    else if (rules.length === 0) fault('this suppression names no rule and is not applied: ignore[rule]');
    else if (unknown !== undefined) fault(`there is no rule '${unknown}'; this suppression is not applied`);
    else if (reason.trim() === '') fault("this suppression gives no reason and is not applied: add '-- reason'");
    else if (!scope) fault('there is no function here; this suppression is not applied');
    else suppressions.push({ file, line, column, rules, scope, reason: reason.trim() });
  }
  return suppressions.length + faults.length === 0 ? null : { file, suppressions, faults };
}

function scopeOf(
  kind: SuppressionScope['kind'],
  text: string,
  start: number,
  end: number,
  functions: () => readonly FunctionRange[],
  lines: LineIndex,
): SuppressionScope | null {
  if (kind === 'file') return { kind };
  if (kind === 'function') {
    const all = functions();
    const around = all.find((f) => f.start <= start && start < f.end);
    const next = all.filter((f) => f.start >= end).sort((a, b) => a.start - b.start)[0];
    const name = (around ?? next)?.name;
    return name === undefined ? null : { kind, function: name };
  }
  const before = text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
  if (before.trim() !== '') return { kind, line: lines.position(start).line };
  return { kind, line: lines.position(nextCode(text, end)).line };
}

/** Offset of the first code behind `from`: white space and comments are none. */
function nextCode(text: string, from: number): number {
  const blank = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
  blank.lastIndex = from;
  return Math.min(from + (blank.exec(text)?.[0].length ?? 0), text.length);
}

/**
 * Takes suppressed findings out. A suppression that takes none out gets a notice, if it is for one of `rules`, which are those
 * that were applied: nobody can know of the others.
 */
export function applySuppressions(
  diagnostics: readonly Diagnostic[],
  files: readonly FileSuppressions[],
  isApplied: (rule: string, file: string) => boolean,
): {
  readonly kept: readonly Diagnostic[];
  readonly suppressed: readonly SuppressedDiagnostic[];
  readonly notices: readonly Notice[];
} {
  const byFile = new Map(files.map(({ file, suppressions }) => [file, suppressions]));
  const used = new Map<Suppression, Set<string>>();
  const kept: Diagnostic[] = [];
  const suppressed: SuppressedDiagnostic[] = [];
  for (const diagnostic of diagnostics) {
    const suppression = byFile.get(diagnostic.file)?.find((one) => covers(one, diagnostic));
    if (suppression) {
      suppressed.push({ diagnostic, suppression });
      used.set(suppression, (used.get(suppression) ?? new Set()).add(diagnostic.rule));
    } else kept.push(diagnostic);
  }
  const unused = files
    .flatMap(({ suppressions }) => suppressions)
    .flatMap((one) => {
      const rules = one.rules.filter((rule) => isApplied(rule, one.file) && !used.get(one)?.has(rule));
      const { file, line, column } = one;
      return rules.map((rule) => ({ file, line, column, message: `this suppression of ${rule} suppresses nothing` }));
    });
  return { kept, suppressed, notices: [...files.flatMap(({ faults }) => faults), ...unused] };
}

function covers({ rules, scope }: Suppression, { rule, line, endLine, function: name }: Diagnostic): boolean {
  if (!rules.includes(rule)) return false;
  switch (scope.kind) {
    case 'file':
      return true;
    case 'function':
      return scope.function === name;
    case 'line':
      return line <= scope.line && scope.line <= endLine;
    default:
      return scope satisfies never;
  }
}
