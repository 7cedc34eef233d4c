export { applyEdits, areDisjoint, type Fault, type Fix, type TextEdit } from './fix.ts';
export { FunctionText } from './function-text.ts';
export { isFixable, proposedFixes } from './registry.ts';
