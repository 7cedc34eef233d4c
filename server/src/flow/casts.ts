import type { SyntaxNode } from '../syntax/index.ts';

/** `(A)(B)*p` → types A, B; operator `*`; operand `p`. Without an operator `(A)(p)`. */
export interface HiddenCast {
  readonly types: readonly string[];
  readonly operator: string | null;
  readonly operand: SyntaxNode;
}

/** Names that are types by the conventions of EDK2 and Linux; the grammar knows C's own only. */
const TYPE =
  /^(?:VOID|BOOLEAN|U?INTN|U?INT(?:8|16|32|64)|CHAR(?:8|16)|EFI_\w+|[us](?:8|16|32|64)|__(?:le|be|u|s)\d+|\w+_t|u(?:int|long|short))$/;

const child = (node: SyntaxNode, field: string): SyntaxNode | undefined => node.children.find((c) => c.field === field);

/**
 * A cast that the grammar takes for something else, because it does not know that the name in parentheses is a type: a
 * product for `(UINTN)*p`, a call for `(UINTN)(p)`.
 */
export function hiddenCast(node: SyntaxNode, textOf: (node: SyntaxNode) => string): HiddenCast | null {
  const typeName = (name: SyntaxNode | undefined): string | null => {
    const text = name?.kind === 'identifier' ? textOf(name) : '';
    return TYPE.test(text) ? text : null;
  };
  const only = (list: SyntaxNode | undefined): SyntaxNode | undefined => {
    const inner = list?.children.filter((c) => /^[A-Za-z_]/.test(c.kind) && c.kind !== 'comment') ?? [];
    return inner.length === 1 ? inner[0] : undefined;
  };
  const types = (n: SyntaxNode | undefined): string[] | null => {
    if (n?.kind === 'parenthesized_expression') {
      const name = typeName(only(n));
      return name === null ? null : [name];
    }
    if (n?.kind !== 'call_expression') return null;
    const outer = types(child(n, 'function'));
    const name = typeName(only(child(n, 'arguments')));
    return outer && name !== null ? [...outer, name] : null;
  };
  const isBinary = node.kind === 'binary_expression';
  const found = types(child(node, isBinary ? 'left' : 'function'));
  const operand = isBinary ? child(node, 'right') : only(child(node, 'arguments'));
  if (!found || !operand) return null;
  const operator = isBinary ? (child(node, 'operator')?.kind ?? '') : null;
  return operator === null || /^[*&+-]$/.test(operator) ? { types: found, operator, operand } : null;
}
