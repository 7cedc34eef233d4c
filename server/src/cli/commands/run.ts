import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import {
  type CompiledProgram,
  compileDmaseq,
  createPlatform,
  type DmaseqError,
  PLATFORMS,
  type Platform,
  parseDmaseq,
  platformsFor,
  runDmaseq,
  validatePlatform,
} from '@dma-audit/simulator';
import { Command, Option } from 'commander';
import { EXIT, Failure, reasonOf } from '../failure.ts';
import { hasColour, writeOutput } from '../output.ts';
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
      "platforms by id, or descriptions (.json), separated by commas; 'all' = each for the program's dialect " +
        '(default: those that the program names, or those that the checker uses)',
      (value: string, before: readonly string[] = []) => [...before, ...value.split(',').map((one) => one.trim())],
    )
    .addOption(new Option('--format <format>', 'how to report').choices(['text', 'json']).default('text'))
    .option('--output <file>', 'write the report to <file>')
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
  const compiled = await load(file);
  const platforms = await chosen(given.platform ?? null, compiled, file);
  const keepTimeline = given.format === 'json' || given.timeline === true || platforms.length === 1;
  const runs = platforms.map((platform) => runDmaseq(compiled, platform, keepTimeline));
  const colour = given.color && given.output === undefined && hasColour(process.stdout);
  const report =
    given.format === 'json'
      ? runJson(file, compiled, runs)
      : runText(file, compiled, runs, { colour, timeline: given.timeline === true });
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

const faults = (file: string, errors: readonly DmaseqError[]): string =>
  errors.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`).join('\n');

async function contents(file: string): Promise<string> {
  try {
    return file === '-' ? await text(process.stdin) : await readFile(file, 'utf8');
  } catch (error) {
    throw new Failure(EXIT.fatal, `${file}: ${reasonOf(error)}`);
  }
}

/** The platforms to run on: asked for, named by the program, or those that the checker uses. */
async function chosen(
  asked: readonly string[] | null,
  { program, platforms: named, expectations }: CompiledProgram,
  file: string,
): Promise<readonly Platform[]> {
  const ids = asked ?? named;
  const platforms = new Set<Platform>();
  for (const id of ids) {
    if (id === 'all') for (const one of PLATFORMS) if (one.dialects.includes(program.dialect)) platforms.add(one);
    if (id !== 'all') platforms.add(await platformBy(id, asked === null ? EXIT.fatal : EXIT.usage));
  }
  for (const { id, dialects } of platforms) {
    if (!dialects.includes(program.dialect))
      throw new Failure(
        EXIT.usage,
        `${id} runs programs of ${dialects.join(', ')}, and ${file} is one of ${program.dialect}`,
      );
  }
  for (const { statement } of expectations) {
    const unknown = statement.on.find((id) => ![...PLATFORMS, ...platforms].some((one) => one.id === id));
    if (unknown !== undefined) {
      const { line, column } = statement.at;
      throw new Failure(EXIT.fatal, `${file}:${line}:${column}: there is no platform '${unknown}'`);
    }
  }
  return platforms.size > 0 ? [...platforms] : platformsFor(program.dialect);
}

async function platformBy(id: string, status: typeof EXIT.fatal | typeof EXIT.usage): Promise<Platform> {
  const known = PLATFORMS.find((platform) => platform.id === id);
  if (known !== undefined) return known;
  if (!id.endsWith('.json'))
    throw new Failure(status, `there is no platform '${id}'; 'dma-audit platforms' lists them`);
  let value: unknown;
  try {
    value = JSON.parse(await readFile(id, 'utf8'));
  } catch (error) {
    throw new Failure(EXIT.configuration, `${id}: ${reasonOf(error)}`);
  }
  const verdict = validatePlatform(value);
  if (verdict.ok) return createPlatform(verdict.description);
  const errors = verdict.errors.map(
    ({ path, message }) => `${id}: ${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`,
  );
  throw new Failure(EXIT.configuration, errors.join('\n'));
}
