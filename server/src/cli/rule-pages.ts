import { readFileSync } from 'node:fs';
import pc from 'picocolors';
import type { Rule } from '../rules/index.ts';

/** The pages lie beside the bundled command. */
const FOLDER = new URL('./rules/', import.meta.url);

/** What the page of a rule says, in Markdown; what its metadata say when there is no page. */
export function rulePage({ id, summary }: Rule): string {
  try {
    return readFileSync(new URL(`${id}.md`, FOLDER), 'utf8');
  } catch {
    return `# ${id}\n\n${summary}\n`;
  }
}

/** A page for a terminal: headings and code stand out, the rest of Markdown is readable as it is. */
export function explained(page: string, colour: boolean): string {
  const { bold, cyan, dim } = pc.createColors(colour);
  let inCode = false;
  const lines = page
    .trimEnd()
    .split('\n')
    .flatMap((line) => {
      if (line.startsWith('```')) {
        inCode = !inCode;
        return [];
      }
      if (inCode) return [`    ${cyan(line)}`];
      const heading = /^#+ (.*)$/.exec(line)?.[1];
      if (heading !== undefined) return [bold(heading)];
      return [
        line
          .replace(/`([^`]+)`/g, (_, code: string) => cyan(code))
          .replace(/\[([^\]]+)\]\(([^)]+)\)/g, (_, text: string, target: string) => `${text} ${dim(`(${target})`)}`),
      ];
    });
  return `${lines.join('\n')}\n`;
}
