import { availableParallelism } from 'node:os';
import { PLATFORMS } from '@dma-audit/simulator';
import { Command, InvalidArgumentError, Option } from 'commander';
import { RULES, type Severity } from '../rules/index.ts';

/** What `dma-audit check` was asked for, as commander gives it. */
export interface CheckArguments {
  readonly filesFrom?: string;
  readonly format: 'text' | 'json';
  readonly output?: string;
  readonly root?: string;
  readonly rule?: readonly string[];
  readonly all?: true;
  readonly dialect: 'edk2' | 'linux' | 'auto';
  readonly platforms?: readonly string[];
  readonly failOn: 'error' | 'warning' | 'never';
  readonly jobs: number;
  readonly path?: true;
  readonly stats?: true;
  readonly quiet?: true;
  readonly color: boolean;
}

/** Most worker threads that anybody may ask for. */
const MAX_JOBS = 256;

/** The arguments and options of `dma-audit check`; also the source of its help. */
export function checkCommand(action: (paths: readonly string[], options: CheckArguments) => Promise<void>): Command {
  return new Command('check')
    .description('Report what goes wrong with DMA memory in C sources.')
    .argument('[paths...]', 'files, directories and globs (default: the current directory)')
    .option('--files-from <file>', 'also check the files listed in <file>, one per line; - reads standard input')
    .addOption(new Option('--format <format>', 'how to report').choices(['text', 'json']).default('text'))
    .option('--output <file>', 'write the report to <file>')
    .option('--root <directory>', 'name files relative to <directory> (default: the current directory)')
    .option('--rule <id>', 'apply only this rule, in the nursery or not; may be repeated', listOf(RULES, 'rule'))
    .option('--all', 'apply every rule, those in the nursery too')
    .addOption(new Option('--dialect <dialect>', 'whose C it is').choices(['edk2', 'linux', 'auto']).default('auto'))
    .option('--platforms <ids>', 'simulate only these platforms, separated by commas', listOf(PLATFORMS, 'platform'))
    .addOption(
      new Option('--fail-on <severity>', 'least severity that gives exit status 1')
        .choices(['error', 'warning', 'never'])
        .default('warning'),
    )
    .addOption(
      new Option('--jobs <n>', 'worker threads').argParser(jobs).default(availableParallelism(), 'one per processor'),
    )
    .option('--path', 'show every step of the path to a fault')
    .option('--stats', 'tell on standard error what was analysed, in what time and memory')
    .option('--quiet', 'report findings and failures only')
    .option('--no-color', 'do not colour the report')
    .addHelpText(
      'after',
      `
Exit status: 0 nothing found, 1 findings at or above --fail-on, 2 a fatal error, 3 a faulty configuration, 4 wrong usage.
Files are analysed with their directory as context. Directories and globs respect .gitignore and .dma-auditignore;
a file that is named is always checked.`,
    )
    .action((paths: string[], options: CheckArguments) => action(paths, options));
}

/** Does a finding of this severity fail the run? */
export function fails(severity: Severity, failOn: CheckArguments['failOn']): boolean {
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
