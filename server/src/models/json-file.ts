import {
  createScanner,
  findNodeAtLocation,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import { type Schema, type Violation, validate } from './validate.ts';

/** A fault in a JSON file. Lines and columns count from 1; columns in UTF-16 units. */
export interface JsonFileError {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export type JsonFileResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly errors: readonly JsonFileError[] };

/**
 * Reads JSON (comments and a byte order mark are allowed) that a schema describes, and tells each fault with its place. `path`
 * is only for the errors; `meaning` finds what the schema cannot say, and sees only what has passed it. `T` must be what `schema`
 * describes.
 */
export function parseJsonFile<T>(
  source: string,
  path: string,
  schema: Schema,
  meaning: (value: T) => readonly Violation[] = () => [],
): JsonFileResult<T> {
  const text = source.replace(/^\uFEFF/, '');
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const error = (offset: number, message: string): JsonFileError => {
    const line = lineStarts.findLastIndex((start) => start <= offset);
    return { path, line: line + 1, column: offset - (lineStarts[line] ?? 0) + 1, message };
  };

  const tooDeep = tooDeepIn(text);
  if (tooDeep !== null) return { ok: false, errors: [error(tooDeep, `nested deeper than ${MAX_DEPTH} levels`)] };
  const syntax: ParseError[] = [];
  const tree = parseTree(text, syntax, { allowTrailingComma: true });
  if (tree === undefined || syntax.length > 0) {
    const errors = syntax.map(({ offset, error: code }) => error(offset, inWords(printParseErrorCode(code))));
    return { ok: false, errors: errors.length > 0 ? errors : [error(0, 'the file is empty')] };
  }

  const value = plainValue(tree);
  const placed = ({ path: at, on, message }: Violation): Fault => ({ offset: offsetOf(tree, at, on), message });
  const faults = [...duplicateKeys(tree), ...validate(value, schema).map(placed)];
  if (faults.length === 0) {
    faults.push(...meaning(value as T).map(placed));
    if (faults.length === 0) return { ok: true, value: value as T };
  }
  const errors = faults.toSorted((a, b) => a.offset - b.offset).map(({ offset, message }) => error(offset, message));
  return { ok: false, errors };
}

/** More than any of the formats needs, and far from what ends the stack of whoever walks the tree. */
const MAX_DEPTH = 100;

/** Where the first bracket is that is nested too deeply; null = nowhere. */
function tooDeepIn(text: string): number | null {
  const scanner = createScanner(text, true);
  let depth = 0;
  for (scanner.scan(); scanner.getTokenOffset() < text.length; scanner.scan()) {
    const first = text[scanner.getTokenOffset()];
    if (first === '[' || first === '{') depth++;
    else if (first === ']' || first === '}') depth--;
    if (depth > MAX_DEPTH) return scanner.getTokenOffset();
  }
  return null;
}

interface Fault {
  readonly offset: number;
  readonly message: string;
}

/** The plain value of a tree: `getNodeValue` would let a later duplicate win in silence and set `__proto__`. */
function plainValue(node: Node): unknown {
  const children = node.children ?? [];
  if (node.type === 'array') return children.map(plainValue);
  if (node.type !== 'object') return node.value;
  return Object.fromEntries(
    children.flatMap(({ children: pair }) => (pair?.[1] ? [[pair[0]?.value, plainValue(pair[1])]] : [])),
  );
}

function duplicateKeys(node: Node): readonly Fault[] {
  const children = node.children ?? [];
  const own: Fault[] = [];
  if (node.type === 'object') {
    const seen = new Set<unknown>();
    for (const { children: pair } of children) {
      const key = pair?.[0];
      if (key !== undefined && seen.has(key.value))
        own.push({ offset: key.offset, message: 'this property is there twice' });
      seen.add(key?.value);
    }
  }
  return [...own, ...children.flatMap(duplicateKeys)];
}

function offsetOf(tree: Node, path: readonly (string | number)[], on: 'key' | 'value'): number {
  const node = findNodeAtLocation(tree, [...path]);
  if (node === undefined) return path.length === 0 ? tree.offset : offsetOf(tree, path.slice(0, -1), 'value');
  return on === 'key' && node.parent !== undefined ? node.parent.offset : node.offset;
}

/** "PropertyNameExpected" → "property name expected". */
function inWords(code: string): string {
  return code.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();
}
