import type { SyntaxNode } from '../../server/src/syntax/index.ts';
import type { ApiCall, FunctionText } from './function-text.ts';
import { type Change, replace } from './mutant.ts';
import type { Pair } from './pairs.ts';

/** Loops that release, one turn short. */
export function* shortLoops(code: FunctionText, { ends }: Pair): Iterable<Change> {
  for (const end of ends) {
    const loop = [...code.around(end.node)].find(({ kind }) => /^(?:for|while|do)_statement$/.test(kind));
    const condition = loop?.children.find((c) => c.field === 'condition');
    if (!condition || !dependsOn(code, end, condition)) continue;
    const test = condition.kind === 'parenthesized_expression' ? condition.children[1] : condition;
    const shorter = test && oneShort(code, test);
    if (test && shorter) yield replace(code, test, shorter);
  }
}

/** The release is of another element in each turn: the loop's variable is in its arguments. */
function dependsOn(code: FunctionText, end: ApiCall, condition: SyntaxNode): boolean {
  const names = (node: SyntaxNode): string[] =>
    [...code.nodes(node)].filter(({ kind }) => kind === 'identifier').map((n) => code.text(n));
  const counted = new Set(names(condition));
  return end.args.some((argument) => names(argument).some((name) => counted.has(name)));
}

function oneShort(code: FunctionText, test: SyntaxNode): string | null {
  if (test.kind === 'update_expression') {
    const counted = test.children.find((c) => c.field === 'argument');
    return counted && /--/.test(code.text(test)) ? `--${code.text(counted)} > 0` : null;
  }
  if (test.kind !== 'binary_expression') return null;
  const left = test.children.find((c) => c.field === 'left');
  const right = test.children.find((c) => c.field === 'right');
  const operator = test.children.find((c) => c.field === 'operator')?.kind;
  if (!left || !right) return null;
  const [a, b] = [code.text(left), code.text(right)];
  switch (operator) {
    case '<':
      return `${a} < (${b}) - 1`;
    case '<=':
      return `${a} < (${b})`;
    case '>':
      return `${a} > (${b}) + 1`;
    case '>=':
      return `${a} > (${b})`;
    default:
      return null;
  }
}

/** Jumps to a label below which the release stands, taken as returns. */
export function* earlyReturns(code: FunctionText, { begin, ends, handle, deviceAddress }: Pair): Iterable<Change> {
  const returned = returnFor(code);
  if (returned === null) return;
  for (const jump of code.nodes()) {
    if (jump.kind !== 'goto_statement' || jump.start < begin.node.end) continue;
    const label = jump.children.find((c) => c.field === 'label');
    const target = label && labelled(code, code.text(label));
    if (!target || target.start < jump.start || !ends.some((end) => isBelow(code, target, end))) continue;
    if (isOnFailure(code, jump, begin, [handle, deviceAddress]))
      yield { reason: 'nothing is mapped where the jump is taken' };
    else yield replace(code, jump, `${returned};`);
  }
}

function labelled(code: FunctionText, name: string): SyntaxNode | undefined {
  return [...code.nodes()].find(
    (n) => n.kind === 'labeled_statement' && n.children.some((c) => c.field === 'label' && code.text(c) === name),
  );
}

/** Between the label and the release nothing leaves the function, and the release is in no branch of its own. */
function isBelow(code: FunctionText, label: SyntaxNode, end: ApiCall): boolean {
  if (end.node.start < label.start) return false;
  const between = [...code.nodes()].filter((n) => n.start >= label.start && n.end <= end.node.start);
  if (between.some(({ kind }) => kind === 'return_statement' || kind === 'goto_statement')) return false;
  const block = code.parent(label);
  for (const outer of code.around(end.node)) {
    if (outer === block) return true;
    if (outer.kind === 'if_statement' || outer.kind === 'switch_statement') return false;
  }
  return false;
}

/** The jump stands in the arm of an `if` that tests the beginning itself. */
function isOnFailure(code: FunctionText, jump: SyntaxNode, begin: ApiCall, names: readonly (string | null)[]): boolean {
  const target = code.target(begin.node);
  const outer = [...code.around(jump)].find(({ kind }) => kind === 'if_statement');
  const condition = outer?.children.find((c) => c.field === 'condition');
  if (!outer || !condition) return false;
  if (condition.start <= begin.node.start && begin.node.end <= condition.end) return true;
  // The first test of the result behind the map; a later one of a variable that is used again is another.
  const isFirst = ![...code.nodes()].some(
    (n) =>
      n.kind === 'call_expression' && n.start > begin.node.end && n.end < condition.start && code.target(n) === target,
  );
  return [...code.nodes(condition)].some((n) => {
    const text = code.plain(n);
    return names.includes(text) || (text === target && isFirst);
  });
}

/** A return statement that tells failure, by the function's own type; null where that cannot be told. */
function returnFor(code: FunctionText): string | null {
  const definition =
    code.root.kind === 'function_definition'
      ? code.root
      : code.root.children.find((c) => c.kind === 'function_definition');
  const body = definition?.children.find((c) => c.field === 'body');
  if (!definition || !body) return null;
  const head = code.text({ start: definition.start, end: body.start });
  if (code.unit.dialect === 'edk2')
    return /EFI_STATUS|RETURN_STATUS/.test(head)
      ? 'return EFI_DEVICE_ERROR'
      : /\bVOID\b\s+(?:EFIAPI\s+)?\w+\s*\(/.test(head)
        ? 'return'
        : null;
  const type = head.slice(0, head.indexOf('('));
  if (/\*/.test(type)) return 'return NULL';
  if (/\bvoid\b/.test(type)) return 'return';
  if (/\b(?:int|long|ssize_t)\b/.test(type)) return 'return -EIO';
  if (/\bbool\b/.test(type)) return 'return false';
  return null;
}
