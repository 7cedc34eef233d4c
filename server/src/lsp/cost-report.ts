import { PLATFORMS } from '@dma-audit/simulator';
import type { FunctionCost, PathCost } from '../audit/index.ts';
import { countersText, timeText } from './words.ts';

/** What the functions of a file cost, the most expensive first, by platform; as Markdown. */
export function costMarkdown(file: string, functions: readonly FunctionCost[], platforms: readonly string[]): string {
  const parts = platforms.map((id) => {
    const title = PLATFORMS.find((platform) => platform.id === id)?.title ?? id;
    const rows = functions.map((one) => {
      const assumed = one.assumed > 0 ? ` (${one.assumed} assumed)` : '';
      return `| \`${one.function}\` | ${one.line} | ${cell(one.success, id)}${assumed} | ${cell(one.worst, id)} |`;
    });
    const head = ['| function | line | the path that succeeds | the dearest path |', '| --- | ---: | --- | --- |'];
    return [
      `## ${title} (\`${id}\`)`,
      '',
      ...(rows.length > 0 ? [...head, ...rows] : ['No function moves DMA memory.']),
    ].join('\n');
  });
  const note =
    'Counts are exact for the simulated path; times are published figures. Sizes that the code does not tell count as a page.';
  return [`# DMA cost of ${file}`, ...parts, note, ''].join('\n\n');
}

function cell({ platforms }: PathCost, id: string): string {
  const found = platforms.find((platform) => platform.id === id);
  if (!found) return '';
  const parts = [...countersText(found.counters), timeText(found.cost) ?? ''].filter((text) => text !== '');
  return parts.length > 0 ? parts.join(', ') : 'nothing';
}

/** By the time that is known, then by what has no figure. */
export function byCost(platform: string): (a: FunctionCost, b: FunctionCost) => number {
  const weight = ({ success }: FunctionCost): number => {
    const cost = success.platforms.find(({ id }) => id === platform)?.cost;
    return (cost?.known.high ?? 0) + (cost?.unpriced ?? []).reduce((sum, { count }) => sum + count, 0) / 1e6;
  };
  return (a, b) => weight(b) - weight(a);
}
