import process from 'node:process';
import { Command, CommanderError } from 'commander';
import { ruleById } from '../rules/index.ts';
import { calibrateCommand } from './calibrate.ts';
import { rulesTable } from './catalog.ts';
import { checkCommand, mergeCommand } from './check-options.ts';
import { platformsCommand } from './commands/platforms.ts';
import { runCommand } from './commands/run.ts';
import { workloadCommand } from './commands/workload.ts';
import { costCommand } from './cost.ts';
import { EXIT, Failure } from './failure.ts';
import { statusWithOutput, watchStandardOutput, writeOutput } from './output.ts';
import { replayCommand } from './replay.ts';
import { explained, rulePage } from './rule-pages.ts';
import { simulateCommand } from './simulate.ts';
import { debugAdapterCommand } from './simulate-debug.ts';
import { hasColour, tell } from './terminal.ts';
import { NAME, VERSION } from './version.ts';

/** Runs the command line; gives the exit status. It never ends the process itself, so that everything gets written. */
async function run(argv: readonly string[]): Promise<number> {
  let status: number = EXIT.clean;
  const program = new Command(NAME)
    .description(
      'Audits how C code uses DMA memory, by executing it on simulated IOMMUs, bounce pools and SEV/TDX memory.',
    )
    .version(VERSION)
    .addCommand(
      checkCommand(async (paths, options) => {
        // Loaded when wanted: --help need not wait for the analysis.
        const { check } = await import('./check.ts');
        status = await check(paths, options);
      }),
    )
    .addCommand(
      mergeCommand(async (files, options) => {
        const { merge } = await import('./merge.ts');
        status = await merge(files, options);
      }),
    )
    .addCommand(
      runCommand((result) => {
        status = result;
      }),
    )
    .addCommand(simulateCommand())
    .addCommand(replayCommand())
    .addCommand(costCommand())
    .addCommand(calibrateCommand())
    .addCommand(debugAdapterCommand())
    .addCommand(workloadCommand())
    .addCommand(platformsCommand());
  program
    .command('init')
    .description('Write a dma-audit.json that fits the C sources in a directory.')
    .argument('[directory]', 'the root (default: the current directory)')
    .option('--force', 'overwrite a configuration that is there')
    .action(async (directory: string | undefined, options: { readonly force?: true }) => {
      const { init } = await import('./init.ts');
      await init(directory ?? '.', options.force === true);
    });
  program
    .command('rules')
    .description('List the rules.')
    .action(() => writeOutput(null, rulesTable()));
  program
    .command('explain')
    .description('Show what a rule finds, why that is bad, and what to do.')
    .argument('<rule>', "its identifier, as listed by 'dma-audit rules'")
    .option('--no-color', 'do not colour the page')
    .action((id: string, options: { readonly color: boolean }) => {
      const rule = ruleById(id);
      if (!rule) throw new Failure(EXIT.usage, `there is no rule '${id}'; '${NAME} rules' lists them`);
      return writeOutput(null, explained(rulePage(rule), options.color && hasColour(process.stdout)));
    });
  for (const command of [program, ...program.commands]) {
    command
      .exitOverride()
      .configureOutput({ writeErr: tell })
      .showHelpAfterError(`Try '${NAME} ${command === program ? '' : `${command.name()} `}--help'.`);
  }
  try {
    await program.parseAsync(argv);
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.clean : EXIT.usage;
    if (error instanceof Failure) {
      tell(`${NAME}: ${error.message}\n`);
      return error.exit;
    }
    tell(`${NAME}: internal error: ${error instanceof Error ? error.stack : error}\n`);
    return EXIT.fatal;
  }
}

watchStandardOutput();
process.exitCode = statusWithOutput(await run(process.argv));
