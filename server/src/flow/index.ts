export type * from './ir.ts';
export { type LoweringOptions, lowerFunction } from './lower.ts';
