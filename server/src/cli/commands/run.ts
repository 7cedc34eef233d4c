import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import {
  type CompiledProgram,
  compileDmaseq,
  type DmaseqError,
  type ExpectStatement,
  PLATFORMS,
  type Platform,
  parseDmaseq,
  platformsFor,
  runDmaseq,
} from '@dma-audit/simulator';
import { Command, Option } from 'commander';
import { EXIT, Failure, reasonOf } from '../failure.ts';
import { protectInputs, writeOutput } from '../output.ts';
import { PLATFORM_WORDS, platformList, platformsNamed } from '../platform-argument.ts';
import { pathArgument } from '../root.ts';
import { hasColour } from '../terminal.ts';
import { runJson } from './run-json.ts';
import { runText } from './run-text.ts';

export interface RunArguments {
  readonly platform?: readonly string[];
  readonly format: 'text' | 'json';
  readonly output?: string;
  readonly timeline?: true;
  readonly color: boolean;
}

/** `dma-audit run`; `action` receives the exit status. */
export function runCommand(action: (status: number) => void): Command {
  return new Command('run')
    .description('Execute a DMA program (.dmaseq) on simulated platforms: what happens, what breaks, what it costs.')
    .argument('<file>', 'the program; - reads standard input')
    .option(
      '--platform <ids>',
      `${PLATFORM_WORDS} (default: those that the program names, or those that the checker uses)`,
      platformList,
    )
    .addOption(new Option('--format <format>', 'how to report').choices(['text', 'json']).default('text'))
    .option('--output <file>', 'write the report to <file>', pathArgument)
    .option('--timeline', 'show every operation also when there are several platforms')
    .option('--no-color', 'do not colour the report')
    .addHelpText(
      'after',
      `
Exit status: 0 all as expected, 1 an expectation fails or a violation is unexpected, 2 the program cannot be read or is
faulty, 3 a faulty platform description, 4 wrong usage.`,
    )
    .action(async (file: string, options: RunArguments) => action(await execute(file, options)));
}

async function execute(file: string, given: RunArguments): Promise<number> {
  await protectInputs([given.output ?? null], [file]);
  const compiled = await load(file);
  const platforms = await chosen(given.platform ?? null, compiled, file);
  const keepTimeline = given.format === 'json' || given.timeline === true || platforms.length === 1;
  const missed = unmet(compiled, platforms);
  const runs = platforms.map((platform) => runDmaseq(compiled, platform, keepTimeline));
  const colour = given.color && given.output === undefined && hasColour(process.stdout);
  const report =
    given.format === 'json'
      ? runJson(file, compiled, runs, missed)
      : runText(file, compiled, runs, missed, { colour, timeline: given.timeline === true });
  await writeOutput(given.output ?? null, report);
  return runs.every(({ passed }) => passed) ? EXIT.clean : EXIT.findings;
}

async function load(file: string): Promise<CompiledProgram> {
  const parsed = parseDmaseq(await contents(file));
  if (!parsed.ok) throw new Failure(EXIT.fatal, faults(file, parsed.errors));
  const name = file === '-' ? 'program' : (/([^/\\]+?)(\.dmaseq)?$/.exec(file)?.[1] ?? file);
  const result = compileDmaseq(parsed.document, name);
  if (!result.ok) throw new Failure(EXIT.fatal, faults(file, result.errors));
  return result.compiled;
}

const faults = (file: string, errors: readonly DmaseqError[]): readonly string[] =>
  errors.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`);

async function contents(file: string): Promise<string> {
  try {
    return file === '-' ? await text(process.stdin) : await readFile(file, 'utf8');
  } catch (error) {
    throw new Failure(EXIT.fatal, `${file}: ${reasonOf(error)}`);
  }
}

/** The platforms to run on: asked for, or named by the program and its expectations, or those that the checker uses. */
async function chosen(
  asked: readonly string[] | null,
  { program: { dialect }, platforms: named, expectations }: CompiledProgram,
  file: string,
): Promise<readonly Platform[]> {
  const expected = [...new Set(expectations.flatMap(({ statement: { on } }) => on))];
  const own = asked === null && named.length === 0 ? platformsFor(dialect) : [];
  const names = asked ?? [...named, ...own.map(({ id }) => id), ...expected.filter((id) => isPlatform(id))];
  const platforms = await platformsNamed(names, dialect, asked === null ? EXIT.fatal : EXIT.usage);
  for (const { statement } of expectations) {
    const unknown = statement.on.find((id) => !isPlatform(id) && !platforms.some((one) => one.id === id));
    if (unknown !== undefined) {
      const { line, column } = statement.at;
      throw new Failure(EXIT.fatal, `${file}:${line}:${column}: there is no platform '${unknown}'`);
    }
  }
  return platforms;
}

const isPlatform = (id: string): boolean => PLATFORMS.some((one) => one.id === id);

/** Expectations for platforms only that were not run. */
function unmet({ expectations }: CompiledProgram, platforms: readonly Platform[]): readonly ExpectStatement[] {
  const statements = new Set(expectations.map(({ statement }) => statement));
  const wasRun = (id: string): boolean => platforms.some((one) => one.id === id);
  return [...statements].filter(({ on }) => on.length > 0 && !on.some(wasRun));
}
