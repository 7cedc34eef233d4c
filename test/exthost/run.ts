/**
 * The suite inside the extension host, started as @vscode/test-electron does: node test/e2e/run.mjs extension
 * `VSCODE_EXECUTABLE` names the editor; else it is the workbench in a browser that `VSCODE_DIR` names.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runTests } from '@vscode/test-electron';
import { build } from 'esbuild';

const root = process.cwd();
const suite = join(root, 'dist-test', 'suite.cjs');
const output = mkdtempSync(join(tmpdir(), 'dma-audit-exthost-'));
const report = join(output, 'report.txt');

await build({
  entryPoints: [join(root, 'test/exthost/suite.ts')],
  outfile: suite,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  external: ['vscode', 'mocha'],
});
try {
  await runTests({
    vscodeExecutablePath: process.env.VSCODE_EXECUTABLE ?? resolve(root, 'test/exthost/workbench.sh'),
    extensionDevelopmentPath: root,
    extensionTestsPath: suite,
    launchArgs: [resolve(root, 'examples'), '--disable-extensions'],
    extensionTestsEnv: { E2E_REPORT: report },
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  try {
    console.log(readFileSync(report, 'utf8'));
  } catch {
    console.log('no report: the suite did not run');
  }
  rmSync(output, { recursive: true, force: true });
}
