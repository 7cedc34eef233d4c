import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CancellationTokenSource,
  type Diagnostic,
  DocumentDiagnosticRequest,
  type WorkspaceDiagnosticReportPartialResult,
  WorkspaceDiagnosticRequest,
  type WorkspaceDocumentDiagnosticReport,
} from 'vscode-languageserver/node';
import { Client, uriOf } from './client.ts';
import { NIC, nicText, sendOf } from './sources.ts';

const HEAD = '#include <linux/dma-mapping.h>\n';
const PULL = { initializationOptions: { diagnostics: 'pull', workspaceDiagnostics: true } };

describe('a document', () => {
  let pull: Client;
  beforeAll(async () => {
    pull = await new Client().start(PULL);
  });
  afterAll(() => pull.stop());

  const ask = (uri: string, previousResultId?: string) =>
    pull.connection.sendRequest(DocumentDiagnosticRequest.type, {
      textDocument: { uri },
      ...(previousResultId === undefined ? {} : { previousResultId }),
    });

  it('that is asked for has what another client is sent', async () => {
    const push = await new Client().start();
    expect(push.initialized.capabilities.diagnosticProvider).toBeUndefined();
    await push.open(uriOf(NIC), nicText);
    const sent = await push.settled(uriOf(NIC));
    await push.stop();
    await pull.open(uriOf(NIC), nicText);
    expect(await ask(uriOf(NIC))).toMatchObject({ kind: 'full', items: sent });
    expect(pull.published).toEqual([]);
  });

  it('is not told again when nothing has changed', async () => {
    const first = await ask(uriOf(NIC));
    expect(first.resultId).toBeTypeOf('string');
    expect(await ask(uriOf(NIC), first.resultId)).toEqual({ kind: 'unchanged', resultId: first.resultId });
    await pull.change(uriOf(NIC), [{ text: HEAD }]);
    expect(await ask(uriOf(NIC), first.resultId)).toMatchObject({ kind: 'full', items: [] });
  });

  it('that changes while it is asked for is to be asked for again', async () => {
    await pull.change(uriOf(NIC), [{ text: `${nicText}\n` }]);
    const early = ask(uriOf(NIC));
    await pull.change(uriOf(NIC), [{ text: nicText }]);
    const answer = await early.catch((error: unknown) => error);
    // Unless it was faster than the edit.
    if (answer instanceof Error) expect(answer).toMatchObject({ data: { retriggerRequest: true } });
    expect(await ask(uriOf(NIC))).toMatchObject({ kind: 'full' });
  });

  it('may be a DMA program, or one that is not open', async () => {
    await pull.open('untitled:a.dmaseq', 'mapp x\n', 'dmaseq');
    expect(await ask('untitled:a.dmaseq')).toMatchObject({ kind: 'full', items: [{ range: { start: { line: 0 } } }] });
    expect(await ask('untitled:other.c')).toMatchObject({ kind: 'full', items: [] });
  });
});

describe('the workspace', () => {
  let top: string;
  const path = (name: string): string => join(top, name);
  const items: WorkspaceDocumentDiagnosticReport[] = [];
  beforeAll(() => {
    top = mkdtempSync(join(tmpdir(), 'lsp-'));
    for (const name of ['a/one.c', 'a/two.c', 'b/three.c']) {
      mkdirSync(dirname(path(name)), { recursive: true });
      writeFileSync(path(name), HEAD + sendOf('send'));
    }
  });
  afterAll(() => rmSync(top, { recursive: true }));

  it('is told in parts, once, and again when a file changes', async () => {
    const client = await new Client().start({ ...PULL, workspaceFolders: [{ uri: uriOf(top), name: 'top' }] });
    const known = new Map<string, { readonly id: string; readonly items: readonly Diagnostic[] }>();
    const take = (reports: readonly WorkspaceDocumentDiagnosticReport[]): void => {
      items.push(...reports);
      for (const one of reports)
        if (one.kind === 'full') known.set(one.uri, { id: one.resultId ?? '', items: one.items });
    };
    const ask = async (source = new CancellationTokenSource()): Promise<void> => {
      const partialResultToken = `part ${Math.random()}`;
      const previousResultIds = [...known].map(([uri, { id }]) => ({ uri, value: id }));
      const answer = await client.connection.sendRequest(
        WorkspaceDiagnosticRequest.type,
        { previousResultIds, partialResultToken },
        source.token,
      );
      for (const { token, value } of client.progress)
        if (token === partialResultToken) take((value as WorkspaceDiagnosticReportPartialResult).items);
      take(answer.items);
    };
    await ask();
    const counts = (): readonly [string, number][] =>
      [...known].map(([uri, one]): [string, number] => [uri.slice(uriOf(top).length + 1), one.items.length]).sort();
    expect(counts()).toEqual([
      ['a/one.c', 1],
      ['a/two.c', 1],
      ['b/three.c', 1],
    ]);
    // The next request waits until there is something new.
    const next = ask();
    writeFileSync(path('a/one.c'), HEAD);
    rmSync(path('a/two.c'));
    items.length = 0;
    const changes = ['a/one.c', 'a/two.c'].map((name) => ({ uri: uriOf(path(name)), type: 2 }));
    await client.connection.sendNotification('workspace/didChangeWatchedFiles', { changes });
    await next;
    expect(counts()).toEqual([
      ['a/one.c', 0],
      ['a/two.c', 0],
      ['b/three.c', 1],
    ]);
    expect(items.map(({ uri }) => uri)).not.toContain(uriOf(path('b/three.c')));
    // And can be given up.
    const source = new CancellationTokenSource();
    const vain = ask(source);
    source.cancel();
    await vain.catch((error: unknown) => expect(error).toBeInstanceOf(Error));
    await client.stop();
  });
});
