import { resolve } from 'node:path';
import process from 'node:process';
import { type AuditResult, audit, type CheckOptions, DEFAULT_CHECK } from '../audit/index.ts';
import { RULES } from '../rules/index.ts';
import { type CheckArguments, fails } from './check-options.ts';
import { EXIT, Failure } from './failure.ts';
import { findInputs, readList } from './inputs.ts';
import { hasColour, writeOutput } from './output.ts';
import { createProgress } from './progress.ts';
import { jsonReport } from './report-json.ts';
import { textReport } from './report-text.ts';
import { statistics, summary } from './summary.ts';

/** The bundled worker lies beside the bundled command. */
const WORKER = new URL('./worker.js', import.meta.url);

/** Runs `dma-audit check`; gives the exit status. Throws a Failure when it cannot. */
export async function check(paths: readonly string[], given: CheckArguments): Promise<number> {
  const start = performance.now();
  const directory = process.cwd();
  const root = resolve(directory, given.root ?? '.');
  const inputs = await findInputs(await namedPaths(paths, given), directory, root);
  const progress = await createProgress(given.quiet !== true);
  let result: AuditResult;
  try {
    result = await audit(
      {
        root,
        files: inputs.files,
        options: optionsOf(given),
        dialect: given.dialect === 'auto' ? null : given.dialect,
        jobs: given.jobs,
        worker: WORKER,
      },
      { progress: progress.show },
    );
  } finally {
    progress.stop();
  }
  result = { ...result, skippedFiles: [...inputs.skipped, ...result.skippedFiles] };
  const elapsedMs = performance.now() - start;
  await writeOutput(given.output ?? null, await reportOf(result, given, root, elapsedMs));
  if (given.quiet !== true) process.stderr.write(summary(result, elapsedMs));
  if (given.stats === true) process.stderr.write(statistics(result));
  return result.diagnostics.some((d) => fails(d.severity, given.failOn)) ? EXIT.findings : EXIT.clean;
}

async function namedPaths(paths: readonly string[], { filesFrom }: CheckArguments): Promise<readonly string[]> {
  if (filesFrom === undefined) return paths.length > 0 ? paths : ['.'];
  return [...paths, ...(await readList(filesFrom, process.stdin))];
}

function optionsOf({ rule, all, platforms }: CheckArguments): CheckOptions {
  if (rule && all) throw new Failure(EXIT.usage, '--rule and --all exclude each other');
  const rules = rule ?? (all ? RULES.map(({ id }) => id) : null);
  return { ...DEFAULT_CHECK, rules: rules && new Set(rules), platforms: platforms ? new Set(platforms) : null };
}

async function reportOf(result: AuditResult, given: CheckArguments, root: string, elapsedMs: number): Promise<string> {
  if (given.format === 'json') return jsonReport(result, elapsedMs);
  const colour = given.color && given.output === undefined && hasColour(process.stdout);
  return textReport(result.diagnostics, { root, colour, wholePath: given.path === true });
}
