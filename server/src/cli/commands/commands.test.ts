import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const repository = fileURLToPath(new URL('../../../../', import.meta.url));
const command = join(repository, 'server', 'bin', 'dma-audit.js');
const schema = JSON.parse(readFileSync(join(repository, 'docs/schema/run.json'), 'utf8'));
const validate = new Ajv2020({ strict: false }).compile(schema);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dma-audit-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function dmaAudit(args: readonly string[], input = '', env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
    cwd: folder,
    input,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined, ...env },
    maxBuffer: 1 << 28,
  });
  return { status, stdout, stderr };
}

const put = (name: string, text: string): void => writeFileSync(join(folder, name), text);

const LEAK = 'declare b heap\nmap m = b 4K to-device api=dma_map_single\nlose m failing\n';

describe('dma-audit run', () => {
  it.each([
    ['0 when all is as expected', `${LEAK}expect mapping-leak`, [], 0],
    ['1 for a violation that nobody expects', LEAK, [], 1],
    ['1 for an expectation that fails', `${LEAK}expect mapping-leak\nexpect slots = 0 on swiotlb`, [], 1],
    ['2 for a faulty program', 'mapp x', [], 2],
    ['2 for a platform that is none, in the program', 'expect clean on vax', [], 2],
    ['4 for a platform that is none, asked for', LEAK, ['--platform', 'vax'], 4],
    ['4 for a platform of the other dialect', LEAK, ['--platform', 'iommudxe-sev'], 4],
    ['3 for a faulty platform description', LEAK, ['--platform', 'mine.json'], 3],
    ['3 for a missing platform description', LEAK, ['--platform', 'yours.json'], 3],
    ['4 for an unknown option', LEAK, ['--nonsense'], 4],
  ])('ends with %s', (_, text, args, status) => {
    put('a.dmaseq', text);
    put('mine.json', '{ "id": "mine" }');
    expect(dmaAudit(['run', 'a.dmaseq', ...args])).toMatchObject({ status });
  });

  it('says where a program is faulty', () => {
    put('a.dmaseq', '\n  mapp m = b\nunmap\n');
    const { stderr } = dmaAudit(['run', 'a.dmaseq']);
    expect(stderr).toContain("a.dmaseq:2:3: there is no statement 'mapp'; did you mean 'map'?");
    expect(stderr).toContain('a.dmaseq:3:6: expected a name');
    expect(dmaAudit(['run', 'nowhere.dmaseq'])).toMatchObject({ status: 2 });
  });

  it('reads standard input, and shows one platform in full', () => {
    const { stdout, status } = dmaAudit(['run', '-', '--platform', 'swiotlb'], LEAK);
    expect(status).toBe(1);
    expect(stdout).toContain('program: 3 operations, linux, on swiotlb (standard input)');
    expect(stdout).toMatch(/2 {4}map m = b 4K to-device .* a bounce buffer {2}bytes copied to bounce buffers \+4,096/);
    expect(stdout).toContain('mapping-leak at line 3: the mapping made by dma_map_single is lost');
    expect(stdout).toContain('breaks on: swiotlb — each time bounce slots stay taken');
  });

  it('compares several platforms, and takes one of the user', () => {
    const mine = {
      ...JSON.parse(dmaAudit(['platforms', '--format', 'json']).stdout).platforms[0].description,
      id: 'mine',
    };
    put('mine.json', JSON.stringify(mine));
    const { stdout } = dmaAudit(['run', '-', '--platform', 'swiotlb,mine.json', '--platform', 'vtd-lazy'], LEAK);
    expect(stdout).toMatch(/✗ swiotlb +✗ mine +✗ vtd-lazy/);
    expect(stdout).toContain('works on: mine');
    const all = dmaAudit(['run', '-', '--platform', 'all'], LEAK).stdout;
    expect(all).toContain('pseries-hybrid');
    expect(all).not.toContain('iommudxe');
  });

  it('runs what expectations are for, and tells of those that are not looked at', () => {
    const text = `${LEAK}expect mapping-leak\nexpect slots = 7 on tdx\n`;
    // TDX is among the usual ones; the other is there because of the expectation.
    expect(dmaAudit(['run', '-'], text).status).toBe(1);
    const own = dmaAudit(['run', '-'], `platform direct\n${text.replace('tdx', 'swiotlb-6.1')}`);
    expect(own).toMatchObject({ status: 1, stdout: expect.stringContaining('✗ swiotlb-6.1') });
    const asked = dmaAudit(['run', '-', '--platform', 'direct'], text);
    expect(asked).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('not looked at: line 5, slots = 7 on tdx, which did not run'),
    });
    const { notLookedAt } = JSON.parse(dmaAudit(['run', '-', '--platform', 'direct', '--format', 'json'], text).stdout);
    expect(notLookedAt).toEqual([{ line: 5, text: 'slots = 7', on: ['tdx'] }]);
  });

  it('reports as JSON', () => {
    const { stdout } = dmaAudit(['run', '-', '--format', 'json', '--platform', 'all'], LEAK);
    const report = JSON.parse(stdout);
    expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
    const [direct] = report.platforms;
    expect(direct).toMatchObject({ id: 'direct', passed: false, counters: { slots: 0 } });
    expect(direct.violations).toMatchObject([{ kind: 'mapping-leak', line: 3, consequence: null, expected: false }]);
    expect(direct.timeline).toHaveLength(3);
  });

  it('colours where it is told to, and lets no program colour anything', () => {
    const hostile = `${LEAK}allocate x 4K api="\u001b[31mred"\n`;
    expect(dmaAudit(['run', '-', '--platform', 'direct'], hostile).stdout).not.toContain('\u001b');
    expect(dmaAudit(['run', '-'], LEAK, { FORCE_COLOR: '1' }).stdout).toContain('\u001b[');
    expect(dmaAudit(['run', '-', '--no-color'], LEAK, { FORCE_COLOR: '1' }).stdout).not.toContain('\u001b');
  });

  it.each(readdirSync(join(repository, 'examples')).filter((name) => name.endsWith('.dmaseq')))(
    'runs examples/%s',
    (name) => {
      const { status, stdout } = dmaAudit(['run', join(repository, 'examples', name)]);
      expect(stdout).toContain('hold');
      expect(status).toBe(0);
    },
  );
});

describe('dma-audit platforms', () => {
  it('lists parts and sources of cost', () => {
    const { stdout, status } = dmaAudit(['platforms']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/● tdx +linux +TDX guest, swiotlb/);
    expect(stdout).toContain('memory TDX · bounce swiotlb 6.12 64 MiB, 1 area, always · IOMMU none');
    expect(stdout).toMatch(/tdvmcall +TDX exit to the host \(MapGPA and the like\): 3.85 µs \(measured; TUM-DSE/);
  });

  it('lists as JSON', () => {
    const { platforms } = JSON.parse(dmaAudit(['platforms', '--format', 'json']).stdout);
    const sev = platforms.find((one: { readonly id: string }) => one.id === 'sev');
    expect(sev).toMatchObject({
      default: true,
      parts: { memory: 'SEV' },
      description: { memory: { technology: 'sev' } },
    });
  });
});

describe('dma-audit workload', () => {
  it('runs a workload and shows the comparison', () => {
    const { stdout, status } = dmaAudit(['workload', 'fw-cfg-read', '--set', 'bytes=65536']);
    expect(status).toBe(0);
    expect(stdout).toContain('claim:  4 conversions for each transfer without the reserved region');
    expect(stdout).toMatch(/65,536 +none +4 +17/);
    expect(stdout).toMatch(/65,536 +reserved +0 +0/);
  });

  it('lists the workloads', () => {
    const { stdout } = dmaAudit(['workload', '--list']);
    expect(stdout).toContain('grub-boot');
    expect(stdout).toContain('hvmloader-relocation');
  });

  it('gives rows as JSON', () => {
    const { rows, name } = JSON.parse(
      dmaAudit(['workload', 'net-receive', '--format', 'json', '--set', 'rate=1000']).stdout,
    );
    expect(name).toBe('net-receive');
    expect(rows).toMatchObject([
      { mode: 'strict', invalidations: 1000 },
      { mode: 'lazy', invalidations: 100 },
    ]);
  });

  it.each([
    ['no name', []],
    ['a name that is none', ['grub-bot']],
    ['a parameter that is none', ['grub-boot', '--set', 'size=3']],
    ['a value that is none', ['grub-boot', '--set', 'seed=x']],
  ])('ends with 4 for %s', (_, args) => {
    expect(dmaAudit(['workload', ...args]).status).toBe(4);
  });
});
