import { resolve, sep } from 'node:path';
import process from 'node:process';
import {
  type AuditResult,
  audit,
  type Config,
  DEFAULT_CHECK,
  isSourceName,
  NO_PLATFORM,
  type RuleChoice,
  rulesToRun,
  type Scope,
} from '../audit/index.ts';
import { openCache } from './cache-folder.ts';
import { type ChangedInputs, changedInputs } from './changed-inputs.ts';
import type { CheckArguments } from './check-options.ts';
import { conclude, protectReports } from './conclude.ts';
import { CONFIG_NAME, loadConfig } from './config-files.ts';
import { EXIT, Failure } from './failure.ts';
import { findInputs, readList } from './inputs.ts';
import { createProgress } from './progress.ts';
import { rootOf } from './root.ts';
import { statistics } from './summary.ts';
import { tell } from './terminal.ts';
import { watch } from './watch.ts';

/** The bundled worker lies beside the bundled command. */
const WORKER = new URL('./worker.js', import.meta.url);

/** Runs `dma-audit check`; gives the exit status, with `--watch` that of the last time. Throws a Failure when it cannot. */
export async function check(paths: readonly string[], given: CheckArguments): Promise<number> {
  if (!given.watch) return (await checkOnce(paths, given)).status;
  if (given.filesFrom === '-' || given.shard) throw new Failure(EXIT.usage, '--watch needs files that stay the same');
  let status: number = EXIT.clean;
  const others = new Set([CONFIG_NAME, '.gitignore', '.dma-auditignore']);
  await watch(async () => {
    const checked = await checkOnce(paths, given);
    status = checked.status;
    tell('watching; end with Ctrl+C\n');
    return checked.files;
  }, others);
  return status;
}

const NOTHING_NAMED = { skipped: [], named: new Set<string>() } as const;

interface Checked {
  readonly status: number;
  /** Absolute paths. */
  readonly files: readonly string[];
}

async function checkOnce(paths: readonly string[], given: CheckArguments): Promise<Checked> {
  const start = performance.now();
  const directory = process.cwd();
  const root = await rootOf(given.root);
  const choice = choiceOf(given);
  const { config, models, files: configFiles } = await loadConfig(configFile(given), root);
  const named = await namedPaths(paths, given);
  const changed = await changedOf(given, named, directory, root);
  try {
    const inputs = changed ? { ...NOTHING_NAMED, files: changed.files } : await findInputs(named, directory, root);
    await protectReports(given, config, [...configFiles, given.filesFrom ?? null, ...inputs.files]);
    const options = {
      ...DEFAULT_CHECK,
      rules: rulesToRun(config, choice),
      platforms: platformsOf(given, config),
    };
    const progress = await createProgress(given.quiet !== true);
    const dialect = given.dialect ?? config.dialect ?? 'auto';
    let result: AuditResult;
    try {
      result = await audit(
        {
          root: changed?.root ?? root,
          files: inputs.files,
          options,
          dialect: dialect === 'auto' ? null : dialect,
          models,
          jobs: given.jobs,
          worker: WORKER,
          shard: given.shard ?? null,
          cache: given.cache === undefined ? null : await openCache(given.cache, WORKER),
        },
        { progress: progress.show },
      );
    } finally {
      progress.stop();
    }
    refuseForeignPlatforms(result, options.platforms);
    const skippedFiles = [...inputs.skipped, ...result.skippedFiles];
    const { status, settled } = await conclude({
      result: { ...result, skippedFiles },
      config,
      choice,
      given,
      root: changed?.root ?? root,
      start,
      scope: changed ? 'files' : scopeOf(named, directory, root),
      shard: given.shard ?? null,
      refused: skippedFiles.filter(
        // A list may well be of everything that changed.
        ({ file }) => inputs.named.has(file) && (isSourceName(file) || given.filesFrom === undefined),
      ),
      changedLines: given.changedLinesOnly && changed ? changed.changedLines : null,
    });
    if (given.stats === true) tell(statistics(result, settled));
    return { status, files: inputs.files };
  } finally {
    await changed?.remove();
  }
}

/** An absolute path; null = the one in the root, if it is there; false = none. */
export function configFile({ config }: Pick<CheckArguments, 'config'>): string | false | null {
  return typeof config === 'string' ? resolve(config) : config === false ? false : null;
}

async function namedPaths(paths: readonly string[], { filesFrom }: CheckArguments): Promise<readonly string[]> {
  if (filesFrom === undefined) return paths.length > 0 ? paths : ['.'];
  return [...paths, ...(await readList(filesFrom, process.stdin))];
}

async function changedOf(
  { since, staged, changedLinesOnly }: CheckArguments,
  paths: readonly string[],
  directory: string,
  root: string,
): Promise<ChangedInputs | null> {
  if (since !== undefined && staged) throw new Failure(EXIT.usage, '--since and --staged exclude each other');
  if (since !== undefined) return changedInputs({ since }, paths, directory, root);
  if (staged) return changedInputs('staged', paths, directory, root);
  if (changedLinesOnly) throw new Failure(EXIT.usage, '--changed-lines-only: changed since when? --since or --staged');
  return null;
}

function scopeOf(paths: readonly string[], directory: string, root: string): Scope {
  const named = paths.map((path) => resolve(directory, path));
  if (named.some((path) => `${root}${sep}`.startsWith(path.endsWith(sep) ? path : path + sep))) return 'root';
  return paths.some((path) => isSourceName(path)) ? 'files' : 'directories';
}

function choiceOf({ rule, all }: CheckArguments): RuleChoice {
  if (rule && all) throw new Failure(EXIT.usage, '--rule and --all exclude each other');
  return rule ? new Set(rule) : all ? 'all' : 'default';
}

/** Silence would look like success. */
function refuseForeignPlatforms({ functions, skippedFiles }: AuditResult, platforms: ReadonlySet<string> | null): void {
  const looked = functions.analysed + functions.degraded;
  if (platforms && looked === 0 && skippedFiles.some(({ reason }) => reason === NO_PLATFORM))
    throw new Failure(
      EXIT.usage,
      `none of the platforms ${[...platforms].join(', ')} is for the dialect of these files`,
    );
}

function platformsOf(given: CheckArguments, config: Config): ReadonlySet<string> | null {
  const platforms = given.platforms ?? config.platforms;
  return platforms ? new Set(platforms) : null;
}
