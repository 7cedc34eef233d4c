import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CancellationTokenSource, CodeLensRequest, CodeLensResolveRequest } from 'vscode-languageserver/node';
import { Client } from './client.ts';
import { nicText, placeOf, sendOf } from './sources.ts';

/** Loaded into every thread of the server: ends the analysis when a text asks for it. */
const CRASH = `
  import { parentPort } from 'node:worker_threads';
  const on = parentPort?.on;
  if (on) parentPort.on = (event, listen) => on.call(parentPort, event, (message) => {
    if (message?.text?.includes('CRASH THE ANALYSIS')) throw new Error('a mistake of ours');
    listen(message);
  });`;

const HEAD = '#include <linux/dma-mapping.h>\n';

describe('when the analysis crashes', () => {
  const start = (): Promise<Client> =>
    new Client(['--import', `data:text/javascript,${encodeURIComponent(CRASH)}`]).start();

  it('it is started again, says so, and knows the open files', async () => {
    const client = await start();
    await client.open('untitled:a.c', HEAD + sendOf('send'));
    expect(await client.settled('untitled:a.c')).toHaveLength(1);
    await client.open('untitled:b.c', `${HEAD}/* CRASH THE ANALYSIS */\n`);
    await client.until(() => client.messages.some((one) => /failed \(a mistake of ours\)/.test(one)));
    await client.change('untitled:b.c', [{ text: HEAD + sendOf('other') }]);
    expect(await client.settled('untitled:b.c')).toHaveLength(1);
    await client.change('untitled:a.c', [{ text: HEAD }]);
    expect(await client.settled('untitled:a.c')).toEqual([]);
    expect(await client.stop()).toBe(0);
  });

  it('again and again it is left alone, until another file is opened', async () => {
    const client = await start();
    await client.open('untitled:b.c', `${HEAD}/* CRASH THE ANALYSIS */\n`);
    await client.until(() => client.messages.some((one) => /has ended/.test(one)));
    const hover = await client.connection.sendRequest('textDocument/hover', {
      textDocument: { uri: 'untitled:b.c' },
      position: { line: 1, character: 3 },
    });
    expect(hover).toBeNull();
    await client.close('untitled:b.c');
    await client.open('untitled:c.c', HEAD + sendOf('send'));
    expect(await client.settled('untitled:c.c')).toHaveLength(1);
    expect(await client.stop()).toBe(0);
  });
});

describe('a file of 20,000 lines', () => {
  it('is analysed, and an edit in it costs its function only', async () => {
    const FUNCTIONS = 2_000;
    const check = '\tif (dma_mapping_error(nic->dev, addr))\n\t\treturn -ENOMEM;\n';
    const functions = Array.from({ length: FUNCTIONS }, (_, i) => {
      const text = sendOf(`send_${i}`);
      return i % 100 === 0 ? text : text.replace('\twritel', `${check}\twritel`);
    });
    const text = HEAD + functions.join('');
    expect(text.split('\n').length).toBeGreaterThan(20_000);
    const client = await new Client().start();
    const uri = 'untitled:large.c';
    await client.open(uri, text);
    expect(await client.settled(uri)).toHaveLength(FUNCTIONS / 100);
    const { line } = placeOf(text, '\twritel', 1_000);
    const at = { line, character: 0 };
    const version = await client.change(uri, [{ range: { start: at, end: at }, text: check }]);
    expect(await client.settled(uri)).toHaveLength(FUNCTIONS / 100 - 1);
    // Nothing else was pending in between.
    const pending = client.statuses.filter((one) => one.version === version).map((one) => one.pending);
    expect(Math.max(...pending)).toBeLessThanOrEqual(1);
    await client.stop();
  });
});

describe('requests', () => {
  it('that are cancelled, or overtaken by an edit, are answered', async () => {
    const text = HEAD + Array.from({ length: 50 }, (_, i) => sendOf(`send_${i}`)).join('');
    const client = await new Client().start();
    const uri = 'untitled:a.c';
    const textDocument = { uri };
    await client.open(uri, text);
    const source = new CancellationTokenSource();
    const early = client.connection.sendRequest(CodeLensRequest.type, { textDocument }, source.token);
    source.cancel();
    await early.catch((error: unknown) => expect(error).toBeInstanceOf(Error));
    const lenses = (await client.connection.sendRequest(CodeLensRequest.type, { textDocument })) ?? [];
    expect(lenses).toHaveLength(50);
    const resolved = lenses.map((lens) => client.connection.sendRequest(CodeLensResolveRequest.type, lens));
    const at = { line: 0, character: 0 };
    await client.change(uri, [{ range: { start: at, end: at }, text: '\n' }]);
    for (const { command } of await Promise.all(resolved)) expect(command?.title).toMatch(/Simulate$/);
    await client.settled(uri);
    await client.stop();
  });

  it('about any place of any text are answered', async () => {
    const client = await new Client().start({ initializationOptions: { inlayHints: true } });
    const uri = 'untitled:a.c';
    const textDocument = { uri };
    await client.open(uri, nicText);
    const request = fc.record({
      method: fc.constantFrom(
        'hover',
        'documentHighlight',
        'completion',
        'inlayHint',
        'codeLens',
        'codeAction',
        'diagnostic',
      ),
      position: fc.record({ line: fc.nat(200), character: fc.nat(100) }),
      edit: fc.option(fc.constantFrom('{', '}', '"', '/*', 'dma_map_single(', '->', '\n', '// dma-audit: ignore[')),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 10, maxLength: 20 }), async (requests) => {
        const answers = requests.map(({ method, position, edit }) => {
          const range = { start: position, end: position };
          if (edit !== null) void client.change(uri, [{ range, text: edit }]);
          const params = { textDocument, position, range, context: { diagnostics: [] } };
          return client.connection.sendRequest(`textDocument/${method}`, params).catch((error: unknown) => error);
        });
        // A diagnostic that an edit has overtaken is to be asked for again.
        for (const answer of await Promise.all(answers))
          if (answer instanceof Error) expect(answer.message).toBe('the text has changed');
        await client.change(uri, [{ text: nicText }]);
      }),
      { numRuns: 20, seed: 1 },
    );
    expect(await client.settled(uri)).not.toEqual([]);
    expect(client.messages).toEqual([]);
    expect(await client.stop()).toBe(0);
  });

  it('of a server that was told to end end with it', async () => {
    const client = await new Client().start();
    await client.open('untitled:a.c', HEAD + sendOf('send'));
    expect(await client.stop()).toBe(0);
  });
});
