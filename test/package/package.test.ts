import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAULTY } from '../ci/workspace.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'dma-audit-package-'));
const checkout = join(folder, 'checkout');
const installed = join(folder, 'installed');

function run(directory: string, program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: directory, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr + stdout}`);
  return stdout;
}

/** Packs a copy of the checkout, so that nobody's `dist` is disturbed, and installs the packages in an empty directory. */
beforeAll(() => {
  mkdirSync(checkout);
  for (const name of ['package.json', 'esbuild.mjs', 'tsconfig.json', 'server', 'simulator', 'client', 'LICENSE'])
    cpSync(join(repository, name), join(checkout, name), {
      recursive: true,
      filter: (path) => !/[/\\](node_modules|dist)$/.test(path),
    });
  const modules = join(checkout, 'node_modules');
  mkdirSync(modules);
  for (const name of readdirSync(join(repository, 'node_modules'))) {
    if (name === '@dma-audit' || name === 'dma-audit') continue;
    symlinkSync(join(repository, 'node_modules', name), join(modules, name));
  }
  mkdirSync(join(modules, '@dma-audit'));
  symlinkSync(join(checkout, 'simulator'), join(modules, '@dma-audit', 'simulator'));
  run(checkout, process.execPath, 'esbuild.mjs', '--release');
  run(join(checkout, 'simulator'), 'npx', 'tsc', '-p', 'tsconfig.build.json');
  mkdirSync(installed);
  for (const name of ['server', 'simulator'])
    run(join(checkout, name), 'npm', 'pack', '--ignore-scripts', '--pack-destination', folder);
  const packages = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  writeFileSync(join(installed, 'package.json'), '{ "private": true, "type": "module" }\n');
  run(
    installed,
    'npm',
    'install',
    '--ignore-scripts',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    ...packages.map((name) => join(folder, name)),
  );
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Names of the files of an installed package, relative to it. */
function filesOf(name: string): readonly string[] {
  const top = join(installed, 'node_modules', name);
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(top.length + 1)
        .replaceAll('\\', '/'),
    );
}

describe('dma-audit, installed without running scripts', () => {
  it('checks, with workers too', () => {
    const names = Array.from({ length: 40 }, (_, i) => `d${i % 4}/f${i}.c`);
    for (const name of names) {
      mkdirSync(join(installed, name, '..'), { recursive: true });
      writeFileSync(join(installed, name), FAULTY);
    }
    const command = join(installed, 'node_modules', '.bin', 'dma-audit');
    const { status, stdout, stderr } = spawnSync(
      command,
      ['check', '--jobs', '2', '--output', 'json', 'd0', 'd1', 'd2', 'd3'],
      {
        cwd: installed,
        encoding: 'utf8',
      },
    );
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('40 findings') });
    expect(JSON.parse(stdout).diagnostics).toHaveLength(40);
    expect(run(installed, command, 'explain', 'mapping-leak')).toContain('Why is this bad?');
  });

  it('holds what runs and nothing else', () => {
    const files = filesOf('dma-audit');
    expect(files).toContain('dist/worker.js');
    const expected =
      /^(package\.json|LICENSE|README\.md|bin\/dma-audit\.js|dist\/[\w-]+\.(js|css)|dist\/rules\/[\w-]+\.md)$/;
    expect(files.filter((name) => !expected.test(name))).toEqual([]);
  });
});

describe('@dma-audit/simulator, installed', () => {
  it('is an ES module that executes programs', () => {
    writeFileSync(
      join(installed, 'use.mjs'),
      `import { PLATFORMS, compileDmaseq, parseDmaseq, runDmaseq } from '@dma-audit/simulator';
const { document } = parseDmaseq('declare b heap\\nmap m = b 4K to-device\\nunmap m');
const { compiled } = compileDmaseq(document);
console.log(runDmaseq(compiled, PLATFORMS.find(({ id }) => id === 'swiotlb')).run.counters.bytesToBounce);`,
    );
    expect(run(installed, process.execPath, 'use.mjs').trim()).toBe('4096');
  });

  it('has types that a strict project can use', () => {
    writeFileSync(
      join(installed, 'use.ts'),
      `import { PLATFORMS, type Platform } from '@dma-audit/simulator';
export const ids: readonly string[] = PLATFORMS.map((platform: Platform) => platform.id);
// @ts-expect-error
export const wrong: number = PLATFORMS[0]?.id;`,
    );
    const tsc = join(repository, 'node_modules', '.bin', 'tsc');
    run(installed, tsc, '--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--types', '', 'use.ts');
  });

  it('holds modules and their types and nothing else', () => {
    const files = filesOf('@dma-audit/simulator');
    expect(files).toContain('dist/index.d.ts');
    expect(
      files.filter((name) => !/^(package\.json|LICENSE|README\.md|dist\/.*(?<!\.test)\.(js|d\.ts))$/.test(name)),
    ).toEqual([]);
    expect(files.filter((name) => /\.test\./.test(name))).toEqual([]);
  });
});
