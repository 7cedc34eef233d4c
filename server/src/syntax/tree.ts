/** The syntax tree as plain data: no binding object outlives a parse, so a tree can be kept, cached or sent to a worker. */

export interface SyntaxNode {
  /** The grammar's name of the node: `call_expression`, `identifier`; for a token its text: `+=`, `;`. `ERROR` where C broke. */
  readonly kind: string;
  /** The role that the parent gives this node (`declarator`, `condition`, …), or null. */
  readonly field: string | null;
  /** Offset of the first character, in UTF-16 units of the document. */
  readonly start: number;
  /** Offset behind the last character, in UTF-16 units of the document. */
  readonly end: number;
  /** All children in order, operators and punctuation included. */
  readonly children: readonly SyntaxNode[];
  /** Whether this node or one below it is an error, was invented by the parser, or was cut off at `MAX_DEPTH`. */
  readonly hasError: boolean;
}

/**
 * Nodes deeper than this are cut off and their ancestors say `hasError`. It lets every reader of a tree recurse without
 * fear for the stack; functions of Linux 6.12 and EDK2 stay below 200.
 */
export const MAX_DEPTH = 1000;

/** What the native and the WebAssembly cursor have in common. */
export interface Cursor {
  readonly nodeTypeId: number;
  readonly nodeType: string;
  readonly nodeIsMissing: boolean;
  /** Undefined (native) or 0 (WebAssembly) where the node has no field. */
  readonly currentFieldId: number | undefined;
  readonly currentFieldName: string | null | undefined;
  readonly startIndex: number;
  readonly endIndex: number;
  gotoFirstChild(): boolean;
  gotoNextSibling(): boolean;
  gotoParent(): boolean;
}

/** Names by the numbers of one binding's grammar: a number crosses the binding's border far faster than a string. */
export interface NameTables {
  readonly kinds: string[];
  readonly fields: string[];
}

const ERROR_ID = 0xffff;
const NO_CHILDREN: readonly SyntaxNode[] = [];

/** Copies the tree under the cursor, adding `offset` to every position. Iterative: depth costs memory, never stack. */
export function copyTree(cursor: Cursor, offset: number, names: NameTables): SyntaxNode {
  const pendingKind: string[] = [];
  const pendingField: (string | null)[] = [];
  const pendingStart: number[] = [];
  const pendingEnd: number[] = [];
  const pendingError: boolean[] = [];
  const pendingChildren: SyntaxNode[][] = [];
  let depth = 0;
  let siblings: SyntaxNode[] = [];
  for (;;) {
    const id = cursor.nodeTypeId;
    const kind = id === ERROR_ID ? 'ERROR' : (names.kinds[id] ??= cursor.nodeType);
    const fieldId = cursor.currentFieldId;
    const field = fieldId ? (names.fields[fieldId] ??= cursor.currentFieldName ?? '') : null;
    const start = cursor.startIndex + offset;
    const end = cursor.endIndex + offset;
    const broken = id === ERROR_ID || (start === end && cursor.nodeIsMissing);
    if (depth < MAX_DEPTH && cursor.gotoFirstChild()) {
      pendingKind[depth] = kind;
      pendingField[depth] = field;
      pendingStart[depth] = start;
      pendingEnd[depth] = end;
      pendingError[depth] = broken;
      pendingChildren[depth] = siblings;
      siblings = [];
      depth++;
      continue;
    }
    // At the cap the node may have had children: nobody can tell without moving the cursor, and an error is the safe answer.
    const hasError = broken || depth >= MAX_DEPTH;
    siblings.push({ kind, field, start, end, children: NO_CHILDREN, hasError });
    while (depth > 0 && !cursor.gotoNextSibling()) {
      cursor.gotoParent();
      depth--;
      const children = siblings;
      siblings = pendingChildren[depth] ?? [];
      siblings.push({
        kind: pendingKind[depth] ?? '',
        field: pendingField[depth] ?? null,
        start: pendingStart[depth] ?? offset,
        end: pendingEnd[depth] ?? offset,
        children,
        hasError: pendingError[depth] === true || children.some(isBroken),
      });
    }
    const [root] = siblings;
    if (depth === 0 && root !== undefined) return root;
  }
}

/** The tree of a text that was not parsed. */
export function brokenRoot(start: number, end: number): SyntaxNode {
  return { kind: 'translation_unit', field: null, start, end, children: NO_CHILDREN, hasError: true };
}

function isBroken(node: SyntaxNode): boolean {
  return node.hasError;
}
