export type * from './ir.ts';
export { type LoweringOptions, lowerFunction } from './lower.ts';
export { shiftGraph } from './shift.ts';
