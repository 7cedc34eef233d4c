import { readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import {
  type AuditResult,
  type Baseline,
  type Config,
  parseBaseline,
  type RuleChoice,
  renderBaseline,
  replaceFile,
  type Scope,
  type Settled,
  type Shard,
  type SkippedFile,
  settle,
  severities,
  updatedBaseline,
} from '../audit/index.ts';
import { touches } from './changed-inputs.ts';
import { fails, type ReportArguments } from './check-options.ts';
import { EXIT, Failure, reasonOf } from './failure.ts';
import type { LineRange } from './git.ts';
import { protectInputs } from './output.ts';
import { outputsOf, writeOutputs } from './outputs.ts';
import { summary } from './summary.ts';
import { printable, tell } from './terminal.ts';
import { NAME } from './version.ts';

/** A result, and all that decides what is told of it. */
export interface Conclusion {
  readonly result: AuditResult;
  readonly config: Config;
  readonly choice: RuleChoice;
  readonly given: ReportArguments;
  /** Absolute; where the files of the result are. */
  readonly root: string;
  readonly start: number;
  readonly scope: Scope;
  readonly shard: Shard | null;
  /** Those of the skipped files that were named: they are failures, and told as such. */
  readonly refused: readonly SkippedFile[];
  /** Report only what touches these lines, by file; null = everything. */
  readonly changedLines: ReadonlyMap<string, readonly LineRange[]> | null;
}

/** Throws a Failure when something that is read, or any C source, would be overwritten. */
export async function protectReports(
  { output, updateBaseline, baseline }: ReportArguments,
  config: Config,
  inputs: readonly (string | null)[],
): Promise<void> {
  const known = baseline ?? config.baseline ?? null;
  const reports = (output ?? []).map(({ file }) => file);
  await protectInputs(updateBaseline ? [...reports, known] : reports, updateBaseline ? inputs : [...inputs, known]);
}

export interface Concluded {
  /** The exit status. */
  readonly status: number;
  readonly settled: Settled;
}

/** Writes the reports. */
export async function conclude(all: Conclusion): Promise<Concluded> {
  const { result, config, choice, given, root, shard } = all;
  const outputs = outputsOf(given.output);
  const settled = await settledOf(all);
  const elapsedMs = performance.now() - all.start;
  const report = { result, settled, root, ruleHelp: config.ruleHelp ?? null, elapsedMs };
  await writeOutputs(report, outputs, {
    color: given.color,
    path: given.path === true,
    shard,
    choice,
    scope: all.scope,
  });
  if (given.quiet !== true) tell(summary(report, all.refused));
  for (const { file, reason } of all.refused) tell(`${NAME}: ${printable(file)}: ${printable(reason)}\n`);
  const failOn = given.failOn ?? config.failOn ?? 'warning';
  const isFailing = settled.diagnostics.some((d) => fails(d.severity, failOn));
  return { status: all.refused.length > 0 ? EXIT.fatal : isFailing ? EXIT.findings : EXIT.clean, settled };
}

async function settledOf({ result, config, choice, given, scope, shard, changedLines }: Conclusion): Promise<Settled> {
  const file = given.baseline === undefined ? (config.baseline ?? null) : resolve(given.baseline);
  const policy = { severityOf: severities(config, choice), scope };
  if (shard && (given.baseline !== undefined || given.updateBaseline))
    throw new Failure(EXIT.usage, 'a shard has no baseline: give it to dma-audit merge');
  if (given.updateBaseline) {
    if (file === null) throw new Failure(EXIT.usage, '--update-baseline: which file? --baseline names it');
    if (changedLines) throw new Failure(EXIT.usage, '--update-baseline and --changed-lines-only exclude each other');
    const settled = settle(result, { ...policy, baseline: null });
    const checked = new Set(result.checked);
    const isChecked = (name: string): boolean => scope === 'root' || checked.has(name);
    const updated = updatedBaseline(await readBaseline(file, true), settled.diagnostics, isChecked);
    await replaceFile(file, renderBaseline(updated)).catch((error: unknown) => {
      throw new Failure(EXIT.fatal, `${file}: ${reasonOf(error)}`);
    });
    return { ...settled, diagnostics: [], known: settled.diagnostics };
  }
  const baseline = file === null || shard ? null : await readBaseline(file, false);
  const settled = settle(result, { ...policy, baseline });
  if (!changedLines) return settled;
  return { ...settled, diagnostics: settled.diagnostics.filter((d) => touches(d, changedLines)) };
}

/** Throws a Failure when there is none, unless that is allowed. */
async function readBaseline(file: string, mayBeMissing: boolean): Promise<Baseline | null> {
  const shown = relative('.', file) || file;
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (mayBeMissing && error.code === 'ENOENT') return null;
    throw new Failure(EXIT.configuration, `${shown}: ${reasonOf(error)}; --update-baseline writes a baseline`);
  });
  if (text === null) return null;
  const parsed = parseBaseline(text);
  if (!parsed.ok) throw new Failure(EXIT.configuration, `${shown}: ${parsed.reason}`);
  return parsed.baseline;
}
