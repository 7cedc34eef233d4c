import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { costCommand } from './cost.ts';
import { NOTHING, plus, times } from './cost-table.ts';

const mapping = (calls: number): string => `#include <linux/dma-mapping.h>
int send(struct device *dev, void *data)
{
	dma_addr_t addr;
${'	addr = dma_map_single(dev, data, 2048, DMA_TO_DEVICE);\n	if (dma_mapping_error(dev, addr))\n		return -ENOMEM;\n	post(dev, addr);\n	dma_unmap_single(dev, addr, 2048, DMA_TO_DEVICE);\n'.repeat(calls)}	return 0;
}
`;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cost-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(name: string, content: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

async function cost(...args: readonly string[]): Promise<string> {
  const output = join(folder, 'out');
  const all = ['node', 'cost', ...args, '--root', join(folder, 'new'), '--output', output];
  await costCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .parseAsync(all);
  return readFileSync(output, 'utf8');
}

describe('dma-audit cost', () => {
  test('counts what one call costs on each platform', async () => {
    const text = await cost(put('new/a.c', mapping(1)), '--platform', 'tdx,vtd-strict');
    expect(text).toMatch(/^tdx: one call of each function/m);
    expect(text).toMatch(/^send +· +2,048 .* unknown .* a\.c:2$/m);
    expect(text).toMatch(/^send +· +· +1 .* 2 µs /m);
  });

  test('a workload multiplies, and leaves out what it does not call', async () => {
    const calls = put('calls.json', '{"send": 1000}');
    const file = put('new/a.c', mapping(1) + mapping(1).replace(/send/g, 'other').replace(/#.*\n/, ''));
    const text = await cost(file, '--platform', 'vtd-strict', '--workload', calls);
    expect(text).toMatch(/^send +1,000 .* 1,000 .* 2 ms /m);
    expect(text).not.toMatch(/^other/m);
  });

  test('hints tell what following them would save, for each platform on which they do', async () => {
    const source = `#include <linux/dma-mapping.h>
int ask(struct device *dev)
{
	dma_addr_t dma;
	void *box = dma_alloc_coherent(dev, 4096, &dma, GFP_KERNEL);

	if (!box)
		return -ENOMEM;
	post(dev, dma);
	dma_free_coherent(dev, 4096, box, dma);
	return 0;
}
`;
    const calls = put('calls.json', '{"ask": 10}');
    const text = await cost(put('new/a.c', source), '--platform', 'tdx,direct', '--workload', calls);
    expect(text.match(/^conversion-churn +1 place +20 .* 127 µs – 237 µs +a\.c:5$/gm)).toHaveLength(1);
  });

  test('a change of the source is told by what it costs or saves', async () => {
    const file = put('new/a.c', mapping(1));
    put('old/a.c', mapping(3));
    const text = await cost(file, '--platform', 'vtd-strict', '--compare', join(folder, 'old'));
    expect(text).toContain('−2 invalidations, −4 µs');
  });

  test('a directory that stands for something else than the root is refused', async () => {
    const file = put('new/a.c', mapping(1));
    put('other/b.c', mapping(3));
    await expect(cost(file, '--compare', join(folder, 'other'))).rejects.toThrow(/it has no a\.c, and must hold/);
    const nowhere = cost(file, '--compare', join(folder, 'nowhere'));
    await expect(nowhere).rejects.toMatchObject({
      exit: 4,
      message: expect.stringMatching(/no such directory, and .* is in no git/),
    });
  });

  test('a git revision stands for the tree before the change, whatever its configuration and its names say', async () => {
    const git = (...args: readonly string[]): void => {
      const own = ['-c', 'user.name=t', '-c', 'user.email=t@localhost', '-c', 'init.defaultBranch=main'];
      const options = { cwd: join(folder, 'new'), env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' } };
      expect(spawnSync('git', [...own, ...args], options).status).toBe(0);
    };
    const file = put('new/dir/a.c', mapping(3));
    put('new/dir/sub/b.c', mapping(1).replace('send', 'deep'));
    put('new/.gitattributes', '*.c filter=evil\n');
    symlinkSync('/etc/hostname', join(folder, 'new/dir/link.c'));
    git('init', '-q');
    git('config', 'filter.evil.smudge', `touch ${join(folder, 'owned')}; cat`);
    git('add', '-A');
    git('commit', '-q', '-m', 'first');
    put('new/dir/a.c', mapping(1));
    put('new/dir/new.c', mapping(1).replace('send', 'fresh'));
    const options = ['--platform', 'vtd-strict', '--compare'];
    const directory = await cost(join(folder, 'new'), ...options, 'HEAD');
    expect(directory).toMatch(/−2 invalidations, −4 µs/);
    expect(directory).toMatch(/^fresh .*new/m);
    expect(await cost(file, ...options, 'main')).toMatch(/−2 invalidations, −4 µs/);
    expect(await cost(join(folder, 'new/dir/new.c'), ...options, 'HEAD~0')).toMatch(/^fresh/m);
    expect(existsSync(join(folder, 'owned'))).toBe(false);
    await expect(cost(file, ...options, 'nonsense')).rejects.toThrow('no such revision');
    await expect(cost(file, ...options, '--output=x')).rejects.toThrow('no such revision');
  });

  test.each([['[]'], ['{"send": "often"}'], ['{"send": -1}'], ['{']])('the workload %s is refused', async (content) => {
    const calls = put('calls.json', content);
    await expect(cost(put('new/a.c', mapping(1)), '--workload', calls)).rejects.toThrow('--workload');
  });

  test('a workload that names what is not there is refused', async () => {
    const file = put('new/a.c', mapping(1));
    await expect(
      cost(file, '--workload', put('calls.json', '{"send": 1, "sned": 2, "a.c:send": 1}')),
    ).rejects.toMatchObject({
      exit: 4,
      message: expect.stringMatching(/^--workload .*calls\.json: there is no function 'sned'.*$/),
    });
  });

  test('nothing to count is no table', async () => {
    expect(await cost(put('new/a.c', 'int main(void) { return 0; }\n'))).toBe('no function moves DMA memory\n');
  });
});

test('what is held at once is neither summed nor multiplied', () => {
  const one = { ...NOTHING, conversions: 2, slots: 3, low: 1, high: 2 };
  expect(times(one, 10)).toMatchObject({ conversions: 20, slots: 3, high: 20 });
  expect(plus(one, { ...one, slots: 5 })).toMatchObject({ conversions: 4, slots: 5, low: 2 });
});
