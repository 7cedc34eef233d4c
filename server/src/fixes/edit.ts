import type { SyntaxNode } from '../syntax/index.ts';
import type { TextEdit } from './fix.ts';
import { childAt, type FunctionText, type Statement } from './function-text.ts';

/** New code: a statement, or a test with what is done when it holds. */
export type NewCode = string | { readonly condition: string; readonly body: readonly string[] };

const LISTS = new Set(['compound_statement', 'case_statement', 'labeled_statement']);

export function lineBreak({ text }: FunctionText): string {
  return /\r\n/.test(text.slice(0, 10_000)) ? '\r\n' : '\n';
}

/** Blanks at the beginning of the line. */
export function indentAt({ text }: FunctionText, offset: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, offset)))?.[0] ?? '';
}

/** One step of indentation, as the function has it. */
export function indentStep(code: FunctionText): string {
  if (/^\t/m.test(code.slice(code.body))) return '\t';
  const widths = [...code.slice(code.body).matchAll(/^( +)\S/gm)].map(([, blanks]) => blanks?.length ?? 0);
  if (widths.length === 0) return code.dialect === 'edk2' ? '  ' : '\t';
  return ' '.repeat(Math.min(...widths, 8) || 2);
}

/** `name(a, b)`, or `name (a, b)` as EDK2 has it. */
export function callText({ dialect }: FunctionText, callee: string, args: readonly string[]): string {
  return `${callee}${dialect === 'edk2' ? ' ' : ''}(${args.join(', ')})`;
}

/** Lines with their indentation, without the last line break. */
export function render(code: FunctionText, indent: string, parts: readonly NewCode[]): string {
  const step = indentStep(code);
  const lines = parts.flatMap((part) => {
    if (typeof part === 'string') return wrapped(code, indent, part);
    const isBraced = code.dialect === 'edk2' || part.body.length > 1;
    return [
      ...wrapped(code, indent, `if (${part.condition})${isBraced ? ' {' : ''}`),
      ...part.body.flatMap((line) => wrapped(code, indent + step, line)),
      ...(isBraced ? [`${indent}}`] : []),
    ];
  });
  return lines.join(lineBreak(code));
}

const TAB = 8;
/** Columns. */
const MAX_WIDTH = { linux: 100, edk2: 120 } as const;

/** A call that is too long for a line, its arguments below each other as far as they must. */
function wrapped(code: FunctionText, indent: string, line: string): readonly string[] {
  const width = (text: string): number => text.replaceAll('\t', ' '.repeat(TAB)).length;
  // Of a test it is the call in it that is broken.
  const open = line.indexOf('(', line.startsWith('if (') ? 4 : 0);
  if (width(indent + line) <= MAX_WIDTH[code.dialect] || open < 0) return [indent + line];
  const column = width(indent) + open + 1;
  const below = indent.includes('\t') ? '\t'.repeat(column / TAB) + ' '.repeat(column % TAB) : ' '.repeat(column);
  const lines: string[] = [];
  let now = indent + line.slice(0, open + 1);
  for (const [i, piece] of pieces(line.slice(open + 1)).entries()) {
    if (i > 0 && width(`${now} ${piece}`) > MAX_WIDTH[code.dialect]) {
      lines.push(now);
      now = below + piece;
    } else now += i > 0 ? ` ${piece}` : piece;
  }
  return [...lines, now];
}

/** `a, f(b, c), d);` → `a,`, `f(b, c),`, `d);`. */
function pieces(text: string): readonly string[] {
  const found: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '(') depth++;
    else if (char === ')') depth--;
    else if (char === ',' && depth === 0) {
      found.push(text.slice(from, at + 1).trim());
      from = at + 1;
    }
  }
  return [...found, text.slice(from).trim()];
}

/** Whether EDK2's style wants an empty line after this. */
const endsBlock = (code: FunctionText, parts: readonly NewCode[]): boolean =>
  code.dialect === 'edk2' && typeof parts.at(-1) === 'object';

/** Puts code in front of a statement, with braces where it stood alone. */
export function insertBefore(code: FunctionText, statement: Statement, parts: readonly NewCode[]): TextEdit[] {
  const { node } = statement;
  const eol = lineBreak(code);
  const indent = indentAt(code, node.start);
  const gap = endsBlock(code, parts) ? eol : '';
  const added = render(code, indent, parts) + eol + gap;
  const start = lineStart(code.text, node.start);
  const isFirst = code.text.slice(start, node.start).trim() === '';
  if (!isFirst) {
    if (!isListed(statement)) return [];
    const inline = render(code, indent, parts).trimStart();
    return [{ start: node.start, end: node.start, text: `${inline}${eol}${indent}` }];
  }
  return [...braces(code, statement), { start, end: start, text: added }];
}

/** Puts code behind a statement, with braces where it stood alone. */
export function insertAfter(code: FunctionText, statement: Statement, parts: readonly NewCode[]): TextEdit[] {
  const { node } = statement;
  const eol = lineBreak(code);
  const indent = indentAt(code, node.start);
  const end = lineEnd(code.text, node.end);
  // A comment may follow on the line; code may not.
  const rest = code.text.slice(node.end, end).trim();
  if (rest !== '' && !/^(\/\/|\/\*)/.test(rest)) return [];
  const isBlankNext = /^\s*$/.test(code.text.slice(end, lineEnd(code.text, end + eol.length)).trim());
  const gap = endsBlock(code, parts) && !isBlankNext && !closesNext(code, end) ? eol : '';
  const text = eol + render(code, indent, parts) + gap;
  const closing = braces(code, statement);
  if (closing.length === 0) return [{ start: end, end, text }];
  const [open, close] = closing;
  if (!open || !close) return [];
  return [open, { ...close, text: text + close.text }];
}

/** Puts code in the place of a statement. */
export function replaceStatement(code: FunctionText, statement: Statement, parts: readonly NewCode[]): TextEdit[] {
  const { node } = statement;
  const indent = indentAt(code, node.start);
  const text = render(code, indent, parts).slice(indent.length);
  const needsBraces = parts.length > 1 || typeof parts[0] === 'object';
  const around = needsBraces ? braces(code, statement) : [];
  const [open, close] = around;
  if (!open || !close) return [{ start: node.start, end: node.end, text }];
  return [open, { start: node.start, end: node.end, text: text + close.text }];
}

/** Takes a statement out, with its line; an `if` that holds nothing else goes as well. Empty when that cannot be done. */
export function removeStatement(code: FunctionText, statement: Statement): TextEdit[] {
  const whole = removable(statement);
  if (!whole) return withoutConsequence(code, statement);
  const isLabelled = whole.ancestors.at(-1)?.kind === 'labeled_statement';
  if (isLabelled && !hasNext(whole)) return [];
  return [...removeLines(code, whole.node), ...needlessBraces(code, whole)];
}

/** `if (a) b; else c;` without `b`: `if (!a) c;`. */
function withoutConsequence(code: FunctionText, { node, ancestors }: Statement): TextEdit[] {
  const block = ancestors.at(-1);
  const isBlock = block?.kind === 'compound_statement';
  const side = isBlock ? block : node;
  const owner = isBlock ? ancestors.at(-2) : block;
  const others = isBlock ? block.children.filter((one) => one !== node && one.kind !== '{' && one.kind !== '}') : [];
  const condition = owner && childAt(owner, 'condition');
  const alternative = owner && childAt(owner, 'alternative');
  const keyword = alternative?.children.find(({ kind }) => kind === 'else');
  if (side.field !== 'consequence' || others.length > 0 || !condition || !keyword) return [];
  const opposite = negated(code.slice(condition).slice(1, -1).trim());
  return [
    { start: condition.start + 1, end: condition.end - 1, text: opposite },
    { start: condition.end, end: keyword.end, text: '' },
  ];
}

/** Linux has no braces around the one statement that is left below an `if`. */
function needlessBraces(code: FunctionText, { node, ancestors }: Statement): TextEdit[] {
  const block = ancestors.at(-1);
  const owner = ancestors.at(-2);
  if (code.dialect !== 'linux' || block?.kind !== 'compound_statement' || owner?.kind !== 'if_statement') return [];
  const rest = block.children.filter((one) => one !== node && one.kind !== '{' && one.kind !== '}');
  const [left] = rest;
  if (!left || rest.length > 1 || childAt(owner, 'alternative') || code.slice(left).includes('\n')) return [];
  const open = lineEnd(code.text, block.start);
  const close = lineStart(code.text, block.end);
  if (code.text.slice(block.start, open) !== '{' || code.text.slice(close, block.end).trim() !== '}') return [];
  const from = code.text[block.start - 1] === ' ' ? block.start - 1 : block.start;
  return [
    { start: from, end: open, text: '' },
    { start: close, end: lineEnd(code.text, block.end) + lineBreak(code).length, text: '' },
  ];
}

function removeLines({ text }: FunctionText, { start, end }: SyntaxNode): TextEdit[] {
  const first = lineStart(text, start);
  const last = lineEnd(text, end);
  if (text.slice(first, start).trim() !== '' || text.slice(end, last).trim() !== '') return [{ start, end, text: '' }];
  const next = text.startsWith('\r\n', last) ? last + 2 : Math.min(last + 1, text.length);
  // Of two empty lines around it one is enough.
  const isBetween = /\n\r?\n$/.test(text.slice(0, first)) && /^\r?\n/.test(text.slice(next));
  return [{ start: first, end: isBetween ? next + (text.startsWith('\r\n', next) ? 2 : 1) : next, text: '' }];
}

function removable(statement: Statement): Statement | null {
  const parent = statement.ancestors.at(-1);
  if (!parent) return null;
  const others = parent.children.filter(({ kind }) => !['{', '}', 'comment'].includes(kind));
  const up = (): Statement => ({ node: parent, ancestors: statement.ancestors.slice(0, -1) });
  if (parent.kind === 'compound_statement' && others.length === 1 && isBodyOfIf(up())) return removable(up());
  if (LISTS.has(parent.kind)) return statement;
  // Only an `if` whose condition has no effect may go.
  if (parent.kind !== 'if_statement' || childAt(parent, 'alternative')) return null;
  return LISTS.has(statement.ancestors.at(-2)?.kind ?? '') ? up() : null;
}

const isBodyOfIf = ({ node, ancestors }: Statement): boolean =>
  node.field === 'consequence' && ancestors.at(-1)?.kind === 'if_statement';

function hasNext({ ancestors }: Statement): boolean {
  const label = ancestors.at(-1);
  const list = ancestors.at(-2)?.children ?? [];
  const next = list[list.findIndex(({ start }) => start === label?.start) + 1];
  return next !== undefined && next.kind !== '}' && next.kind !== 'declaration';
}

export const isListed = ({ ancestors }: Statement): boolean => LISTS.has(ancestors.at(-1)?.kind ?? '');

/** Braces around a statement that stands alone below an `if`, `else` or loop; none where it stands in a list. */
function braces(code: FunctionText, statement: Statement): TextEdit[] {
  if (isListed(statement)) return [];
  const { node, ancestors } = statement;
  const parent = ancestors.at(-1);
  if (!parent) return [];
  const index = parent.children.indexOf(node);
  const before = parent.children.slice(0, index).findLast(({ kind }) => kind !== 'comment');
  if (!before) return [];
  const owner = parent.kind === 'else_clause' ? (ancestors.at(-2) ?? parent) : parent;
  const next = parent.children.slice(index + 1).find(({ kind }) => kind === 'else_clause');
  const outer = indentAt(code, owner.start);
  const close: TextEdit = {
    start: node.end,
    end: next ? next.start : node.end,
    text: `${lineBreak(code)}${outer}}${next ? ' ' : ''}`,
  };
  return [{ start: before.end, end: before.end, text: ' {' }, close];
}

/** The next line closes a block. */
function closesNext(code: FunctionText, end: number): boolean {
  return /^\r?\n\s*\}/.test(code.text.slice(end));
}

export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

export function lineEnd(text: string, offset: number): number {
  const at = text.indexOf('\n', offset);
  if (at < 0) return text.length;
  return text[at - 1] === '\r' && at > offset ? at - 1 : at;
}

const OPPOSITE: Readonly<Record<string, string>> = {
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
  '==': '!=',
  '!=': '==',
};

/** The opposite of a condition. */
export function negated(condition: string): string {
  if (/^!\s*[\w>.*[\]-]+( ?\(.*\))?$/.test(condition)) return condition.slice(1).trim();
  const [, left, operator = '', right] = /^([\w>.*[\]-]+) (<=?|>=?|[!=]=) ([\w>.-]+)$/.exec(condition) ?? [];
  if (left !== undefined && right !== undefined) return `${left} ${OPPOSITE[operator]} ${right}`;
  const isUnary = /^[\w.>*[\]-]+( ?\(.*\))?$/.test(condition);
  return isUnary ? `!${condition}` : `!(${condition})`;
}
