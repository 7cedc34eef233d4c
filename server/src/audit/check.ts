import { type Platform, platformsFor } from '@dma-audit/simulator';
import { ruleById } from '../rules/index.ts';
import { type Budget, DEFAULT_BUDGET, sequences } from '../sequence/index.ts';
import type { Diagnostic, FunctionReport } from './diagnostic.ts';
import { execute, faultKey, type RawFinding } from './findings.ts';
import type { Project } from './project.ts';
import { report } from './report.ts';
import type { Unit } from './unit.ts';

export interface CheckOptions {
  /** Rule identifiers; null = all that are on by default. */
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
  const functions: FunctionReport[] = [];
  const faults = new Map<string, RawFinding[]>();
  const platforms = platformsFor(project.dialect).filter(
    (p: Platform) => !options.platforms || options.platforms.has(p.id),
  );
  for (const { name } of unit.functions.values()) {
    if (!project.isRelevant(name) && !unit.exitBootHandlers.has(name)) continue;
    await yieldNow();
    try {
      const source = project.function(name, unit.path);
      if (!source || source.file !== unit.path) {
        functions.push({ file: unit.path, function: name, state: 'skipped', reasons: ['not found again'] });
        continue;
      }
      const exploration = sequences(project, source, options.budget, {
        atExitBootServices: unit.exitBootHandlers.has(name),
      });
      const findings = execute(exploration, platforms);
      functions.push({
        file: unit.path,
        function: name,
        state: exploration.degraded.length ? 'degraded' : 'analysed',
        reasons: exploration.degraded,
      });
      for (const finding of findings) {
        const rule = ruleById(finding.violation.kind);
        if (!rule?.dialects.includes(project.dialect)) continue;
        if (options.rules ? !options.rules.has(rule.id) : rule.nursery || !finding.certain) continue;
        const key = faultKey(finding);
        faults.set(key, [...(faults.get(key) ?? []), finding]);
      }
    } catch (error) {
      functions.push(internalError(unit, name, error));
    }
  }
  const diagnostics: Diagnostic[] = [];
  for (const findings of faults.values()) {
    try {
      const diagnostic = report(project, findings);
      if (diagnostic) diagnostics.push(diagnostic);
    } catch (error) {
      functions.push(internalError(unit, findings[0]?.place.function ?? '', error));
    }
  }
  return {
    file: unit.path,
    diagnostics: diagnostics.sort((a, b) => a.line - b.line || a.column - b.column),
    functions,
  };
}

/** A mistake of ours in one function costs this function, not the run. */
function internalError(unit: Unit, name: string, error: unknown): FunctionReport {
  return {
    file: unit.path,
    function: name,
    state: 'degraded',
    reasons: [`internal error: ${error instanceof Error ? error.message : error}`],
  };
}
