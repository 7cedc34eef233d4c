import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { builtinModels } from './builtin.ts';
import { missingFacts, unpairedEntries } from './requirements.ts';
import type { ModelFile } from './schema.ts';
import { validate } from './validate.ts';

/** A fault in a model file. Lines and columns count from 1; columns in UTF-16 units. */
export interface ModelFileError {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export type ModelFileResult =
  | { readonly ok: true; readonly models: ModelFile }
  | { readonly ok: false; readonly errors: readonly ModelFileError[] };

/** Reads a user's model file (JSON; comments are allowed). `path` is only for the errors. */
export function parseModelFile(text: string, path: string): ModelFileResult {
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const error = (offset: number, message: string): ModelFileError => {
    const line = lineStarts.findLastIndex((start) => start <= offset);
    return { path, line: line + 1, column: offset - (lineStarts[line] ?? 0) + 1, message };
  };

  const syntax: ParseError[] = [];
  const tree = parseTree(text, syntax, { allowTrailingComma: true });
  if (tree === undefined || syntax.length > 0) {
    const errors = syntax.map(({ offset, error: code }) => error(offset, inWords(printParseErrorCode(code))));
    return { ok: false, errors: errors.length > 0 ? errors : [error(0, 'the file is empty')] };
  }

  const value = plainValue(tree);
  const faults = [
    ...duplicateKeys(tree),
    ...validate(value).map((found) => ({ offset: offsetOf(tree, found.path, found.on), message: found.message })),
  ];
  if (faults.length === 0) {
    const models = value as ModelFile;
    faults.push(...meaningFaults(models, tree));
    if (faults.length === 0) return { ok: true, models };
  }
  const errors = faults.toSorted((a, b) => a.offset - b.offset).map(({ offset, message }) => error(offset, message));
  return { ok: false, errors };
}

interface Fault {
  readonly offset: number;
  readonly message: string;
}

/** Faults that only the meaning of an entry shows. `models` has passed the schema. */
function meaningFaults(models: ModelFile, tree: Node): readonly Fault[] {
  const functions = models.functions ?? [];
  const unpaired = new Set(unpairedEntries([...builtinModels, models]));
  return functions.flatMap((model, index) => {
    const at = (property: string, message: string): Fault => ({
      offset: offsetOf(tree, ['functions', index, property], 'value'),
      message: `${model.name}: ${message}`,
    });
    return [
      ...missingFacts(model).map((message) => at('action', message)),
      ...(unpaired.has(model) ? [at('family', `no entry is the other end of family "${model.family}"`)] : []),
    ];
  });
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
