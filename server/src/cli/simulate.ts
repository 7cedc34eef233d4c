import process from 'node:process';
import { documentOf, type Platform, platformsFor, printDmaseq } from '@dma-audit/simulator';
import { Command, InvalidArgumentError, Option } from 'commander';
import { parseNamedSize, type Simulation, simulate, simulationBudget, USUAL_COUNT } from '../audit/index.ts';
import { plainName } from '../audit/unit.ts';
import { figuresWith } from './calibrate-profile.ts';
import { EXIT, Failure } from './failure.ts';
import { protectInputs, writeOutput } from './output.ts';
import { PLATFORM_WORDS, platformList, platformsNamed } from './platform-argument.ts';
import { pathArgument, rootOf } from './root.ts';
import { configuredSizes, loadFunction, type NamedFunction } from './simulate-load.ts';
import { simulationText } from './simulate-text.ts';
import { hasColour, jsonText, tell } from './terminal.ts';
import { NAME, VERSION } from './version.ts';

interface SimulateArguments {
  readonly platform?: readonly string[];
  readonly size?: ReadonlyMap<string, number>;
  readonly count: number;
  readonly path: ReadonlySet<number> | 'success' | 'worst' | 'all';
  readonly format: 'text' | 'json' | 'html' | 'dmaseq';
  readonly output?: string;
  readonly root?: string;
  readonly dialect: 'edk2' | 'linux' | 'auto';
  readonly profile?: string;
  readonly decisions?: true;
  readonly color: boolean;
}

/** On these the timeline is shown, unless platforms are asked for: they do the most. */
const LEADING = { linux: 'tdx', edk2: 'iommudxe-tdx' } as const;

/** Most times that `--count` goes round a loop: paths multiply with it. */
const MAX_COUNT = 8;

/** `dma-audit simulate`. */
export function simulateCommand(): Command {
  return new Command('simulate')
    .description('Show what a function does to DMA memory: its paths, executed on simulated platforms.')
    .argument('<file:function>', 'a C source and a function in it; FUNCTION#1 is the first of several definitions')
    .option(
      '--platform <ids>',
      `${PLATFORM_WORDS}; the first one is shown in full (default: those that the checker uses)`,
      platformList,
    )
    .option(
      '--size <name=bytes>',
      'what a size is that the code does not tell (4096, 0x1000, 64K); may be repeated',
      size,
    )
    .addOption(new Option('--count <n>', 'times round a loop that maps, at most').argParser(count).default(USUAL_COUNT))
    .addOption(
      new Option('--path <which>', 'path numbers separated by commas, success, worst or all')
        .argParser(paths)
        .default('success'),
    )
    .addOption(
      new Option('--format <format>', 'how to show it').choices(['text', 'json', 'html', 'dmaseq']).default('text'),
    )
    .option('--output <file>', 'write it to <file>', pathArgument)
    .option('--root <directory>', 'name files relative to <directory> (default: the current directory)', pathArgument)
    .addOption(new Option('--dialect <dialect>', 'whose C it is').choices(['edk2', 'linux', 'auto']).default('auto'))
    .option('--profile <file>', "figures of a machine, as 'dma-audit calibrate' writes them")
    .option('--decisions', 'show the decisions and calls on the way as well')
    .option('--no-color', 'do not colour the timeline')
    .addHelpText(
      'after',
      `
Sizes that the code does not tell count as a page until --size, a comment in the function or "sizes" in dma-audit.json
says otherwise:
  /* dma-audit-size: Length=0x2000 */`,
    )
    .action(execute);
}

async function execute(target: string, given: SimulateArguments): Promise<void> {
  const root = await rootOf(given.root);
  await protectInputs([given.output ?? null], [given.profile ?? null]);
  const found = await loadFunction(target, root, given.dialect === 'auto' ? null : given.dialect);
  const { dialect } = found.project;
  const platforms = given.platform ? await platformsNamed(given.platform, dialect) : usual(dialect);
  if (found.definitions.length > 1) tell(`${definitionsText(target, found)}\n`);
  const simulation = simulate(found.project, found.file, found.function, {
    platforms,
    sizes: given.size ?? new Map(),
    configuredSizes: await configuredSizes(root),
    paths: given.path,
    budget: simulationBudget(given.count),
    figures: await figuresWith(given.profile),
  });
  if (simulation === null) throw new Failure(EXIT.fatal, `${target}: the function could not be read`);
  checkAnswers(simulation, given);
  await writeOutput(given.output ?? null, await written(simulation, given));
}

/** Which one is shown of a function that is defined more than once. */
function definitionsText(target: string, { function: name, definitions }: NamedFunction): string {
  const told = definitions.map((one) => `${one.name} in line ${one.line}${one.name === name ? ' (this one)' : ''}`);
  return `${NAME}: ${plainName(target)} is defined ${definitions.length} times: ${told.join(', ')}`;
}

/** Names that nothing in the function is called by, and paths that are not there, are mistakes to tell. */
function checkAnswers({ paths, overview }: Simulation, { size: sizes = new Map(), path }: SimulateArguments): void {
  const assumptions = paths.flatMap((one) => one.assumptions);
  const used = new Set(assumptions.flatMap(({ name }) => [name, /(\w+)\)?$/.exec(name)?.[1] ?? '']));
  const unused = [...sizes.keys()].find((name) => !used.has(name));
  if (unused !== undefined) {
    const names = [...new Set(assumptions.map(({ name }) => name))].join(', ');
    throw new Failure(EXIT.usage, `--size ${unused}: ${names === '' ? 'every size is known' : `unknown are ${names}`}`);
  }
  const missing = path instanceof Set ? [...path].find((number) => number > overview.length) : undefined;
  if (missing !== undefined) throw new Failure(EXIT.usage, `--path ${missing}: there are ${overview.length} paths`);
}

async function written(simulation: Simulation, given: SimulateArguments): Promise<string> {
  switch (given.format) {
    case 'text': {
      const colour = given.color && given.output === undefined && hasColour(process.stdout);
      return simulationText(simulation, { colour, decisions: given.decisions === true });
    }
    case 'json':
      return jsonText({ tool: { name: NAME, version: VERSION }, ...simulation });
    case 'html': {
      const { simulationPage } = await import('./simulate-html.ts');
      return simulationPage(simulation);
    }
    case 'dmaseq': {
      const [path, ...others] = simulation.paths;
      if (path === undefined) throw new Failure(EXIT.fatal, `${simulation.function}: it has no path`);
      // A .dmaseq file is one program.
      if (others.length > 0)
        throw new Failure(
          EXIT.usage,
          `--format dmaseq writes one program, and these are ${others.length + 1} paths; --path N picks one`,
        );
      return dmaseq(simulation, path);
    }
  }
}

function dmaseq({ function: name, platforms }: Simulation, path: Simulation['paths'][number]): string {
  const places = new Map(path.steps.map((step) => [step.operation, `${step.file}:${step.line} ${step.text}`]));
  const document = documentOf(path.program, (index) => places.get(index) ?? null);
  const title = path.number === 1 ? name : `${name}, path ${path.number}`;
  return printDmaseq({ ...document, name: title, platforms: platforms.map(({ id }) => id) });
}

function usual(dialect: Platform['dialects'][number]): readonly Platform[] {
  const platforms = platformsFor(dialect);
  const isLeading = ({ id }: Platform): boolean => id === LEADING[dialect];
  return [...platforms.filter(isLeading), ...platforms.filter((one) => !isLeading(one))];
}

function size(value: string, before: ReadonlyMap<string, number> = new Map()): ReadonlyMap<string, number> {
  const named = parseNamedSize(value);
  if (named === null) throw new InvalidArgumentError('It must be name=bytes, as in Length=64K.');
  return new Map([...before, named]);
}

function count(value: string): number {
  const n = Number(value);
  if (!Number.isInteger(n) || n < 1 || n > MAX_COUNT)
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_COUNT}.`);
  return n;
}

function paths(value: string): SimulateArguments['path'] {
  if (value === 'success' || value === 'worst' || value === 'all') return value;
  const numbers = value.split(',').map(Number);
  if (numbers.some((n) => !Number.isInteger(n) || n < 1))
    throw new InvalidArgumentError('It must be numbers from 1, success, worst or all.');
  return new Set(numbers);
}
