export { type CheckOptions, checkUnit, DEFAULT_CHECK, type UnitResult } from './check.ts';
export type { Diagnostic, FunctionReport, PathPlace, Position, RelatedPlace } from './diagnostic.ts';
export { nameIn } from './directory.ts';
export { isSourceName } from './files.ts';
export { Project } from './project.ts';
export { type AuditEvents, type AuditRequest, type AuditResult, audit } from './run.ts';
export {
  type PathOverview,
  type SimulatedEntry,
  type SimulatedPath,
  type SimulatedRun,
  type SimulatedStep,
  type SimulateOptions,
  type Simulation,
  simulate,
} from './simulate.ts';
export type { Lane, LaneState } from './simulate-lanes.ts';
export { type Assumption, parseSize, type Sizes } from './simulate-sizes.ts';
export type { SkippedFile } from './task.ts';
export { Unit } from './unit.ts';
