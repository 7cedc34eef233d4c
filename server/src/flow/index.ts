export type * from './ir.ts';
export { lowerFunction, type LoweringOptions } from './lower.ts';
