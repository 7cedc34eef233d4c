/** docs/workloads.md, made from a run. */
import type { CostFigure } from '../../simulator/src/platforms/costs.ts';
import { COSTS } from '../../simulator/src/platforms/costs.ts';
import { renderCell, WORKLOADS, type Workload } from '../../simulator/src/workloads/index.ts';

const HEAD = `# Workloads

Made by \`node test/run.mjs test/workloads/table.ts\` from a run; a test fails when this file is not what a run gives.
Counts are exact results of the simulation. Times are low – typical – high, from the figures at the end; a single value
means that only one was published, and what nobody has published is called unknown.
`;

export function workloadsDocument(): string {
  return [HEAD, ...WORKLOADS.map(section), costSection()].join('\n');
}

function section(workload: Workload): string {
  const { name, title, claim, source, parameters, columns } = workload;
  const given = Object.entries(parameters).map(([id, { title: what, value }]) => `- \`${id}\` = ${value}: ${what}`);
  const rows = workload.run().map((row) => columns.map(({ id, unit }) => renderCell(row[id], unit)));
  const head = columns.map((column) => column.title);
  const aligned = columns.map(({ unit }) => (unit === 'text' ? '---' : '---:'));
  return [
    `## ${name}`,
    '',
    `${title}.`,
    '',
    `Claim: ${claim}.`,
    `Source: ${source}.`,
    '',
    ...given,
    '',
    ...table([head, aligned, ...rows]),
    '',
  ].join('\n');
}

function costSection(): string {
  const rows = Object.values(COSTS).map((figure: CostFigure) => [
    `\`${figure.id}\``,
    figure.operation,
    [figure.low, figure.typical, figure.high].filter((value) => value !== null).join(' – ') || 'unknown',
    figure.unit,
    figure.hardware,
    figure.source,
    figure.kind,
  ]);
  const head = ['id', 'operation', 'low – typical – high', 'unit', 'found on', 'source', 'kind'];
  return ['## Cost figures', '', ...table([head, head.map(() => '---'), ...rows]), ''].join('\n');
}

const table = (rows: readonly (readonly string[])[]): string[] => rows.map((row) => `| ${row.join(' | ')} |`);
