export {
  COUNTER_NAMES,
  COUNTERS,
  type CounterName,
  type Counters,
  isCounterName,
  noCounters,
  subtract,
} from './counters.ts';
export { type Observer, type Refusal, type Run, run } from './machine.ts';
export type {
  AllocateGrant,
  AllocateRequest,
  ConvertRequest,
  Dialect,
  MapGrant,
  MappingAddress,
  MapRequest,
  MemorySystem,
  Traits,
} from './memory-system.ts';
export { type TimelineEntry, type Trace, type TraceOptions, trace } from './timeline.ts';
export type { FaultKind, HintKind, RelatedOperation, Violation, ViolationKind } from './violation.ts';
