import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import { PLATFORMS, type Platform } from '@dma-audit/simulator';
import { Command, InvalidArgumentError, Option } from 'commander';
import { readDirectory } from '../audit/directory.ts';
import { COST_BUDGET, type FunctionCost, nameIn, unitCosts } from '../audit/index.ts';
import { type Figures, figuresWith } from './calibrate-profile.ts';
import { earlierTree } from './cost-earlier.ts';
import { ruleSavings, savingsText } from './cost-savings.ts';
import { type Calls, costRows } from './cost-table.ts';
import { costText } from './cost-text.ts';
import { EXIT, Failure, reasonOf } from './failure.ts';
import { findInputs, type Inputs } from './inputs.ts';
import { protectInputs, writeOutput } from './output.ts';
import { PLATFORM_WORDS, platformList, platformsNamed } from './platform-argument.ts';
import { pathArgument, rootOf } from './root.ts';
import { analysisTools, configuredSizes } from './simulate-load.ts';
import { hasColour, jsonText } from './terminal.ts';
import { NAME, VERSION } from './version.ts';

interface CostArguments {
  readonly platform?: readonly string[];
  readonly workload?: string;
  readonly compare?: string;
  readonly profile?: string;
  readonly top: number;
  readonly format: 'text' | 'json';
  readonly output?: string;
  readonly root?: string;
  readonly color: boolean;
}

const USUAL: readonly string[] = ['tdx', 'vtd-strict', 'iommudxe-tdx-no-pool', 'iommudxe-tdx'];

/** `dma-audit cost`. */
export function costCommand(): Command {
  return new Command('cost')
    .description('Estimate what each function costs: conversions, bytes bounced, invalidations, slots, time.')
    .argument('[paths...]', 'files, directories and globs (default: the current directory)')
    .option('--platform <ids>', `${PLATFORM_WORDS} (default: ${USUAL.join(',')}, those of the dialect)`, platformList)
    .option('--workload <file>', 'how often functions are called: JSON such as {"e1000_xmit_frame": 1000000}')
    .option(
      '--compare <before>',
      'a git revision, or a directory with the same tree before a change: tell what the change costs or saves',
      pathArgument,
    )
    .option('--profile <file>', "figures of a machine, as 'dma-audit calibrate' writes them")
    .addOption(new Option('--top <n>', 'functions in each table').argParser(top).default(30))
    .addOption(new Option('--format <format>', 'how to report').choices(['text', 'json']).default('text'))
    .option('--output <file>', 'write the report to <file>', pathArgument)
    .option('--root <directory>', 'name files relative to <directory> (default: the current directory)', pathArgument)
    .option('--no-color', 'do not colour the report')
    .action(execute);
}

async function execute(paths: readonly string[], given: CostArguments): Promise<void> {
  const root = await rootOf(given.root);
  await protectInputs([given.output ?? null], [given.workload ?? null, given.profile ?? null]);
  const asked = given.platform ? await platformsNamed(given.platform, null) : null;
  const calls = given.workload === undefined ? null : await readCalls(given.workload);
  const figures = await figuresWith(given.profile);
  const named = paths.length > 0 ? paths : ['.'];
  const inputs = await findInputs(named, process.cwd(), root);
  const after = await costsIn(inputs, root, asked, figures);
  const before = given.compare === undefined ? null : await costsBefore(given.compare, named, root, asked, figures);
  refuseUnknown(calls, [...after, ...(before ?? [])], given.workload);
  const platforms = (asked ?? usual(after)).map(({ id }) => id);
  const tables = platforms.map((id) => ({
    platform: id,
    rows: costRows(after, before, id, calls),
    hints: ruleSavings(after, id, calls),
  }));
  const colour = given.color && given.output === undefined && hasColour(process.stdout);
  const options = { colour, top: given.top, hasCalls: calls !== null };
  const text =
    given.format === 'json'
      ? jsonText({ tool: { name: NAME, version: VERSION }, tables, functions: after })
      : after.length === 0
        ? 'no function moves DMA memory\n'
        : `${tables
            .flatMap(({ platform, rows, hints }) => [costText(platform, rows, options), savingsText(hints, colour)])
            .filter((part) => part !== '')
            .join('\n\n')}\n`;
  await writeOutput(given.output ?? null, text);
}

/** Of the usual platforms those on which any of these functions runs. */
function usual(costs: readonly FunctionCost[]): readonly Platform[] {
  const ids = new Set(costs.flatMap(({ success }) => success.platforms.map(({ id }) => id)));
  return PLATFORMS.filter(({ id }) => ids.has(id));
}

async function costsIn(
  { files }: Inputs,
  root: string,
  asked: readonly Platform[] | null,
  figures: Figures,
): Promise<readonly FunctionCost[]> {
  const names = new Set(files.map((file) => nameIn(root, file)));
  const tools = await analysisTools(root);
  const sizes = await configuredSizes(root);
  const costs: FunctionCost[] = [];
  for (const directory of [...new Set(files.map((file) => dirname(file)))].sort()) {
    const { projects } = await readDirectory(directory, { root, dialect: null }, tools);
    for (const { project, units } of projects) {
      const platforms = (asked ?? PLATFORMS.filter(({ id }) => USUAL.includes(id))).filter(({ dialects }) =>
        dialects.includes(project.dialect),
      );
      for (const unit of units)
        if (names.has(unit.path)) costs.push(...unitCosts(project, unit, platforms, sizes, COST_BUDGET, figures));
    }
  }
  return costs;
}

/** The same paths below another root, or of a commit; those that are not there had no cost. */
async function costsBefore(
  compare: string,
  paths: readonly string[],
  root: string,
  asked: readonly Platform[] | null,
  figures: Figures,
): Promise<readonly FunctionCost[]> {
  const earlier = await earlierTree(compare, paths, root);
  try {
    const inputs = await findInputs(earlier.paths, earlier.root, earlier.root, 'nothing');
    return await costsIn(inputs, earlier.root, asked, figures);
  } finally {
    await earlier.remove();
  }
}

async function readCalls(file: string): Promise<Calls> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new Failure(EXIT.configuration, `--workload ${file}: ${reasonOf(error)}`);
  }
  const entries = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : null;
  if (entries === null) throw new Failure(EXIT.configuration, `--workload ${file}: it must be {"function": calls}`);
  return new Map(
    entries.map(([name, calls]) => {
      if (typeof calls !== 'number' || !(calls >= 0) || !Number.isFinite(calls))
        throw new Failure(EXIT.configuration, `--workload ${file}: ${name}: calls must be a number from 0`);
      return [name, calls];
    }),
  );
}

/** A function that nothing is known of would count as free. */
function refuseUnknown(calls: Calls | null, costs: readonly FunctionCost[], workload = ''): void {
  const known = new Set(costs.flatMap(({ file, function: name }) => [name, `${file}:${name}`]));
  const unknown = [...(calls?.keys() ?? [])].filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw new Failure(
      EXIT.usage,
      unknown.map((name) => `--workload ${workload}: there is no function '${name}' that moves DMA memory`),
    );
}

function top(value: string): number {
  const n = Number(value);
  if (!Number.isInteger(n) || n < 1) throw new InvalidArgumentError('It must be a whole number from 1.');
  return n;
}
