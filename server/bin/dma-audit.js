#!/usr/bin/env node
// In a package: runs dist/. In a checkout, where the sources lie beside it: builds dist/ first when a source is newer.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const server = new URL('../', import.meta.url);
const bundle = new URL('dist/cli.js', server);
const sources = ['src', '../simulator/src', '../client/panel', 'package.json', '../esbuild.mjs'].map(
  (path) => new URL(path, server),
);

/** Milliseconds since the epoch of the newest file under `path`, folders included: a removed file counts as well. */
function newest(path) {
  const status = statSync(path);
  if (!status.isDirectory()) return status.mtimeMs;
  return readdirSync(path, { withFileTypes: true }).reduce(
    (time, entry) => (entry.name.endsWith('.test.ts') ? time : Math.max(time, newest(join(path, entry.name)))),
    status.mtimeMs,
  );
}

async function build() {
  if (!existsSync(sources[0])) return;
  const built = existsSync(bundle) ? statSync(bundle).mtimeMs : 0;
  if (sources.some((source) => newest(fileURLToPath(source)) > built)) await import(new URL('../esbuild.mjs', server));
}

try {
  await build();
  await import(process.argv[2] === 'lsp' ? new URL('dist/lsp.js', server) : bundle);
} catch (error) {
  console.error(`dma-audit: cannot start: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 2;
}
