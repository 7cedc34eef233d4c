import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Simulation } from '../audit/index.ts';
import { EXIT, Failure, reasonOf } from './failure.ts';

/** The page of a simulation in a single file: nothing is loaded, nothing runs but its own script. */
export async function simulationPage(simulation: Simulation): Promise<string> {
  const [script, style] = await Promise.all([asset('panel.js'), asset('panel-style.css')]);
  return pageOf(simulation, script, style);
}

export function pageOf(simulation: Simulation, script: string, style: string): string {
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(simulation.function)} – DMA simulation</title>
<style>${style}</style>
</head>
<body>
<p>This report needs JavaScript. The same is told by dma-audit simulate --format text.</p>
<script type="application/json" id="simulation">${escapeJson(simulation)}</script>
<script type="module">${script}</script>
</body>
</html>
`;
}

/** Bundled beside the command. */
async function asset(name: string): Promise<string> {
  try {
    return await readFile(new URL(`./${name}`, import.meta.url), 'utf8');
  } catch (error) {
    throw new Failure(EXIT.fatal, `${name}: ${reasonOf(error)}`);
  }
}

const hashOf = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

/** No `<` and no line separator stays: neither the data nor a source text in it can end its element. */
const escapeJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const escapeText = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
