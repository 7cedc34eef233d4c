// Bundles the extension into client/dist: node client/build.mjs
// The extension itself, and beside it the language server, the debug adapter and the panel's page with everything that they
// need: nothing is installed where an extension is. Native parsers travel with their binaries for all six systems.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'client', 'dist');
const server = join(dist, 'server');

// What is found by its place on the disk at run time: binaries, WebAssembly, the worker of a pool. The files of each that count.
const OUTSIDE = {
  'node-gyp-build': [/^[^/]+\.js$/],
  'tree-sitter': [/^index\.js$/, /^prebuilds\/.*\.node$/],
  'tree-sitter-c': [/^bindings\/node\/index\.js$/, /^prebuilds\/.*\.node$/, /^tree-sitter-c\.wasm$/],
  tinypool: [/^dist\/.*\.js$/],
  'web-tree-sitter': [/^web-tree-sitter\.(js|wasm)$/],
};
const ALWAYS = [/^package\.json$/, /^licen[cs]e/i];

/** The oldest Node that runs it is that of the oldest editor of `engines`. */
const common = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  metafile: true,
  legalComments: 'none',
  logLevel: 'warning',
};
const node = {
  ...common,
  platform: 'node',
  target: 'node20.18',
  // Some packages' CommonJS form cannot be bundled, or is the larger one.
  mainFields: ['module', 'main'],
  conditions: ['dma-audit-source'],
};

rmSync(dist, { recursive: true, force: true });
mkdirSync(server, { recursive: true });
const builds = await Promise.all([
  // VS Code loads an extension by require.
  build({
    ...node,
    entryPoints: ['client/src/extension.ts'],
    outfile: join(dist, 'extension.cjs'),
    format: 'cjs',
    external: ['vscode'],
    alias: { 'vscode-languageserver': 'vscode-languageserver-protocol' },
  }),
  build({
    ...node,
    entryPoints: {
      cli: 'server/src/cli/main.ts',
      worker: 'server/src/audit/worker.ts',
      lsp: 'server/src/lsp/main.ts',
      'analysis-thread': 'server/src/lsp/analysis-thread.ts',
    },
    outdir: server,
    chunkNames: 'chunk-[hash]',
    format: 'esm',
    splitting: true,
    external: Object.keys(OUTSIDE),
    // Packages that are CommonJS ask for Node's own modules by require. The minifier must not come upon the same name.
    banner: {
      js: "import{createRequire as $createRequire}from'node:module';const require=$createRequire(import.meta.url);",
    },
  }),
  build({
    ...common,
    entryPoints: { panel: 'client/panel/page.ts', 'panel-style': 'client/panel/panel.css' },
    outdir: server,
    entryNames: '[name]',
    platform: 'browser',
    format: 'esm',
    target: ['chrome124'],
    conditions: ['dma-audit-source'],
  }),
]);

const rules = join(root, 'server', 'src', 'rules');
for (const name of readdirSync(rules).filter((file) => file.endsWith('.md')))
  cpSync(join(rules, name), join(server, 'rules', name));
for (const [name, wanted] of Object.entries(OUTSIDE)) {
  const from = join(root, 'node_modules', name);
  const files = readdirSync(from, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath ?? entry.path, entry.name)
        .slice(from.length + 1)
        .replaceAll('\\', '/'),
    );
  for (const file of files.filter((path) => [...wanted, ...ALWAYS].some((one) => one.test(path))))
    cpSync(join(from, file), join(server, 'node_modules', name, file));
}
writeFileSync(
  join(dist, 'THIRD-PARTY-NOTICES.txt'),
  notices(builds.flatMap(({ metafile }) => Object.keys(metafile.inputs))),
);

/** The licences of what is in the bundles. */
function notices(inputs) {
  const folders = new Set(inputs.flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []));
  return [...folders]
    .sort()
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
      const file = readdirSync(join(root, folder)).find((one) => /^licen[cs]e/i.test(one));
      const text = file === undefined ? '' : readFileSync(join(root, folder, file), 'utf8').trim();
      return `${name} ${version} (${license})\n\n${text}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}
