export { createParser, MAX_LENGTH, type Parser, type ParserOptions } from './parse.ts';
export { MAX_DEPTH, type SyntaxNode } from './tree.ts';
export type { WasmFiles } from './wasm.ts';
