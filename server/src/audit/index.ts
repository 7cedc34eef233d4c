export { type Baseline, parseBaseline, renderBaseline, updatedBaseline } from './baseline.ts';
export { Cache } from './cache.ts';
export { calleeAt } from './call-at.ts';
export { type CheckOptions, checkUnit, DEFAULT_CHECK, type UnitResult } from './check.ts';
export {
  type Config,
  extendConfig,
  parseConfig,
  type RuleChoice,
  rulesToRun,
  severities,
} from './config.ts';
export { CONFIG_NAME, type ConfigResult, type LoadedConfig, loadConfig } from './config-files.ts';
export type { Diagnostic, FunctionReport, PathPlace, Position, RelatedPlace } from './diagnostic.ts';
export { nameIn } from './directory.ts';
export { type FunctionFacts, functionFacts, type PlaceFacts } from './facts.ts';
export { isSourceName, readSource } from './files.ts';
export type { OperationPlace } from './function-check.ts';
export { IgnoreFileError, IgnoreFiles } from './ignore-files.ts';
export { GivenUp, interruptible } from './interruptible.ts';
export { LiveAudit, type LiveDiagnostic, type LiveFunction, type LiveOptions, type LiveResult } from './live.ts';
export type { LiveUnit } from './live-directory.ts';
export { isMendable, type MendableDiagnostic, mend } from './mend.ts';
export { Project } from './project.ts';
export { replaceFile } from './replace-file.ts';
export { type AuditResult, mergeResults, resultOf } from './result.ts';
export { type AuditEvents, type AuditRequest, audit, type Shard } from './run.ts';
export { type Policy, type Scope, type Settled, settle } from './settle.ts';
export { simulate } from './simulate.ts';
export { COST_BUDGET, simulationBudget, USUAL_COUNT } from './simulate-budget.ts';
export { argumentOf, bare, type CallText, readCall } from './simulate-call.ts';
export { type FunctionCost, type PathCost, unitCosts } from './simulate-cost.ts';
export type { Lane, LaneState } from './simulate-lanes.ts';
export type {
  PathOverview,
  SimulatedEntry,
  SimulatedPath,
  SimulatedRun,
  SimulatedStep,
  SimulateOptions,
  Simulation,
} from './simulate-result.ts';
export { type Assumption, parseNamedSize, type Sizes } from './simulate-sizes.ts';
export type { FileSuppressions, Notice, SuppressedDiagnostic } from './suppress.ts';
export { type FilesResult, NO_PLATFORM, type SkippedFile } from './task.ts';
export { Unit } from './unit.ts';
export { walk } from './walk.ts';
