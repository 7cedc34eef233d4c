import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { compileDmaseq, parseDmaseq } from '@dma-audit/simulator';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { simulateCommand } from './simulate.ts';

const SOURCE = `#include <linux/dma-mapping.h>
int send(struct device *dev, void *data, size_t length)
{
	dma_addr_t addr = my_map(dev, data, length);

	if (dma_mapping_error(dev, addr))
		return -ENOMEM;
	dma_unmap_single(dev, addr, length, DMA_TO_DEVICE);
	return 0;
}
`;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'simulate-'));
  writeFileSync(join(folder, 'a.c'), SOURCE.replace(/my_map\(([^)]*)\)/, 'dma_map_single($1, DMA_TO_DEVICE)'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function simulated(target: string, ...args: readonly string[]): Promise<string> {
  const output = join(folder, 'out');
  const all = ['node', 'simulate', resolve(folder, target), '--root', folder, '--output', output, ...args];
  await simulateCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .parseAsync(all);
  return readFileSync(output, 'utf8');
}

describe('dma-audit simulate', () => {
  test('draws a timeline, its assumptions and what each platform counts', async () => {
    const text = await simulated('a.c:send', '--platform', 'tdx,direct', '--size', 'length=8K');
    expect(text).toMatch(/^ {2}length += 8,192 bytes +as you said +4$/m);
    expect(text).toMatch(/^ +4 +map .* ▣◂ +bounce buffer, .*slots held \+4/m);
    expect(text).toMatch(/^ {2}bytes copied to bounce buffers +8,192 +·$/m);
  });

  test('lists a path with a fault even after a dozen of others', async () => {
    const maps = Array.from({ length: 14 }, (_, i) => {
      const end = i === 1 ? 'return -EIO;' : `goto undo${i};`;
      return `a[${i}] = dma_map_single(dev, p${i}, 64, DMA_TO_DEVICE);\n\tif (dma_mapping_error(dev, a[${i}])) ${end}`;
    });
    const undo = Array.from({ length: 14 }, (_, i) => {
      return `dma_unmap_single(dev, a[${13 - i}], 64, DMA_TO_DEVICE);\nundo${13 - i}:`;
    });
    const ends = [...maps, 'goto undo14;\n\tundo14:', ...undo, 'return -EIO;'].join('\n\t');
    writeFileSync(
      join(folder, 'a.c'),
      `#include <linux/dma-mapping.h>\nint all(struct device *dev)\n{\n\t${ends}\n}\n`,
    );
    const text = await simulated('a.c:all', '--platform', 'tdx');
    const paths = text.slice(text.indexOf('\nPaths\n')).split('\n\n')[0]?.split('\n') ?? [];
    expect(paths.filter((line) => /^ +\d+ /.test(line))).toHaveLength(13);
    expect(paths.filter((line) => line.includes('1 fault'))).toHaveLength(1);
    expect(paths.at(-1)).toMatch(/and 2 paths more; --path N shows one/);
  });

  test('writes programs that can be run', async () => {
    const parsed = parseDmaseq(await simulated('a.c:send', '--format', 'dmaseq', '--platform', 'tdx'));
    expect(parsed.ok && compileDmaseq(parsed.document, 'send').ok).toBe(true);
    const all = simulated('a.c:send', '--format', 'dmaseq', '--path', 'all');
    await expect(all).rejects.toThrow('--format dmaseq writes one program, and these are 2 paths');
  });

  test('takes each definition of a function, and tells which', async () => {
    const source = readFileSync(join(folder, 'a.c'), 'utf8');
    const short = source.replaceAll('length)', '64)').replaceAll(', length,', ', 64,');
    writeFileSync(join(folder, 'a.c'), `#ifdef SHORT\n${short}#else\n${source}#endif\n`);
    const told: string[] = [];
    const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => told.push(String(text)) > 0);
    expect(await simulated('a.c:send#1', '--platform', 'tdx')).toMatch(/copied to bounce buffers +64$/m);
    expect(await simulated('a.c:send', '--platform', 'tdx')).toMatch(/copied to bounce buffers +4,096$/m);
    stderr.mockRestore();
    expect(told[0]).toMatch(/a\.c:send is defined 2 times: send#1 in line 3 \(this one\), send in line 14\n$/);
    expect(told[1]).toMatch(/send#1 in line 3, send in line 14 \(this one\)\n$/);
  });

  test('says that there is no DMA operation, and what was not looked at', async () => {
    const source = readFileSync(join(folder, 'a.c'), 'utf8');
    const broken = 'int broken(int x)\n{\n\treturn 0;\n\tif (x} dma_unmap_single(0, x, 1, DMA_TO_DEVICE;\n}\n';
    writeFileSync(join(folder, 'a.c'), `${source}int other(int x)\n{\n\treturn 0;\n}\n${broken}`);
    expect(await simulated('a.c:other')).toMatch(/^Path 1 of 1: no DMA operation$/m);
    const text = await simulated('a.c:broken');
    expect(text).toMatch(/^Path 1 of 1: no DMA operation in the part that was explored$/m);
    expect(text).not.toContain('expensive');
  });

  test('knows the wrappers of the configuration', async () => {
    writeFileSync(join(folder, 'a.c'), SOURCE);
    writeFileSync(join(folder, 'dma-audit.json'), '{ "models": ["own.json"] }');
    const args = ['device', 'buffer', 'size'];
    const entry = {
      name: 'my_map',
      call: 'function',
      dialects: ['linux'],
      action: 'map',
      args,
      result: 'device-address',
    };
    const model = { ...entry, failure: 'mapping-error', family: 'single', mode: 'streaming', direction: 'to-device' };
    writeFileSync(join(folder, 'own.json'), JSON.stringify({ title: 'own', version: '1', functions: [model] }));
    expect(await simulated('a.c:send', '--platform', 'tdx')).toMatch(/^ +4 +map {2}my_map/m);
  });

  test('the configuration gives sizes, which --size overrules', async () => {
    writeFileSync(join(folder, 'dma-audit.json'), '{ "sizes": ["length=16K"] }');
    expect(await simulated('a.c:send')).toMatch(/^ {2}length += 16,384 bytes +as the configuration says +4$/m);
    expect(await simulated('a.c:send', '--size', 'length=1')).toMatch(/^ {2}length += 1 bytes +as you said +4$/m);
    writeFileSync(join(folder, 'dma-audit.json'), '{ "sizes": ["length"] }');
    await expect(simulated('a.c:send')).rejects.toThrow("sizes: 'length' must be name=bytes");
  });

  test('tells how often a path goes round a loop, and directions that it takes for granted', async () => {
    const loop = `#include <linux/dma-mapping.h>
int fill(struct ring *r, int way)
{
	int i;

	for (i = 0; i < r->count; i++) {
		r->dma[i] = dma_map_single(r->dev, r->data[i], 2048, way);
		if (dma_mapping_error(r->dev, r->dma[i]))
			return -ENOMEM;
	}
	return 0;
}
`;
    writeFileSync(join(folder, 'b.c'), loop);
    const text = await simulated('b.c:fill', '--count', '3', '--platform', 'vtd-strict');
    expect(text).toMatch(/^ {2}loop of dma_map_single\(.* += 3 turns +--count sets the most +7$/m);
    expect(text).toMatch(/^ {2}direction of dma_map_single\(.* += to the device and back +assumed +7$/m);
  });

  test.each([
    ['a.c', [], 'write FILE:FUNCTION'],
    ['b.c:send', [], 'no such file'],
    ['.:send', [], 'is a directory'],
    ['/dev/null:send', [], 'not a regular file'],
    ['out:send', [], 'not a C source'],
    ['a.c:send#3', [], "no function 'send#3'; those with DMA are send"],
    ['a.c:receive', [], "no function 'receive'; those with DMA are send"],
    ['a.c:send', ['--size', 'width=1'], 'unknown are length'],
    ['a.c:send', ['--path', '99'], 'there are 2 paths'],
    ['a.c:send', ['--platform', 'iommudxe-tdx'], 'iommudxe-tdx runs code of edk2'],
    ['a.c:send', ['--platform', 'vax'], "no platform 'vax'"],
  ])('%s %j is refused', async (target, args, why) => {
    writeFileSync(join(folder, 'out'), SOURCE);
    await expect(simulated(target, ...args)).rejects.toThrow(why);
  });
});
