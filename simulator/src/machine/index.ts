export { type Run, run } from './machine.ts';
export type { Counters, MapGrant, MapRequest, MemorySystem, Traits } from './memory-system.ts';
export type { RelatedOperation, Violation, ViolationKind } from './violation.ts';
