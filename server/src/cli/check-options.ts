import { availableParallelism } from 'node:os';
import { PLATFORMS } from '@dma-audit/simulator';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Shard } from '../audit/index.ts';
import { RULES, type Severity } from '../rules/index.ts';
import { FORMATS, type Format, type Output, type OutputArgument, outputArgument, outputsWith } from './outputs.ts';
import { pathArgument } from './root.ts';

/** What decides of which findings is told, and how. */
export interface ReportArguments {
  readonly output?: readonly Output[];
  readonly root?: string;
  /** A file; null = none, whatever lies in the root; absent = dma-audit.json in the root, if it is there. */
  readonly config?: string | false;
  readonly baseline?: string;
  readonly updateBaseline?: true;
  readonly failOn?: FailOn;
  readonly path?: true;
  readonly quiet?: true;
  readonly color: boolean;
}

/** What `dma-audit check` was asked for, as commander gives it. */
export interface CheckArguments extends ReportArguments {
  readonly filesFrom?: string;
  readonly rule?: readonly string[];
  readonly all?: true;
  readonly dialect?: 'edk2' | 'linux' | 'auto';
  readonly platforms?: readonly string[];
  readonly since?: string;
  readonly staged?: true;
  readonly changedLinesOnly?: true;
  readonly shard?: Shard;
  readonly cache?: string;
  readonly watch?: true;
  readonly jobs: number;
  readonly stats?: true;
}

export type FailOn = 'error' | 'warning' | 'never';

/** Most worker threads that anybody may ask for. */
const MAX_JOBS = 256;
const MAX_SHARDS = 1000;

/** The arguments and options of `dma-audit check`; also the source of its help. */
export function checkCommand(action: (paths: readonly string[], options: CheckArguments) => Promise<void>): Command {
  const command = new Command('check')
    .description('Report what goes wrong with DMA memory in C sources.')
    .argument('[paths...]', 'files, directories and globs (default: the current directory)')
    .option(
      '--files-from <file>',
      'also check the files listed in <file>, one per line or separated by NUL; - reads standard input',
      pathArgument,
    );
  return reportOptions(command)
    .option('--rule <id>', 'apply only this rule, in the nursery or not; may be repeated', listOf(RULES, 'rule'))
    .option('--all', 'apply every rule, those in the nursery too')
    .addOption(
      new Option('--dialect <dialect>', 'whose C it is (default: each file tells)').choices(['edk2', 'linux', 'auto']),
    )
    .option('--platforms <ids>', 'simulate only these platforms, separated by commas', listOf(PLATFORMS, 'platform'))
    .option('--since <revision>', 'check only files that differ from this git revision')
    .option('--staged', 'check only what is staged for the next commit, as it is staged')
    .option('--changed-lines-only', 'with --since or --staged: report only what touches a changed line')
    .option('--shard <i/n>', 'check only part <i> of <n>; write it with --output partial=FILE', shard)
    .option('--cache <directory>', 'keep results here, and use those that still hold', pathArgument)
    .option('--watch', 'check again when a source changes, until interrupted')
    .addOption(
      new Option('--jobs <n>', 'worker threads').argParser(jobs).default(availableParallelism(), 'one per processor'),
    )
    .option('--stats', 'tell on standard error what was analysed, in what time and memory')
    .addHelpText(
      'after',
      `
Exit status: 0 nothing found, 1 findings at or above --fail-on, 2 a fatal error, 3 a faulty configuration, 4 wrong usage.
Files are analysed with their directory as context. Directories and globs respect .gitignore and .dma-auditignore;
a file that is named is always checked.`,
    )
    .action((paths: string[], options: Parsed<CheckArguments>) => action(paths, withFormat<CheckArguments>(options)));
}

/** `dma-audit merge`. */
export function mergeCommand(action: (files: readonly string[], options: ReportArguments) => Promise<void>): Command {
  const command = new Command('merge')
    .description('Report what the shards of a check have found, as one check would have.')
    .argument('<files...>', 'what they wrote with --output partial=FILE');
  return reportOptions(command).action((files: string[], options: Parsed<ReportArguments>) =>
    action(files, withFormat<ReportArguments>(options)),
  );
}

interface Formatted {
  readonly format?: Format;
}

/** What the parser gives: `--output` before it met `--format`. */
type Parsed<T extends ReportArguments> = Omit<T, 'output'> &
  Formatted & { readonly output?: readonly OutputArgument[] };

function withFormat<T extends ReportArguments>({ format, output, ...options }: Parsed<T>): T {
  const outputs = outputsWith(format, output);
  return { ...options, ...(outputs ? { output: outputs } : {}) } as T;
}

function reportOptions(command: Command): Command {
  return command
    .addOption(new Option('--format <format>', 'how to report on standard output (default: text)').choices(FORMATS))
    .option(
      '--output <[format=]file>',
      'write a report to a file (or, for a bare format, to standard output); may be repeated',
      outputArgument,
    )
    .option('--root <directory>', 'name files relative to <directory> (default: the current directory)', pathArgument)
    .option(
      '--config <file>',
      'read this configuration (default: dma-audit.json in the root, if there is one)',
      pathArgument,
    )
    .option('--no-config', 'read no configuration')
    .option('--baseline <file>', 'do not report the findings that are listed in <file>', pathArgument)
    .option('--update-baseline', 'write what is found to the baseline')
    .addOption(
      new Option('--fail-on <severity>', 'least severity that gives exit status 1 (default: warning)').choices([
        'error',
        'warning',
        'never',
      ]),
    )
    .option('--path', 'show every step of the path to a fault')
    .option('--quiet', 'report findings and failures only')
    .option('--no-color', 'do not colour the report');
}

/** Does a finding of this severity fail the run? */
export function fails(severity: Severity, failOn: FailOn): boolean {
  return severity === 'error' ? failOn !== 'never' : severity === 'warning' && failOn === 'warning';
}

/** Reads identifiers, repeated or separated by commas. */
function listOf(known: readonly { readonly id: string }[], what: string) {
  return (value: string, before: readonly string[] | undefined): readonly string[] => {
    const ids = value.split(',').map((id) => id.trim());
    const unknown = ids.find((id) => !known.some((one) => one.id === id));
    if (unknown !== undefined) {
      throw new InvalidArgumentError(`There is no ${what} '${unknown}'; 'dma-audit ${what}s' lists them.`);
    }
    return [...(before ?? []), ...ids];
  };
}

function jobs(value: string): number {
  const n = Number(value);
  if (!Number.isInteger(n) || n < 1 || n > MAX_JOBS) {
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_JOBS}.`);
  }
  return n;
}

function shard(value: string): Shard {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(value)?.map(Number) ?? [];
  if (!index || !count || index > count || count > MAX_SHARDS)
    throw new InvalidArgumentError(`It must be a part and a number of parts up to ${MAX_SHARDS}, such as 1/3.`);
  return { index, count };
}
