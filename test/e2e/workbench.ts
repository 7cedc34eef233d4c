/** The real VS Code server, out of the npm package code-server: started on a copy of a folder. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, cpSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Quiet, and the same everywhere. */
const SETTINGS = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.colorTheme': 'Default Light Modern',
  'workbench.enableExperiments': false,
  'chat.disableAIFeatures': true,
  'chat.commandCenter.enabled': false,
  'security.workspace.trust.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  'npm.fetchOnlinePackageInfo': false,
  'files.autoSave': 'off',
  'editor.minimap.enabled': false,
  'editor.cursorBlinking': 'solid',
  'editor.lightbulb.enabled': 'on',
};

export interface WorkbenchOptions {
  /** Packages to install. */
  readonly extensions?: readonly string[];
  /** Copied; the copy is opened. */
  readonly folder: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether the page's address may name tests to run. */
  readonly automation?: boolean;
}

export interface Workbench {
  /** The copied folder. */
  readonly folder: string;
  /** Where the workbench and its extensions log. */
  readonly logs: string;
  /** Writes the settings of the workspace. */
  set(settings: Readonly<Record<string, unknown>>): void;
  /** Address of the page, with payload entries such as `['openFile', uri]`. */
  url(payload?: readonly (readonly [string, string])[]): string;
  /** A file as the page must name it: under any other authority it would count as another file. */
  remote(path: string): string;
  stop(): Promise<void>;
}

/** `VSCODE_DIR` is code-server/lib/vscode, `VSCODE_NODE` the Node that runs it. */
export async function startWorkbench(options: WorkbenchOptions): Promise<Workbench> {
  const { VSCODE_DIR: directory, VSCODE_NODE: node = process.execPath } = process.env;
  if (!directory) throw new Error('VSCODE_DIR is not set');
  const root = mkdtempSync(join(tmpdir(), 'dma-audit-e2e-'));
  const data = join(root, 'data');
  mkdirSync(join(data, 'User'), { recursive: true });
  mkdirSync(join(root, 'extensions'));
  writeFileSync(join(data, 'User', 'settings.json'), JSON.stringify({ ...SETTINGS, ...options.settings }));
  cpSync(options.folder, join(root, 'workspace'), { recursive: true });
  const main = [
    join(directory, 'out', 'server-main.js'),
    ...['--accept-server-license-terms', '--telemetry-level', 'off', '--server-data-dir', join(root, 'server')],
    ...['--user-data-dir', data, '--extensions-dir', join(root, 'extensions')],
  ];
  const env = { ...cleanEnvironment(), EXTENSIONS_GALLERY: '{}', ...options.environment };
  for (const extension of options.extensions ?? []) {
    const said = execFileSync(node, [...main, '--install-extension', extension], {
      env,
      encoding: 'utf8',
      stdio: 'pipe',
    });
    if (!said.includes('was successfully installed')) throw new Error(`${extension} was not installed: ${said}`);
  }
  const port = await freePort();
  const log = join(root, 'server.log');
  const output = openSync(log, 'w');
  const child = spawn(
    node,
    [
      ...main,
      ...['--host', '127.0.0.1', '--port', `${port}`, '--without-connection-token'],
      ...(options.automation ? ['--enable-smoke-test-driver'] : []),
    ],
    { env, stdio: ['ignore', output, output], detached: true },
  );
  closeSync(output);
  if (!(await isUp(child, port))) {
    await stop(child);
    throw new Error(`the workbench did not start:\n${readFileSync(log, 'utf8')}`);
  }
  const folder = join(root, 'workspace');
  return {
    folder,
    set: (settings) => {
      mkdirSync(join(folder, '.vscode'), { recursive: true });
      writeFileSync(join(folder, '.vscode', 'settings.json'), JSON.stringify(settings));
    },
    logs: join(root, 'server', 'data', 'logs'),
    url: (payload = []) =>
      `http://127.0.0.1:${port}/?folder=${encodeURIComponent(folder)}&payload=${encodeURIComponent(JSON.stringify(payload))}`,
    remote: (path) => `vscode-remote://127.0.0.1:${port}${path}`,
    stop: async () => {
      await stop(child);
      if (!process.env.E2E_KEEP) rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

/** Of whoever runs the tests, without what another editor or test runner has put in. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const foreign = (name: string): boolean => /^VSCODE_|^NODE_OPTIONS$|^NODE_TEST_CONTEXT$/.test(name);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign(name)));
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
      .once('error', reject)
      .listen(0, '127.0.0.1', () => {
        const address = server.address();
        server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
      });
  });

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
      .once('connect', () => {
        socket.destroy();
        resolve(true);
      })
      .once('error', () => resolve(false));
  });

async function isUp(child: ChildProcess, port: number): Promise<boolean> {
  for (let tries = 0; tries < 600 && child.exitCode === null; tries++) {
    if (await listens(port)) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

/** The whole group: server, extension hosts, language servers. */
async function stop(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const signal = (name: NodeJS.Signals): void => {
    try {
      process.kill(-pid, name);
    } catch {
      // Gone by itself.
    }
  };
  signal('SIGTERM');
  const timer = setTimeout(() => signal('SIGKILL'), 5_000);
  await gone;
  clearTimeout(timer);
}
