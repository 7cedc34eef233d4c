import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Budget, DEFAULT_BUDGET } from '../sequence/index.ts';
import { type AuditEvents, audit, DEFAULT_CHECK } from './index.ts';

const FAULTY = `#include <linux/dma-mapping.h>
static int send(struct device *dev, void *buf, size_t len)
{
	dma_addr_t addr = dma_map_single(dev, buf, len, DMA_TO_DEVICE);

	if (dma_mapping_error(dev, addr))
		return -ENOMEM;
	start(dev, addr);
	dma_unmap_single(dev, addr, len, DMA_FROM_DEVICE);
	return 0;
}
`;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'audit-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function put(name: string, text: string): string {
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

const run = (files: readonly string[], events: AuditEvents = {}, budget: Budget = DEFAULT_BUDGET) =>
  audit(
    {
      root,
      files,
      options: { ...DEFAULT_CHECK, budget },
      dialect: null,
      models: [],
      jobs: 1,
      worker: null,
      shard: null,
      cache: null,
    },
    events,
  );

describe('audit', () => {
  it('reports on the files asked for, in order, whatever lies beside them', async () => {
    const b = put('b.c', FAULTY);
    const a = put('a.c', FAULTY.replace('send', 'transmit'));
    put('c.c', FAULTY);
    const { files, functions, diagnostics } = await run([b, a, b]);
    expect({ files, functions }).toEqual({ files: 2, functions: { analysed: 2, degraded: 0, skipped: 0 } });
    expect(diagnostics.map(({ file, line }) => `${file}:${line}`)).toEqual(['a.c:9', 'b.c:9']);
  });

  it('looks at every arm that defines a function, and calls mean the one with DMA', async () => {
    const stub = 'static int send(struct device *d, void *b, size_t n)\n{\n\treturn 0;\n}\n';
    const caller = 'int outer(struct device *d, void *b, size_t n)\n{\n\treturn send(d, b, n);\n}\n';
    const file = put('a.c', `#ifdef CONFIG_A\n${FAULTY}#else\n${stub}#endif\n${caller}`);
    const { diagnostics, functions } = await run([file]);
    expect(diagnostics.map((d) => [d.function, d.line])).toEqual([['send', 10]]);
    expect(functions.analysed).toBe(2);
    const both = put('b.c', `#ifdef CONFIG_A\n${FAULTY}#else\n${FAULTY}#endif\n`);
    const twice = await run([both]);
    expect(twice.diagnostics.map((d) => [d.function, d.line])).toEqual([
      ['send', 10],
      ['send', 22],
    ]);
    expect(new Set(twice.diagnostics.map((d) => d.fingerprint)).size).toBe(1);
    expect(twice.functions.analysed).toBe(2);
  });

  it('names code with DMA that is in no function', async () => {
    const macro = '#define MAP(d, p) \\\n\tdma_map_single(d, p, 64, DMA_TO_DEVICE)\n';
    const comment = '#define FLAG 1 /* mapped by dma_map_single() */\n';
    const file = put('a.c', `${comment}${macro}dma_addr_t dma_map_single(void);\n${FAULTY}`);
    const { incomplete, functions } = await run([file]);
    expect(incomplete).toEqual([
      {
        file: 'a.c',
        function: 'MAP',
        state: 'skipped',
        reasons: ['a macro: its text is not followed where it is used'],
      },
    ]);
    expect(functions).toEqual({ analysed: 1, degraded: 0, skipped: 1 });
  });

  it('spends no more than its budget on one function, and says so', async () => {
    const map = (i: number) => `\ta = dma_map_single(d, b + ${i}, n, DMA_TO_DEVICE);\n`;
    const maps = Array.from({ length: 50 }, (_, i) => map(i)).join('');
    const file = put('a.c', `int many(struct device *d, void *b, size_t n)\n{\n\tdma_addr_t a;\n${maps}}\n`);
    const reasons = async (budget: Partial<Budget>) =>
      (await run([file], {}, { ...DEFAULT_BUDGET, ...budget })).incomplete.flatMap((one) => one.reasons);
    expect(await reasons({})).toEqual([]);
    expect(await reasons({ operations: 500 })).toEqual(['too many operations']);
    expect(await reasons({ steps: 30 })).toEqual(['path budget spent']);
  });

  it('keeps two dialects in one directory apart', async () => {
    const edk2 = put(
      'B.c',
      '#include <Uefi.h>\nEFI_STATUS EFIAPI Free (VOID *P) { FreePool (P); return EFI_SUCCESS; }\n',
    );
    const linux = put('a.c', FAULTY);
    expect((await run([edk2, linux])).diagnostics).toHaveLength(1);
  });

  it('tells how far it is', async () => {
    const paths = Array.from({ length: 40 }, (_, i) => put(`d${i % 2}/f${i}.c`, FAULTY));
    const seen: number[] = [];
    await run(paths, { progress: (done, total) => seen.push(done / total) });
    expect(seen.length).toBeGreaterThan(2);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBe(1);
  });

  it('stops when it is told to', async () => {
    const path = put('a.c', FAULTY);
    await expect(run([path], { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    const abort = new AbortController();
    const paths = Array.from({ length: 40 }, (_, i) => put(`f${i}.c`, FAULTY));
    const running = run(paths, { signal: abort.signal, progress: () => abort.abort(new Error('enough')) });
    await expect(running).rejects.toThrow('enough');
  });

  it('goes on without a file that vanished', async () => {
    const path = put('a.c', FAULTY);
    const { diagnostics, files, skippedFiles } = await run([path, join(root, 'gone.c')]);
    expect(skippedFiles).toEqual([{ file: 'gone.c', reason: 'not found in its directory' }]);
    expect({ files, found: diagnostics.length }).toEqual({ files: 1, found: 1 });
  });

  it('has no trouble with nothing', async () => {
    expect(await run([])).toMatchObject({ files: 0, diagnostics: [] });
  });
});
