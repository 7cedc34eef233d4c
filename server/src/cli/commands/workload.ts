import process from 'node:process';
import { COSTS, type CostId, type Row, renderCell, WORKLOADS, type Workload } from '@dma-audit/simulator';
import { Command, InvalidArgumentError, Option } from 'commander';
import pc from 'picocolors';
import { EXIT, Failure } from '../failure.ts';
import { writeOutput } from '../output.ts';
import { hasColour, jsonText } from '../terminal.ts';
import { figureText } from './figures.ts';
import { aligned } from './table.ts';

interface WorkloadArguments {
  readonly list?: true;
  readonly set?: Readonly<Record<string, number>>;
  readonly format: 'text' | 'json';
  readonly color: boolean;
}

/** `dma-audit workload`. */
export function workloadCommand(): Command {
  return new Command('workload')
    .description('Run a workload on the platforms that it compares, and show the comparison as a table.')
    .argument('[name]', 'which workload; --list shows them')
    .option('--list', 'list the workloads and their parameters')
    .option('--set <parameter=number>', 'change a parameter; may be repeated', setting)
    .addOption(new Option('--format <format>', 'how to show').choices(['text', 'json']).default('text'))
    .option('--no-color', 'do not colour the table')
    .action((name: string | undefined, options: WorkloadArguments) => writeOutput(null, shown(name, options)));
}

function shown(name: string | undefined, { list, set = {}, format, color }: WorkloadArguments): string {
  const colours = pc.createColors(color && hasColour(process.stdout));
  if (list) return format === 'json' ? json(WORKLOADS.map(about)) : listText(colours);
  const known = WORKLOADS.map((one) => one.name).join(', ');
  if (name === undefined) throw new Failure(EXIT.usage, `which workload? There are ${known}`);
  const workload = WORKLOADS.find((one) => one.name === name);
  if (workload === undefined) throw new Failure(EXIT.usage, `there is no workload '${name}'; there are ${known}`);
  const wrong = Object.keys(set).find((parameter) => !Object.hasOwn(workload.parameters, parameter));
  if (wrong !== undefined) {
    const parameters = Object.keys(workload.parameters).join(', ');
    throw new Failure(EXIT.usage, `${name} has no parameter '${wrong}'; it has ${parameters}`);
  }
  const rows = rowsOf(workload, set);
  return format === 'json' ? json({ ...about(workload), rows }) : comparison(workload, set, rows, colours);
}

function rowsOf(workload: Workload, set: Readonly<Record<string, number>>): readonly Row[] {
  try {
    return workload.run(set);
  } catch (error) {
    if (error instanceof RangeError) throw new Failure(EXIT.usage, `${workload.name}: ${error.message}`);
    throw error;
  }
}

const about = ({ name, title, claim, source, parameters, columns }: Workload) => ({
  name,
  title,
  claim,
  source,
  parameters,
  columns,
});

const json = (value: unknown): string => jsonText(value);

type Colours = ReturnType<typeof pc.createColors>;

function listText({ bold, dim }: Colours): string {
  const sections = WORKLOADS.map(({ name, title, claim, parameters }) =>
    [
      `${bold(name)}  ${title}`,
      `  claim: ${claim}`,
      ...aligned(
        Object.entries(parameters).map(([id, { title: what, value, min, max }]) => [
          `${id}=${value}`,
          `${what} (${min} to ${max})`,
        ]),
      ).map((line) => dim(`  ${line}`)),
    ].join('\n'),
  );
  return `${sections.join('\n\n')}\n`;
}

function comparison(
  { name, title, claim, source, parameters, columns }: Workload,
  set: Readonly<Record<string, number>>,
  rows: readonly Row[],
  { bold, dim }: Colours,
): string {
  const given = Object.entries(parameters).map(([id, { value }]) => `${id}=${set[id] ?? value}`);
  const cells = rows.map((row) => columns.map(({ id, unit }) => renderCell(row[id], unit)));
  const [head = '', ...body] = aligned(
    [columns.map((column) => column.title), ...cells],
    columns.map(({ unit }) => unit !== 'text'),
  );
  const figures = [...new Set(rows.flatMap(figuresIn))].sort();
  return [
    `${bold(name)}  ${title}`,
    `claim:  ${claim}`,
    dim(`source: ${source}`),
    dim(`with:   ${given.join(' ')}`),
    '',
    bold(head),
    ...body,
    ...(figures.length === 0 ? [] : ['', bold('Cost figures')]),
    ...aligned(figures.map((id) => [id, figureText(id)])).map((line) => dim(line)),
    '',
  ].join('\n');
}

/** The figures by which the times of a row were estimated. */
const figuresIn = (row: Row): readonly CostId[] =>
  Object.values(row)
    .flatMap((cell) => (typeof cell === 'object' && cell !== null ? cell.sources : []))
    .filter((id) => id in COSTS);

function setting(value: string, before: Readonly<Record<string, number>> = {}): Readonly<Record<string, number>> {
  const [, name, text] = /^([^=]+)=(.+)$/.exec(value) ?? [];
  const number = Number(text);
  if (name === undefined || !Number.isFinite(number)) throw new InvalidArgumentError('It must be parameter=number.');
  return { ...before, [name]: number };
}
