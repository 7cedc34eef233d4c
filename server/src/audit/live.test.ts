import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { builtinModels, createModels } from '../models/index.ts';
import { createParser } from '../syntax/index.ts';
import { checkUnit, DEFAULT_CHECK } from './check.ts';
import { severities } from './config.ts';
import { readDirectory } from './directory.ts';
import { LiveAudit, type LiveOptions, type LiveResult } from './live.ts';

const tools = { models: createModels(builtinModels), parser: await createParser() };
const options: LiveOptions = {
  ...DEFAULT_CHECK,
  dialect: null,
  severityOf: severities({}, 'default'),
  baselineOf: () => null,
};

const NIC = `#include <linux/dma-mapping.h>
#include "nic.h"

static int nic_map(struct nic *nic, struct nic_buf *buf)
{
	buf->dma = dma_map_single(nic->dev, buf->data, NIC_LEN, DMA_TO_DEVICE);
	if (dma_mapping_error(nic->dev, buf->dma))
		return -ENOMEM;
	return 0;
}

static void nic_unmap(struct nic *nic, struct nic_buf *buf)
{
	dma_unmap_single(nic->dev, buf->dma, NIC_LEN, DMA_TO_DEVICE);
}

int nic_send(struct nic *nic, void *data, int len)
{
	dma_addr_t addr;

	addr = dma_map_single(nic->dev, data, len, DMA_TO_DEVICE);
	if (dma_mapping_error(nic->dev, addr))
		return -ENOMEM;
	if (nic_kick(nic, addr)) {
		dma_unmap_single(nic->dev, addr, len, DMA_FROM_DEVICE);
		return -EIO;
	}
	dma_unmap_single(nic->dev, addr, len, DMA_TO_DEVICE);
	return 0;
}
`;

const OTHER = `#include "nic.h"

int nic_open(struct nic *nic)
{
	void *ring = dma_alloc_coherent(nic->dev, 4096, &nic->ring, GFP_KERNEL);

	if (!ring)
		return -ENOMEM;
	if (nic_send(nic, nic->hello, 64))
		return -EIO;
	nic->cpu = ring;
	return 0;
}
`;

const HEADER = `struct nic_buf { void *data; dma_addr_t dma; };
struct nic { struct device *dev; struct nic_buf bufs[8]; dma_addr_t ring; void *cpu; void *hello; };
int nic_send(struct nic *nic, void *data, int len);
`;

const folder = mkdtempSync(join(tmpdir(), 'dma-audit-live-'));
const nic = join(folder, 'nic.c');
const other = join(folder, 'other.c');
for (const [name, text] of [
  ['nic.c', NIC],
  ['other.c', OTHER],
  ['nic.h', HEADER],
] as const)
  writeFileSync(join(folder, name), text);
afterAll(() => rmSync(folder, { recursive: true }));

const endless = { isStale: () => false, limit: Number.POSITIVE_INFINITY };

function settled(audit: LiveAudit, path: string): LiveResult {
  while (audit.step(endless));
  const result = audit.results(path).find((one) => one.path === path);
  if (!result) throw new Error(`${path} is not open`);
  expect(result.pending).toBe(0);
  return result;
}

/** What somebody sees who opens the text for the first time. */
async function fresh(path: string, text: string): Promise<LiveResult> {
  const audit = new LiveAudit(options, tools);
  await audit.setBuffer(path, text);
  return settled(audit, path);
}

describe('live audit', () => {
  it('says what the checker says', async () => {
    const { projects } = await readDirectory(folder, { root: folder, dialect: null }, tools);
    for (const { project, units } of projects)
      for (const unit of units) {
        const { diagnostics } = await checkUnit(project, unit, options);
        const live = await fresh(join(folder, unit.path), unit.text);
        expect(live.diagnostics.map(({ isKnown: _, ...one }) => one)).toEqual(
          diagnostics.filter(({ file, doubt }) => file === unit.path && doubt === null),
        );
      }
  });

  it('prefers the text of the editor to the one on disk, until it is closed', async () => {
    const audit = new LiveAudit(options, tools);
    await audit.setBuffer(nic, NIC.replace('addr, len, DMA_FROM_DEVICE', 'addr, len, DMA_TO_DEVICE'));
    expect(settled(audit, nic).diagnostics).toEqual([]);
    await audit.setBuffer(other, OTHER);
    await audit.closeBuffer(nic);
    await audit.setBuffer(nic, NIC);
    expect(settled(audit, nic).diagnostics.map(({ rule }) => rule)).toEqual(['direction-mismatch']);
  });

  it('explores only what an edit changed', async () => {
    const audit = new LiveAudit(options, tools);
    await audit.setBuffer(nic, NIC);
    settled(audit, nic);
    await audit.setBuffer(nic, NIC.replace('return -EIO', 'return -EINVAL'));
    const [result] = audit.results(nic);
    expect(result?.pending).toBe(1);
    await audit.setBuffer(nic, `\n\n${NIC}`);
    expect(settled(audit, nic).diagnostics[0]?.line).toBe(
      (await fresh(nic, NIC)).diagnostics.map(({ line }) => line + 2)[0],
    );
  });

  it('explores what a constant of a header changes, and nothing else', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'dma-audit-live-'));
    const header = join(directory, 'ring.h');
    const source = join(directory, 'ring.c');
    const use = (name: string, macro: string): string => `int ${name}(struct ring *r)
{
	int rc = ${macro};
	void *ring = dma_alloc_coherent(r->dev, 4096, &r->dma, GFP_KERNEL);

	if (!ring)
		return -ENOMEM;
	if (rc)
		return -EIO;
	dma_free_coherent(r->dev, 4096, ring, r->dma);
	return 0;
}
`;
    const arm = `void stop(struct ring *r)
{
#if RING_DEBUG
	dump(r);
#endif
	dma_free_coherent(r->dev, 4096, r->ring, r->dma);
}
`;
    const define = (ok: number, debug: number): string => `#define RING_OK ${ok}\n#define RING_DEBUG ${debug}\n`;
    writeFileSync(header, define(0, 0));
    writeFileSync(source, `#include "ring.h"\n${use('first', 'RING_OK')}${use('second', '0')}${arm}`);
    const audit = new LiveAudit(options, tools);
    await audit.setBuffer(source, `#include "ring.h"\n${use('first', 'RING_OK')}${use('second', '0')}${arm}`);
    expect(settled(audit, source).functions.map(({ name }) => name)).toEqual(['first', 'second', 'stop']);
    for (const [text, pending] of [
      [define(0, 0), 0],
      [define(1, 0), 1],
      [`\n${define(1, 0)}`, 0],
      [define(1, 1), 1],
      [define(0, 0), 2],
    ] as const) {
      await audit.setBuffer(header, text);
      expect(audit.results(source).find(({ path }) => path === source)?.pending).toBe(pending);
      settled(audit, source);
    }
    rmSync(directory, { recursive: true });
  });

  it('gives up when something newer has come in', async () => {
    const audit = new LiveAudit(options, tools);
    await audit.setBuffer(nic, NIC);
    expect(audit.step({ ...endless, isStale: () => true })).toBe(false);
    expect(audit.results(nic)[0]?.pending).toBe(3);
    expect(settled(audit, nic)).toEqual(await fresh(nic, NIC));
  });

  it('after any edits equals a fresh analysis', async () => {
    const pieces = [
      ...['\n', '{', '}', '}\n', ';', '#if 0\n', '#endif\n', '/*', '*/', '"', 'return;\n', ''],
      ...['DMA_TO_DEVICE', 'DMA_FROM_DEVICE', 'nic_unmap(nic, buf);\n', 'goto out;\n', 'out:\n', 'if (len)\n'],
      ...['#define NIC_LEN 0\n', '#define NIC_LEN 64\n', '#if NIC_LEN\n', '#ifdef NIC_LEN\n', '#else\n'],
      'static void f(struct nic *n)\n{\n\tnic_send(n, 0, 1);\n}\n',
    ];
    const edit = fc.record({
      inOther: fc.boolean(),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      removed: fc.oneof(fc.constant(0), fc.nat(40)),
      piece: fc.constantFrom(...pieces),
      steps: fc.nat(5),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 10 }), async (edits) => {
        const texts = new Map([
          [nic, NIC],
          [other, OTHER],
        ]);
        const audit = new LiveAudit(options, tools);
        for (const [path, text] of texts) await audit.setBuffer(path, text);
        for (const { inOther, at, removed, piece, steps } of edits) {
          const path = inOther ? other : nic;
          const text = texts.get(path) ?? '';
          const start = Math.floor(at * text.length);
          const next = text.slice(0, start) + piece + text.slice(start + removed);
          texts.set(path, next);
          await audit.setBuffer(path, next);
          for (let i = 0; i < steps; i++) audit.step(endless);
        }
        const again = new LiveAudit(options, tools);
        for (const [path, text] of texts) await again.setBuffer(path, text);
        for (const path of texts.keys()) expect(settled(audit, path)).toEqual(settled(again, path));
      }),
      { numRuns: 150 },
    );
  });
});
