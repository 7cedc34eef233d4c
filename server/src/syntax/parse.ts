import { createNativeParse } from './native.ts';
import { brokenRoot, type SyntaxNode } from './tree.ts';
import { createWasmParse, type WasmFiles } from './wasm.ts';

export interface Parser {
  readonly backend: 'native' | 'wasm';
  /**
   * Parses one slice of masked C (a function) and gives positions shifted by `offset`. Never throws: what C does not know
   * becomes `ERROR` nodes, a text longer than `MAX_LENGTH` a root without children that says `hasError`.
   *
   * The native binding frees its trees from the event loop only: a caller that parses many megabytes must await now and then
   * (measured: 0.5 GB held after 18 MB of functions without, 0.1 GB with).
   */
  parse(text: string, offset: number): SyntaxNode;
}

export interface ParserOptions {
  /** `auto` takes the native binding and falls back to WebAssembly where it does not load. Both give the same trees. */
  readonly backend?: 'auto' | 'native' | 'wasm';
  /** Where the two `.wasm` files lie when they do not lie in their packages, as in a bundle. */
  readonly wasm?: WasmFiles;
}

/** In UTF-16 units. The longest function of Linux 6.12 has 0.1 MiB; recovery on text that is not C is slower than linear. */
export const MAX_LENGTH = 1 << 20;

/** Rejects when the wanted backend, or with `auto` both, cannot be loaded. */
export async function createParser(options: ParserOptions = {}): Promise<Parser> {
  const { backend = 'auto', wasm = null } = options;
  if (backend === 'native') return limited('native', createNativeParse());
  if (backend === 'auto') {
    try {
      return limited('native', createNativeParse());
    } catch {
      // No prebuilt binary for this machine: WebAssembly runs everywhere.
    }
  }
  return limited('wasm', await createWasmParse(wasm));
}

function limited(backend: Parser['backend'], parse: Parser['parse']): Parser {
  return {
    backend,
    parse: (text, offset) =>
      text.length > MAX_LENGTH ? brokenRoot(offset, offset + text.length) : parse(text, offset),
  };
}
