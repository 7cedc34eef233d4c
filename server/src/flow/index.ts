export type * from './ir.ts';
export { type LoweringOptions, lowerFunction } from './lower.ts';
export { successors } from './order.ts';
export { shiftGraph } from './shift.ts';
