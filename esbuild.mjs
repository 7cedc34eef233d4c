// Bundles the command line tool and its worker: node esbuild.mjs
// The simulator is bundled from its sources (condition dma-audit-source); packages stay outside, npm installs them.
import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('.', import.meta.url));
const { dependencies } = JSON.parse(readFileSync(join(root, 'server', 'package.json'), 'utf8'));
const dist = join(root, 'server', 'dist');
// Written beside and moved over: somebody else may be loading the old files at this moment.
const temporary = join(dist, `.build-${process.pid}`);
mkdirSync(temporary, { recursive: true });
try {
  await build({
    absWorkingDir: root,
    entryPoints: { worker: 'server/src/audit/worker.ts', cli: 'server/src/cli/main.ts' },
    outdir: temporary,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    conditions: ['dma-audit-source'],
    external: Object.keys(dependencies),
    minifySyntax: true,
    logLevel: 'warning',
  });
  for (const name of ['worker.js', 'cli.js']) renameSync(join(temporary, name), join(dist, name));
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
