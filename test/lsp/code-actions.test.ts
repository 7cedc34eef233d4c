import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CodeAction,
  type CodeActionContext,
  CodeActionRequest,
  type Diagnostic,
  type Range,
  type TextEdit,
} from 'vscode-languageserver/node';
import { applyEdits } from '../../server/src/fixes/index.ts';
import { Client } from './client.ts';
import { placeOf } from './sources.ts';

const text = `#include <linux/dma-mapping.h>

static int send(struct nic *nic, void *data, size_t size)
{
	dma_addr_t addr = dma_map_single(nic->dev, data, size, DMA_TO_DEVICE);

	writel(lower_32_bits(addr), nic->regs);
	nic_wait(nic);
	dma_unmap_single(nic->dev, addr, size, DMA_TO_DEVICE);
	return 0;
}

static int receive(struct nic *nic, void *data, size_t size)
{
	dma_addr_t addr = dma_map_single(nic->dev, data, size, DMA_FROM_DEVICE);

	if (dma_mapping_error(nic->dev, addr))
		return -ENOMEM;
	writel(lower_32_bits(addr), nic->regs);
	nic_wait(nic);
	dma_unmap_single(nic->dev, addr, size, DMA_TO_DEVICE);
	return 0;
}
`;

/** A client that takes snippets and edits for one version of a document, and one that takes neither. */
const CAPABLE = { workspace: { workspaceEdit: { documentChanges: true, snippetEditSupport: true } } };

let capable: Client;
let plain: Client;
beforeAll(async () => {
  [capable, plain] = await Promise.all([new Client().start({ capabilities: CAPABLE }), new Client().start()]);
});
afterAll(() => Promise.all([capable.stop(), plain.stop()]));

let count = 0;
interface Opened {
  readonly uri: string;
  readonly diagnostics: readonly Diagnostic[];
}

async function open(client: Client, source = text): Promise<Opened> {
  const uri = `untitled:nic-${count++}.c`;
  await client.open(uri, source);
  return { uri, diagnostics: await client.settled(uri) };
}

async function ask(
  client: Client,
  { uri, diagnostics }: Opened,
  range: Range,
  context: Partial<CodeActionContext> = {},
): Promise<readonly CodeAction[]> {
  const answer = await client.connection.sendRequest(CodeActionRequest.type, {
    textDocument: { uri },
    range,
    context: { diagnostics: [...diagnostics], ...context },
  });
  return (answer ?? []) as CodeAction[];
}

const rangeAt = (needle: string, n = 0): Range => ({ start: placeOf(text, needle, n), end: placeOf(text, needle, n) });
const WHOLE: Range = { start: { line: 0, character: 0 }, end: { line: 100, character: 0 } };

function applied(uri: string, { edit }: CodeAction): string {
  const [first] = edit?.documentChanges ?? [];
  const edits = edit?.changes?.[uri] ?? (first && 'edits' in first ? (first.edits as TextEdit[]) : []);
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const offset = ({ line, character }: Range['start']): number => (starts[line] ?? 0) + character;
  return applyEdits(
    text,
    edits.map(({ range, newText }) => ({ start: offset(range.start), end: offset(range.end), text: newText })),
  );
}

describe('quick fixes', () => {
  it('end the diagnostic, and bring no other', async () => {
    const opened = await open(plain);
    expect(opened.diagnostics.map(({ code }) => code)).toEqual(['unchecked-mapping', 'direction-mismatch']);
    const [fix] = await ask(plain, opened, rangeAt('dma_map_single'));
    expect(fix).toMatchObject({
      title: 'Test the mapping with dma_mapping_error () and return -ENOMEM',
      kind: 'quickfix',
      isPreferred: true,
      diagnostics: [{ code: 'unchecked-mapping' }],
    });
    const mended = fix ? applied(opened.uri, fix) : '';
    expect(mended).toContain('\n\n\tif (dma_mapping_error(nic->dev, addr))\n\t\treturn -ENOMEM;\n\n\twritel');
    const after = await open(plain, mended);
    expect(after.diagnostics.map(({ code }) => code)).toEqual(['direction-mismatch']);
  });

  it('are for the text of now, where the client lets that be said', async () => {
    const opened = await open(capable);
    const [fix] = await ask(capable, opened, rangeAt('dma_unmap_single', 1));
    expect(fix?.edit?.documentChanges).toMatchObject([{ textDocument: { uri: opened.uri, version: 1 } }]);
    expect(fix && applied(opened.uri, fix)).toContain('dma_unmap_single(nic->dev, addr, size, DMA_FROM_DEVICE)');
  });

  it('are offered where the diagnostic is, and nowhere else', async () => {
    const opened = await open(plain);
    expect(await ask(plain, opened, rangeAt('nic_wait'))).toEqual([]);
  });
});

describe('other actions', () => {
  it('suppress with a reason that is typed over', async () => {
    const opened = await open(capable);
    const actions = await ask(capable, opened, rangeAt('dma_unmap_single', 1));
    const suppress = actions.find(({ title }) => title === 'Ignore direction-mismatch here, with a reason');
    expect(suppress?.edit?.documentChanges).toMatchObject([
      {
        edits: [
          {
            range: { start: { line: 20, character: 0 }, end: { line: 20, character: 0 } },
            snippet: {
              kind: 'snippet',
              value: `\t// dma-audit: ignore[direction-mismatch] -- \${1:say why this is right}\n`,
            },
          },
        ],
      },
    ]);
  });

  it('suppress with a plain text where there are no snippets, and the diagnostic is gone', async () => {
    const opened = await open(plain);
    const actions = await ask(plain, opened, rangeAt('dma_unmap_single', 1));
    const suppress = actions.find(({ title }) => title.startsWith('Ignore'));
    const after = await open(plain, suppress ? applied(opened.uri, suppress) : '');
    expect(after.diagnostics.map(({ code }) => code)).toEqual(['unchecked-mapping']);
  });

  it('explain the rule and simulate the function', async () => {
    const opened = await open(plain);
    const actions = await ask(plain, opened, rangeAt('dma_unmap_single', 1));
    expect(actions.flatMap(({ command }) => command ?? [])).toEqual([
      { title: 'Explain direction-mismatch', command: 'dma-audit.explainRule', arguments: ['direction-mismatch'] },
      { title: 'Simulate receive', command: 'dma-audit.simulateFunction', arguments: [opened.uri, 'receive'] },
    ]);
  });
});

describe('fix all', () => {
  it('makes the safe changes only, when it is asked for', async () => {
    const opened = await open(plain);
    const actions = await ask(plain, opened, WHOLE, { only: ['source.fixAll'] });
    expect(actions).toHaveLength(1);
    expect(actions[0]).toMatchObject({ kind: 'source.fixAll.dma-audit' });
    const mended = actions[0] ? applied(opened.uri, actions[0]) : '';
    expect((await open(plain, mended)).diagnostics.map(({ code }) => code)).toEqual(['unchecked-mapping']);
  });

  it('is not offered among the quick fixes, nor where nothing is safe', async () => {
    const opened = await open(plain);
    const kinds = (await ask(plain, opened, WHOLE)).map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(new Set(['quickfix']));
    const unsafe = await open(plain, text.slice(0, text.indexOf('static int receive')));
    expect(await ask(plain, unsafe, WHOLE, { only: ['source.fixAll.dma-audit'] })).toEqual([]);
  });
});
