import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVSIX, listFiles, PackageManager } from '@vscode/vsce';
import { beforeAll, describe, expect, it } from 'vitest';
import { RULES } from '../../server/src/rules/index.ts';

const root = join(import.meta.dirname, '../..');
const SYSTEMS = ['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64', 'win32-arm64', 'win32-x64'];
const SERVER = 'client/dist/server';
const PACKAGES = `${SERVER}/node_modules`;

/** All that may be in the package, chunks of the bundle aside. */
const WANTED = [
  'package.json',
  'LICENSE',
  'CHANGELOG.md',
  'client/README.md',
  'client/dist/THIRD-PARTY-NOTICES.txt',
  'client/dist/extension.cjs',
  'client/images/icon.png',
  ...['audit', 'keep', 'open', 'platform', 'simulate', 'understand'].map((name) => `client/walkthrough/${name}.md`),
  'docs/schema/config.json',
  'syntaxes/dma-calls.tmLanguage.json',
  'syntaxes/dmaseq.language-configuration.json',
  'syntaxes/dmaseq.tmLanguage.json',
  ...['analysis-thread.js', 'cli.js', 'lsp.js', 'panel.js', 'panel-style.css', 'worker.js'].map(
    (name) => `${SERVER}/${name}`,
  ),
  ...RULES.map(({ id }) => `${SERVER}/rules/${id}.md`),
  ...['tree-sitter', 'tree-sitter-c'].flatMap((name) =>
    SYSTEMS.map((system) => `${PACKAGES}/${name}/prebuilds/${system}/${name}.node`),
  ),
  `${PACKAGES}/tree-sitter/index.js`,
  `${PACKAGES}/tree-sitter-c/bindings/node/index.js`,
  `${PACKAGES}/tree-sitter-c/tree-sitter-c.wasm`,
  `${PACKAGES}/web-tree-sitter/web-tree-sitter.js`,
  `${PACKAGES}/web-tree-sitter/web-tree-sitter.wasm`,
];
const OF_PACKAGES = new RegExp(
  `^${PACKAGES}/(node-gyp-build|tinypool|tree-sitter|tree-sitter-c|web-tree-sitter)/(package\\.json|licen[cs]e.*|[\\w-]+\\.js|dist/.*\\.js)$`,
  'i',
);
const CHUNK = new RegExp(`^${SERVER}/[\\w-]+-[A-Z0-9]{8}\\.js$`);

describe('the package of the extension', () => {
  beforeAll(() => {
    execFileSync(process.execPath, ['client/build.mjs'], { cwd: root });
  }, 120_000);

  it('holds what the extension needs on each system, and nothing else', async () => {
    const files = (await listFiles({ cwd: root, packageManager: PackageManager.None })).map((path) =>
      path.replaceAll('\\', '/'),
    );
    // The list has the README of the folder besides the one that is packed.
    expect(WANTED.filter((path) => !files.includes(path))).toEqual([]);
    expect(
      files.filter(
        (path) => path !== 'README.md' && !WANTED.includes(path) && !OF_PACKAGES.test(path) && !CHUNK.test(path),
      ),
    ).toEqual([]);
  });

  it('is smaller than 10 MB', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dma-audit-vsix-'));
    try {
      const packagePath = join(folder, 'dma-audit.vsix');
      await createVSIX({
        cwd: root,
        packagePath,
        dependencies: false,
        allowMissingRepository: true,
        readmePath: 'client/README.md',
      });
      expect(statSync(packagePath).size).toBeLessThan(10_000_000);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
