import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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

const run = (files: readonly string[], events: AuditEvents = {}) =>
  audit(
    { root, files, options: DEFAULT_CHECK, dialect: null, models: [], jobs: 1, worker: null, shard: null, cache: null },
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
