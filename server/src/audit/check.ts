import { hintPlatforms, isHintKind, type Platform, platformsFor } from '@dma-audit/simulator';
import { RULES, ruleById } from '../rules/index.ts';
import { type Budget, DEFAULT_BUDGET } from '../sequence/index.ts';
import type { Diagnostic, FunctionReport } from './diagnostic.ts';
import { faultKey, type RawFinding } from './findings.ts';
import { checkFunction, type FunctionResult } from './function-check.ts';
import type { Project } from './project.ts';
import { report } from './report.ts';
import { isOnce } from './simulate-once.ts';
import { toldOnce } from './told-once.ts';
import { plainName, type Unit } from './unit.ts';

export interface CheckOptions {
  /** Rule identifiers; null = all that are on by default. What is doubtful is found as well, and marked. */
  readonly rules: ReadonlySet<string> | null;
  /** Platform identifiers; null = all. */
  readonly platforms: ReadonlySet<string> | null;
  readonly budget: Budget;
}

export const DEFAULT_CHECK: CheckOptions = { rules: null, platforms: null, budget: DEFAULT_BUDGET };

export interface UnitResult {
  readonly file: string;
  readonly diagnostics: readonly Diagnostic[];
  readonly functions: readonly FunctionReport[];
}

/** Checks one file of a project. Pure; `yieldNow` is awaited between functions so that the caller can cancel by throwing. */
export async function checkUnit(
  project: Project,
  unit: Unit,
  options: CheckOptions,
  yieldNow: () => Promise<void> | void = () => {},
): Promise<UnitResult> {
  const platforms = platformsFor(project.dialect, options.platforms);
  const weighing = weighingPlatforms(project, options);
  const distrusts = distrustsHost(project, options);
  const results: FunctionResult[] = [];
  for (const name of functionsToCheck(project, unit)) {
    await yieldNow();
    try {
      results.push(checkFunction(project, unit, name, options.budget, platforms, weighing, distrusts));
    } catch (error) {
      results.push(internalError(unit, name, error));
    }
  }
  const result = unitResult(project, unit, options, results);
  const unseen = unit.unseen.map(({ name, reason }): FunctionReport => {
    return { file: unit.path, function: name, state: 'skipped', reasons: [reason] };
  });
  return { ...result, functions: [...result.functions, ...unseen] };
}

/** Where hints at cost are weighed: nowhere, unless one of their rules is on. */
export const weighingPlatforms = (
  { dialect }: Project,
  { rules, platforms }: Pick<CheckOptions, 'rules' | 'platforms'>,
): readonly Platform[] =>
  RULES.some((rule) => isHintKind(rule.id) && (rules ? rules.has(rule.id) : !rule.nursery))
    ? hintPlatforms(dialect, platforms)
    : [];

/** Kinds of faults for which everything is followed that is read from memory that the host can write. */
const OF_HOSTS: ReadonlySet<string> = new Set(['double-fetch', 'host-controlled-value']);

/** Is one of their rules on? */
export const distrustsHost = ({ dialect }: Project, { rules }: Pick<CheckOptions, 'rules'>): boolean =>
  RULES.some(
    ({ id, nursery, dialects }) => OF_HOSTS.has(id) && dialects.includes(dialect) && (rules ? rules.has(id) : !nursery),
  );

/** Names of the functions of a file that can reach a DMA API, in order. */
export const functionsToCheck = (project: Project, unit: Unit): readonly string[] =>
  [...unit.functions.keys()].filter(
    (name) => project.isRelevant(name) || unit.data.exitBootHandlers.has(plainName(name)),
  );

/** Puts together what was found in the functions of a file: several ways to one fault are one diagnostic. */
export function unitResult(
  project: Project,
  unit: Unit,
  options: CheckOptions,
  results: readonly FunctionResult[],
): UnitResult {
  const functions = results.map((result) => result.report);
  const faults = new Map<string, RawFinding[]>();
  for (const finding of toldOnce(results.flatMap((result) => result.findings))) {
    const rule = ruleById(finding.violation.kind);
    if (!rule?.dialects.includes(project.dialect)) continue;
    if (options.rules ? !options.rules.has(rule.id) : rule.nursery) continue;
    if (isOnce(project, rule.id, finding.exploration)) continue;
    const key = faultKey(finding);
    const others = faults.get(key);
    if (others) others.push(finding);
    else faults.set(key, [finding]);
  }
  const diagnostics: Diagnostic[] = [];
  for (const findings of faults.values()) {
    try {
      // A sure way to a fault is told as if there were no doubtful ones: the same for those who ask for more.
      const sure = findings.filter(({ certain }) => certain);
      const diagnostic = report(project, sure.length > 0 ? sure : findings);
      if (diagnostic) diagnostics.push(diagnostic);
    } catch (error) {
      functions.push(internalError(unit, findings[0]?.place.function ?? '', error).report);
    }
  }
  return {
    file: unit.path,
    diagnostics: diagnostics.sort((a, b) => a.line - b.line || a.column - b.column),
    functions,
  };
}

/** A mistake of ours in one function costs this function, not the run. */
export function internalError(unit: Unit, name: string, error: unknown): FunctionResult {
  const reason = `internal error: ${error instanceof Error ? error.message : error}`;
  return {
    report: { file: unit.path, function: name, state: 'degraded', reasons: [reason] },
    findings: [],
    operations: [],
    completed: 0,
    entered: new Set([`${unit.path}:${name}`]),
  };
}
