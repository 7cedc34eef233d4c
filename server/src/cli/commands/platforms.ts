import process from 'node:process';
import {
  COSTS,
  type CostId,
  DEFAULT_PLATFORM_IDS,
  describeParts,
  PLATFORMS,
  type Platform,
} from '@dma-audit/simulator';
import { Command, Option } from 'commander';
import pc from 'picocolors';
import { writeOutput } from '../output.ts';
import { hasColour, jsonText } from '../terminal.ts';
import { figureText } from './figures.ts';
import { aligned } from './table.ts';

interface PlatformsArguments {
  readonly format: 'text' | 'json';
  readonly color: boolean;
}

/** `dma-audit platforms`. */
export function platformsCommand(): Command {
  return new Command('platforms')
    .description('List the simulated platforms with their parts and the sources of their cost figures.')
    .addOption(new Option('--format <format>', 'how to list').choices(['text', 'json']).default('text'))
    .option('--no-color', 'do not colour the list')
    .action(({ format, color }: PlatformsArguments) =>
      writeOutput(null, format === 'json' ? json() : text(color && hasColour(process.stdout))),
    );
}

const figuresOf = ({ description }: Platform): readonly CostId[] => [...new Set(Object.values(description.costs))];

function text(colour: boolean): string {
  const { bold, dim, green } = pc.createColors(colour);
  const names = aligned(PLATFORMS.map(({ id, dialects }) => [id, dialects.join(' ')]));
  const indent = ' '.repeat(2 + (names[0] === undefined ? 0 : Math.max(...names.map((name) => name.length))) + 2);
  const width = indent.length - 4;
  const lines = PLATFORMS.flatMap((platform, i) => {
    const { memory, bounce, iommu, device } = describeParts(platform.description);
    const costs = figuresOf(platform);
    const mark = DEFAULT_PLATFORM_IDS.has(platform.id) ? green('●') : ' ';
    return [
      `${mark} ${bold((names[i] ?? '').padEnd(width))}  ${platform.title}`,
      dim(`${indent}memory ${memory} · bounce ${bounce} · IOMMU ${iommu}`),
      dim(`${indent}device ${device} · costs ${costs.length === 0 ? 'none' : costs.join(', ')}`),
    ];
  });
  const used = [...new Set(PLATFORMS.flatMap(figuresOf))].sort();
  const figures = aligned(used.map((id) => [id, figureText(id)])).map((line) => `  ${line}`);
  return [
    `${green('●')} the checker runs every faulty path on these, unless it is told others`,
    '',
    ...lines,
    '',
    bold('Cost figures'),
    ...figures,
    '',
  ].join('\n');
}

function json(): string {
  const platforms = PLATFORMS.map((platform) => ({
    id: platform.id,
    title: platform.title,
    dialects: platform.dialects,
    default: DEFAULT_PLATFORM_IDS.has(platform.id),
    parts: describeParts(platform.description),
    description: platform.description,
    costs: figuresOf(platform).map((id) => COSTS[id]),
  }));
  return jsonText({ platforms });
}
