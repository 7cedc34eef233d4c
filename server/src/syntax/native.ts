import { createRequire } from 'node:module';
import { type Cursor, copyTree, type NameTables, type SyntaxNode } from './tree.ts';

/** The part of the `tree-sitter` package that is used here. */
interface NativeBinding {
  new (): {
    setLanguage(language: unknown): void;
    parse(text: string, oldTree: null, options: { readonly bufferSize: number }): { walk(): Cursor };
  };
}

/** Throws where no prebuilt binary fits the machine or the runtime. */
export function createNativeParse(): (text: string, offset: number) => SyntaxNode {
  const load = createRequire(import.meta.url);
  const Binding: NativeBinding = load('tree-sitter');
  const binding = new Binding();
  binding.setLanguage(load('tree-sitter-c'));
  const names: NameTables = { kinds: [], fields: [] };
  return (text, offset) => {
    // The buffer holds UTF-16 units and a terminating zero; with the default one, text is read in slices of 32 Ki units.
    const tree = binding.parse(text, null, { bufferSize: text.length + 1 });
    return copyTree(tree.walk(), offset, names);
  };
}
