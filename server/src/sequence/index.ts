export { type Budget, type Code, DEFAULT_BUDGET, type EntryConditions, type FunctionSource } from './code.ts';
export type { DirectionSource } from './context.ts';
export { type DmaPath, type Exploration, type PathStep, sequences } from './programs.ts';
export type { SourcePlace } from './tables.ts';
