// Runs a TypeScript entry of this repository: node test/run.mjs ENTRY [ARGUMENT...]
// Bundled first, because the sources import each other through the `dma-audit-source` condition, without a build.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [entry, ...rest] = process.argv.slice(2);
if (entry === undefined) {
  console.error('usage: node test/run.mjs ENTRY [ARGUMENT...]');
  process.exit(2);
}
// Inside node_modules, so that packages which stay outside of the bundle (native ones) are found from there.
const folder = join(root, 'node_modules', '.cache', 'dma-audit');
const bundle = join(folder, `${basename(entry, '.ts')}-${process.pid}.mjs`);
mkdirSync(folder, { recursive: true });
try {
  await build({
    entryPoints: [join(root, entry)],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['dma-audit-source'],
    external: ['esbuild', 'tree-sitter', 'tree-sitter-*', 'vscode-*', 'playwright-core', '@vscode/*'],
    sourcemap: 'inline',
    logLevel: 'error',
  });
  const run = spawnSync(process.execPath, ['--enable-source-maps', bundle, ...rest], { stdio: 'inherit' });
  process.exitCode = run.status ?? 1;
} finally {
  rmSync(bundle, { force: true });
}
