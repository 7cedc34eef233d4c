// Bundles the command line tool and its worker: node esbuild.mjs [--release]
// The simulator is bundled from its sources (condition dma-audit-source); packages stay outside, npm installs them.
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('.', import.meta.url));
const { dependencies } = JSON.parse(readFileSync(join(root, 'server', 'package.json'), 'utf8'));
const dist = join(root, 'server', 'dist');
// Written beside and moved over, and old files kept for an hour: another process may be loading them at this moment.
const temporary = join(dist, `.build-${process.pid}`);
// A package has no use for them.
const KEPT = process.argv.includes('--release') ? 0 : 3_600_000;

/** Copies the pages of the rules, which `dma-audit explain` shows. */
function copyPages() {
  const from = join(root, 'server', 'src', 'rules');
  const pages = readdirSync(from).filter((name) => name.endsWith('.md'));
  for (const name of pages) cpSync(join(from, name), join(dist, 'rules', name));
}

mkdirSync(temporary, { recursive: true });
try {
  await build({
    absWorkingDir: root,
    entryPoints: {
      cli: 'server/src/cli/main.ts',
      worker: 'server/src/audit/worker.ts',
      lsp: 'server/src/lsp/main.ts',
      'analysis-thread': 'server/src/lsp/analysis-thread.ts',
    },
    outdir: temporary,
    chunkNames: 'chunk-[hash]',
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    conditions: ['dma-audit-source'],
    external: Object.keys(dependencies),
    minifySyntax: true,
    logLevel: 'warning',
  });
  // The page of a simulation, for reports in a single file: a script must not end its own element.
  await build({
    absWorkingDir: root,
    entryPoints: { panel: 'client/panel/page.ts', 'panel-style': 'client/panel/panel.css' },
    outdir: temporary,
    entryNames: '[name]',
    bundle: true,
    platform: 'browser',
    format: 'esm',
    target: ['chrome124', 'firefox128', 'safari17.5'],
    conditions: ['dma-audit-source'],
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
  });
  // Chunks first: an entry must not name one that is not there yet.
  const isEntry = (name) => !name.startsWith('chunk-');
  const files = readdirSync(temporary).sort((a, b) => isEntry(a) - isEntry(b));
  for (const name of files) renameSync(join(temporary, name), join(dist, name));
  copyPages();
  for (const name of readdirSync(dist)) {
    const path = join(dist, name);
    if (name !== 'rules' && !files.includes(name) && statSync(path).mtimeMs <= Date.now() - KEPT)
      rmSync(path, { recursive: true });
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
