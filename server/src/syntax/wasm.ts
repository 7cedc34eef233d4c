import { createRequire } from 'node:module';
import { brokenRoot, copyTree, type NameTables, type SyntaxNode } from './tree.ts';

/** Where the two `.wasm` files lie. */
export interface WasmFiles {
  readonly runtime: string;
  readonly grammar: string;
}

/** Loads the WebAssembly runtime and the C grammar; rejects when a file is missing. */
export async function createWasmParse(files: WasmFiles | null): Promise<(text: string, offset: number) => SyntaxNode> {
  const { Language, Parser } = await import('web-tree-sitter');
  const { runtime, grammar } = files ?? packagedFiles();
  await Parser.init({ locateFile: () => runtime });
  const parser = new Parser();
  parser.setLanguage(await Language.load(grammar));
  const names: NameTables = { kinds: [], fields: [] };
  return (text, offset) => {
    const tree = parser.parse(text);
    if (tree === null) return brokenRoot(offset, offset + text.length);
    const cursor = tree.walk();
    const copy = copyTree(cursor, offset, names);
    cursor.delete();
    tree.delete();
    return copy;
  };
}

function packagedFiles(): WasmFiles {
  const { resolve } = createRequire(import.meta.url);
  return {
    runtime: resolve('web-tree-sitter/web-tree-sitter.wasm'),
    grammar: resolve('tree-sitter-c/tree-sitter-c.wasm'),
  };
}
