import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CodeLensRequest,
  CodeLensResolveRequest,
  type CompletionItem,
  CompletionRequest,
  DocumentHighlightRequest,
  HoverRequest,
  InlayHintRequest,
  type Position,
} from 'vscode-languageserver/node';
import { Client, uriOf } from './client.ts';
import { examples, NIC, nicText, placeOf } from './sources.ts';

const uri = uriOf(NIC);
const textDocument = { uri };

let client: Client;
beforeAll(async () => {
  client = await new Client().start({ initializationOptions: { inlayHints: true } });
  await client.open(uri, nicText);
  await client.settled(uri);
});
afterAll(() => client.stop());

describe('hover', () => {
  const hover = async (position: Position): Promise<string | null> => {
    const answer = await client.connection.sendRequest(HoverRequest.type, { textDocument, position });
    return answer && typeof answer.contents === 'object' && 'value' in answer.contents ? answer.contents.value : null;
  };

  it('tells what a call does, on the platform, before and after, and what it costs', async () => {
    const text = await hover(placeOf(nicText, 'dma_map_single', 0, 3));
    expect(text).toMatch(/\*\*dma_map_single\*\* makes memory reachable for the device \(streaming\)/);
    expect(text).toMatch(/Failure is told by `dma_mapping_error\(\)` only/);
    expect(text).toMatch(/TDX guest, swiotlb.*operation \d+ of \d+ on the path that succeeds/);
    expect(text).toMatch(/memory before: the CPU's, private; after: the device's, private, bounced/);
    expect(text).toMatch(/4 KiB, assumed: the code does not tell/);
    expect(text).toMatch(/bytes copied to bounce buffers: \+4,096/);
    expect(text).toMatch(/no figure is published of: bounce copy/);
  });

  it('tells the other end as well', async () => {
    expect(await hover(placeOf(nicText, 'dma_unmap_single', 0, 3))).toMatch(/after: the CPU's, private/);
  });

  it('leaves variables, comments and other calls to the C language server', async () => {
    expect(await hover(placeOf(nicText, 'nic->head', 0, 6))).toBeNull();
    expect(await hover(placeOf(nicText, 'made up', 0, 2))).toBeNull();
    expect(await hover(placeOf(nicText, 'nic_wait_ready(', 0, 2))).toBeNull();
  });
});

describe('in firmware', () => {
  const path = join(examples, 'edk2/DemoPkg/BlockDxe/BlockDma.c');

  it('members of protocols are hovered over, and conversions are counted', async () => {
    const text = readFileSync(path, 'utf8');
    const edk2 = { textDocument: { uri: uriOf(path) } };
    await client.open(uriOf(path), text);
    await client.settled(uriOf(path));
    const position = placeOf(text, 'PciIo->Unmap', 0, 9);
    const hover = await client.connection.sendRequest(HoverRequest.type, { ...edk2, position });
    const value = hover && typeof hover.contents === 'object' && 'value' in hover.contents ? hover.contents.value : '';
    expect(value).toMatch(/\*\*Dev->PciIo->Unmap\*\* ends a mapping/);
    expect(value).toMatch(/pages made private: \+1/);
    expect(value).toMatch(/cost: ~12\.8 µs \+ unknown \(8\.85 µs – 19\.9 µs\)/);
    expect(value).toMatch(/\*TDX page accept of 4 KiB.*intel\/lkvs/);
    const [lens] = (await client.connection.sendRequest(CodeLensRequest.type, edk2)) ?? [];
    const resolved = lens && (await client.connection.sendRequest(CodeLensResolveRequest.type, lens));
    expect(resolved?.command?.title).toBe(
      '1 map · iommudxe-tdx-no-pool: 2 conversions, 4 KiB copied, ~16.7 µs + unknown · Simulate',
    );
  });
});

describe('code lens', () => {
  it('sums up each function that touches DMA', async () => {
    const lenses = (await client.connection.sendRequest(CodeLensRequest.type, { textDocument })) ?? [];
    const resolved = await Promise.all(
      lenses.map((lens) => client.connection.sendRequest(CodeLensResolveRequest.type, lens)),
    );
    expect(resolved.map(({ command }) => command?.title)).toEqual([
      '1 map · tdx: 4 KiB copied · Simulate',
      '1 map · 1 finding · tdx: 4 KiB copied · Simulate',
      '1 map · tdx: 4 KiB copied · Simulate',
      expect.stringMatching(/^1 map · .*tdx: 4 KiB copied · Simulate$/),
      '1 map · tdx: 4 KiB copied · Simulate',
      expect.stringMatching(/^1 map · .*tdx: 4 KiB copied · Simulate$/),
    ]);
    expect(resolved[1]?.command).toMatchObject({
      command: 'dma-audit.simulateFunction',
      arguments: [uri, 'nic_send_wrong'],
    });
    expect(resolved[1]?.range.start.line).toBe(placeOf(nicText, 'static int nic_send_wrong').line);
  });

  it('tells of what callees do from beginning to end', async () => {
    const document = { uri: 'untitled:callees.c' };
    const text = `#include <linux/dma-mapping.h>
static int nic_map(struct nic *nic, void *p, dma_addr_t *a)
{
	*a = dma_map_single(nic->dev, p, 64, DMA_TO_DEVICE);
	return dma_mapping_error(nic->dev, *a) ? -ENOMEM : 0;
}
static void nic_unmap(struct nic *nic, dma_addr_t a)
{
	dma_unmap_single(nic->dev, a, 64, DMA_TO_DEVICE);
}
int both(struct nic *nic, void *p)
{
	dma_addr_t a;
	int ret = nic_map(nic, p, &a);
	if (ret)
		return ret;
	writel(a, nic->regs);
	nic_unmap(nic, a);
	return 0;
}
`;
    await client.open(document.uri, text);
    await client.settled(document.uri);
    const lenses = (await client.connection.sendRequest(CodeLensRequest.type, { textDocument: document })) ?? [];
    const last = lenses.at(-1);
    expect(lenses.map(({ range }) => range.start.line)).toEqual([1, 6, 10]);
    const resolved = last && (await client.connection.sendRequest(CodeLensResolveRequest.type, last));
    expect(resolved?.command?.title).toMatch(/^1 map in callees · tdx: 64 B copied/);
  });

  it('follows the chosen platform', async () => {
    const [lens] = (await client.connection.sendRequest(CodeLensRequest.type, { textDocument })) ?? [];
    if (!lens) throw new Error('no lens');
    const title = async (): Promise<string | undefined> =>
      (await client.connection.sendRequest(CodeLensResolveRequest.type, lens)).command?.title;
    const choose = (id: string): Promise<unknown> =>
      client.connection.sendRequest('workspace/executeCommand', {
        command: 'dma-audit.choosePlatform',
        arguments: [id],
      });
    await choose('direct');
    expect(await title()).toBe('1 map · direct: costs nothing · Simulate');
    await client.until(() => client.statuses.at(-1)?.platform?.id === 'direct');
    await choose('tdx');
    expect(await title()).toMatch(/tdx: 4 KiB copied/);
  });
});

describe('highlights', () => {
  const at = (position: Position) =>
    client.connection.sendRequest(DocumentHighlightRequest.type, { textDocument, position });

  it('pair a map with its unmaps', async () => {
    const map = placeOf(nicText, 'dma_map_single', 2, 4);
    const found = await at(map);
    expect(found?.map(({ range, kind }) => [range.start, kind])).toEqual([
      [placeOf(nicText, 'dma_map_single', 2), 3],
      [placeOf(nicText, 'dma_unmap_single'), 2],
    ]);
    const back = await at(placeOf(nicText, 'dma_unmap_single', 0, 4));
    expect(back?.map(({ range }) => range.start).reverse()).toEqual(found?.map(({ range }) => range.start));
  });

  it('leave arguments and other names alone', async () => {
    expect(await at(placeOf(nicText, 'DMA_TO_DEVICE', 0, 2))).toBeNull();
    expect(await at(placeOf(nicText, 'writel', 0, 2))).toBeNull();
  });
});

it('inlay hints tell what the device is given, in the range that is asked for', async () => {
  const { line } = placeOf(nicText, 'static int nic_load_firmware(');
  const range = { start: { line: 0, character: 0 }, end: { line: line - 1, character: 0 } };
  const hints = await client.connection.sendRequest(InlayHintRequest.type, { textDocument, range });
  expect(hints?.map(({ label }) => label)).toEqual(['→ bounce', '→ bounce']);
  const { line: first, character } = placeOf(nicText, 'DMA_TO_DEVICE)', 0, 'DMA_TO_DEVICE)'.length);
  expect(hints?.[0]?.position).toEqual({ line: first, character });
});

describe('completion', () => {
  const labels = async (text: string, id = 'c'): Promise<readonly string[]> => {
    const document = `untitled:${encodeURIComponent(text)}.${id}`;
    await client.open(document, text, id);
    const lines = text.split('\n');
    const position = { line: lines.length - 1, character: (lines.at(-1) ?? '').length };
    const params = { textDocument: { uri: document }, position };
    const found = (await client.connection.sendRequest(CompletionRequest.type, params)) as CompletionItem[];
    return found.map(({ label }) => label);
  };

  it('writes suppressions', async () => {
    expect(await labels('int x; // dma-audit: ')).toEqual(['ignore', 'ignore-function', 'ignore-file']);
    expect(await labels('// dma-audit: ignore[')).toContain('unchecked-mapping');
    expect(await labels('/* dma-audit: ignore-function[mapping-leak, ')).toContain('direction-mismatch');
    expect(await labels('// dma-audit: ignore[mapping-leak] ')).toEqual(['-- reason']);
  });

  it('does not disturb elsewhere', async () => {
    for (const text of ['dma_', 'x[', '// dma-audit', '"dma-audit: ignore["', 'dma-audit: ignore['])
      expect(await labels(text)).toEqual([]);
  });

  it('writes DMA programs', async () => {
    expect(await labels('allo', 'dmaseq')).toContain('allocate');
    expect(await labels('platform direct, td', 'dmaseq')).toContain('tdx');
    expect(await labels('map ring = buffer 4K ', 'dmaseq')).toContain('bidirectional');
    expect(await labels('expect con', 'dmaseq')).toContain('conversions');
  });
});

describe('DMA programs', () => {
  it('show mistakes, expectations that do not hold, and violations', async () => {
    const program = 'untitled:a.dmaseq';
    const told = async (text: string): Promise<readonly [number, string, unknown][]> => {
      const version = await client.change(program, [{ text }]);
      await client.until(() => client.published.some((one) => one.uri === program && one.version === version));
      const last = client.published.findLast((one) => one.uri === program);
      return (
        last?.diagnostics.map(({ range, message, code }) => [
          range.start.line,
          `${message}`.split('\n')[0] ?? '',
          code,
        ]) ?? []
      );
    };
    await client.open(program, '', 'dmaseq');
    expect(await told('mapp x\n')).toEqual([[0, expect.stringContaining("there is no statement 'mapp'"), undefined]]);
    const good = 'platform tdx\ndeclare b 4K heap\nmap m = b 4K to-device\ncheck m\nunmap m 4K to-device\n';
    expect(await told(good)).toEqual([]);
    expect(await told(`${good}expect bytesToBounce = 1\n`)).toEqual([
      [5, expect.stringMatching(/does not hold/), undefined],
    ]);
    const twice = await told(`${good}unmap m 4K to-device\n`);
    expect(twice).toEqual([[5, expect.any(String), 'double-unmap']]);
  });

  it('of the examples are right', async () => {
    for (const name of readdirSync(examples).filter((one) => one.endsWith('.dmaseq'))) {
      const path = join(examples, name);
      const count = client.published.length;
      await client.open(uriOf(path), readFileSync(path, 'utf8'), 'dmaseq');
      await client.until(() => client.published.slice(count).some((one) => one.uri === uriOf(path)));
      expect([name, client.published.findLast((one) => one.uri === uriOf(path))?.diagnostics]).toEqual([name, []]);
    }
  });
});
