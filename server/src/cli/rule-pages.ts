import { readFileSync } from 'node:fs';
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
