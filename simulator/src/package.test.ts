import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

const folder = fileURLToPath(new URL('.', import.meta.url));

it('runs in a browser: it bundles without Node, and answers where there are no globals of Node', async () => {
  const result = await build({
    entryPoints: [join(folder, 'index.ts')],
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'simulator',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  expect(result.warnings).toEqual([]);
  const foreign = Object.keys(result.metafile.inputs).filter((path) => /node_modules|\bserver\//.test(path));
  expect(foreign).toEqual([]);
  const [bundle] = result.outputFiles;
  const text = 'declare b heap\nmap m = b 4K to-device\nunmap m';
  const main = `
    const { document } = simulator.parseDmaseq(${JSON.stringify(text)});
    const { compiled } = simulator.compileDmaseq(document);
    const platform = simulator.PLATFORMS.find(({ id }) => id === 'swiotlb');
    return simulator.runDmaseq(compiled, platform).run.counters.bytesToBounce;`;
  const hidden = ['process', 'Buffer', 'require', 'global', 'setImmediate', 'module', 'exports'];
  expect(new Function(...hidden, `${bundle?.text}; ${main}`)()).toBe(4096);
});

it('has no dependencies', () => {
  const manifest: unknown = JSON.parse(readFileSync(join(folder, '..', 'package.json'), 'utf8'));
  for (const kind of ['dependencies', 'peerDependencies', 'optionalDependencies'])
    expect(manifest).not.toHaveProperty(kind);
});
