// Packs the extension, installs it into the real workbench and drives that in a browser: npm run e2e
// VSCODE_EDITION=oldest takes the oldest VS Code that the extension is for.
// Where workbench or browser cannot be had, it says so and passes.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { installWorkbench } from './install.mjs';

const root = join(import.meta.dirname, '..', '..');
const suites = { browser: 'test/e2e/editor.e2e.ts', 'extension host': 'test/exthost/run.ts' };
const wanted = process.argv.slice(2);

/** Ends the process when the command fails; `quiet`: what it says is shown only then. */
function run(command, args, { env = {}, quiet = false } = {}) {
  const stdio = quiet ? 'pipe' : 'inherit';
  const done = spawnSync(command, args, { cwd: root, stdio, encoding: 'utf8', env: { ...process.env, ...env } });
  if (done.status === 0) return;
  if (quiet) console.error(done.stdout, done.stderr);
  process.exit(done.status ?? 1);
}

const browser = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (!existsSync(browser)) {
  console.log(`e2e: skipped, there is no browser at ${browser} (CHROMIUM names another one)`);
  process.exit(0);
}
const workbench = installWorkbench(join(root, '.vscode-test', process.env.VSCODE_EDITION ?? 'newest'));
if (!workbench.ok) {
  console.log(`e2e: skipped, the workbench cannot be installed: ${workbench.reason}`);
  process.exit(0);
}
const shots = join(root, 'test', 'e2e', 'shots');
if (wanted.length === 0) rmSync(shots, { recursive: true, force: true });
run('npm', ['run', '--silent', 'extension'], { quiet: true });
for (const [name, entry] of Object.entries(suites)) {
  if (wanted.length > 0 && !wanted.includes(name.split(' ')[0] ?? '')) continue;
  console.log(`e2e: ${name}`);
  run(process.execPath, ['test/run.mjs', entry], {
    env: {
      ...workbench.environment,
      CHROMIUM: browser,
      E2E_SHOTS: shots,
      NODE_OPTIONS: '--test-reporter=spec',
    },
  });
}
