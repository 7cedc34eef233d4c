export { createParser, type Parser, type ParserOptions } from './parse.ts';
export type { SyntaxNode } from './tree.ts';
export type { WasmFiles } from './wasm.ts';
