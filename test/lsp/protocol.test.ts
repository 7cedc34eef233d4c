import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DiagnosticSeverity, DiagnosticTag } from 'vscode-languageserver/node';
import { renderBaseline } from '../../server/src/audit/index.ts';
import type { DiagnosticData } from '../../server/src/lsp/diagnostics.ts';
import { AuditWorkspaceRequest } from '../../server/src/lsp/protocol.ts';
import { Client, uriOf } from './client.ts';
import { NIC, nicText, placeOf, sendOf } from './sources.ts';

const HEAD = '#include <linux/dma-mapping.h>\n';

describe('the server', () => {
  let client: Client;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lsp-'));
    client = await new Client().start();
  });
  afterAll(async () => {
    expect(await client.stop()).toBe(0);
    rmSync(folder, { recursive: true });
  });

  const codes = async (uri: string): Promise<readonly unknown[]> =>
    (await client.settled(uri)).map(({ code }) => code).sort();

  it('tells the diagnostics of an open file, with both ends, page and platforms', async () => {
    await client.open(uriOf(NIC), nicText);
    const diagnostics = await client.settled(uriOf(NIC));
    const one = diagnostics.find(({ code }) => code === 'unchecked-mapping');
    const place = placeOf(nicText, 'dma_map_single', 1);
    expect(one).toMatchObject({
      source: 'dma-audit',
      severity: DiagnosticSeverity.Error,
      range: { start: place, end: { line: place.line } },
      codeDescription: { href: expect.stringMatching(/^file:.*\/rules\/unchecked-mapping\.md$/) },
      data: { rule: 'unchecked-mapping', function: 'nic_send_wrong' },
    });
    expect(one?.message).toMatch(/Breaks on .*tdx.*:/);
    expect(one?.message).toMatch(/Does not show on direct/);
    const used = placeOf(nicText, 'writel', 1);
    expect(one?.relatedInformation?.[0]).toEqual({
      location: { uri: uriOf(NIC), range: { start: used, end: used } },
      message: 'used here',
    });
    expect(one?.relatedInformation?.at(-1)?.message).toMatch(/^step 1 of 1: map/);
  });

  it('says how far it is, and on which platform', async () => {
    expect(client.statuses.findLast(({ uri }) => uri === uriOf(NIC))).toMatchObject({
      dialect: 'linux',
      platform: { id: 'tdx' },
      pending: 0,
      analysed: 6,
      degraded: 0,
      skipped: 0,
      incomplete: [],
    });
  });

  it('follows the text of the editor, not the one on disk', async () => {
    const path = join(folder, 'driver.c');
    writeFileSync(path, HEAD);
    await client.open(uriOf(path), HEAD + sendOf('send'));
    expect(await codes(uriOf(path))).toEqual(['unchecked-mapping']);
    const { line } = placeOf(HEAD + sendOf('send'), '\twritel');
    const check = '\tif (dma_mapping_error(nic->dev, addr))\n\t\treturn -ENOMEM;\n';
    const at = { line, character: 0 };
    await client.change(uriOf(path), [{ range: { start: at, end: at }, text: check }]);
    expect(await codes(uriOf(path))).toEqual([]);
    await client.change(uriOf(path), [{ text: HEAD + sendOf('send') }]);
    expect(await codes(uriOf(path))).toEqual(['unchecked-mapping']);
    await client.close(uriOf(path));
    await client.until(
      () => client.published.at(-1)?.uri === uriOf(path) && !client.published.at(-1)?.diagnostics.length,
    );
  });

  it('takes callees from the text of the editor, and from the disk when it is closed there', async () => {
    const [header, source] = [join(folder, 'map.h'), join(folder, 'caller.c')];
    const helper = (check: string): string =>
      `${HEAD}static inline int nic_map(struct nic *nic, void *data)\n{\n` +
      `\tnic->addr = dma_map_single(nic->dev, data, 64, DMA_TO_DEVICE);\n${check}\treturn 0;\n}\n`;
    const good = '\tif (dma_mapping_error(nic->dev, nic->addr))\n\t\treturn -EIO;\n';
    writeFileSync(header, helper(good));
    const text = `${HEAD}#include "map.h"\nint nic_go(struct nic *nic, void *data)\n{\n\tint ret = nic_map(nic, data);\n\tif (ret)\n\t\treturn ret;\n\twritel(nic->addr, nic->regs);\n\treturn 0;\n}\n`;
    await client.open(uriOf(source), text);
    expect(await codes(uriOf(source))).toEqual([]);
    await client.open(uriOf(header), helper(''));
    expect(await codes(uriOf(header))).toEqual(['unchecked-mapping']);
    await client.close(uriOf(header));
    await client.change(uriOf(source), [{ text: `${text}\n` }]);
    expect(await codes(uriOf(source))).toEqual([]);
  });

  it('analyses a file that was never saved', async () => {
    const uri = 'untitled:Untitled-1';
    await client.open(uri, HEAD + sendOf('send'));
    expect(await codes(uri)).toEqual(['unchecked-mapping']);
  });

  it('shows a suppression that suppresses nothing as unnecessary', async () => {
    const uri = 'untitled:Untitled-2';
    await client.open(
      uri,
      `${HEAD}/* dma-audit: ignore-file[direction-mismatch] -- kept for the device */\n${sendOf('send')}`,
    );
    const unused = (await client.settled(uri)).find(({ code }) => code === 'suppression');
    expect(unused).toMatchObject({ severity: DiagnosticSeverity.Hint, tags: [DiagnosticTag.Unnecessary] });
  });

  it('says what it did not look at', async () => {
    const uri = 'untitled:Untitled-3';
    await client.open(
      uri,
      `${HEAD}#define MAP(n) dma_map_single((n)->dev, (n)->p, 4, DMA_TO_DEVICE)\n${sendOf('send')}`,
    );
    await client.settled(uri);
    expect(client.statuses.at(-1)).toMatchObject({
      analysed: 1,
      skipped: 1,
      incomplete: [{ function: 'MAP', reasons: [expect.stringMatching(/macro/)] }],
    });
  });

  it('has nothing to say of text without DMA, of no text and of rubble', async () => {
    for (const [i, text] of ['', 'int f(void) { return 0; }', '}}}} dma_map_single(((', '\0\uD800'].entries()) {
      await client.open(`untitled:rubble-${i}`, text);
      expect(await codes(`untitled:rubble-${i}`)).toEqual([]);
    }
  });

  it('survives what is not for it', async () => {
    await client.change('untitled:never-opened', [{ text: 'x' }]);
    await client.close('untitled:never-opened');
    const nothing = await client.connection.sendRequest('textDocument/hover', {
      textDocument: { uri: 'untitled:never-opened' },
      position: { line: 99, character: 99 },
    });
    expect(nothing).toBeNull();
    await expect(client.connection.sendRequest('dmaAudit/nonsense')).rejects.toThrow(/nonsense/);
  });
});

describe('position encodings', () => {
  for (const [encoding, column] of [
    ['utf-8', 16],
    ['utf-16', 11],
    ['utf-32', 10],
  ] as const)
    it(`counts in ${encoding}`, async () => {
      const client = await new Client().start({ capabilities: { general: { positionEncodings: [encoding] } } });
      expect(client.initialized.capabilities.positionEncoding).toBe(encoding);
      const uri = 'untitled:a.c';
      const text = `${HEAD}int f(struct nic *nic, void *p)\n{\n/* ä€🚀 */ nic->a = dma_map_single(nic->d, p, 4, DMA_TO_DEVICE);\nwritel(nic->a, nic->r);\nreturn 0;\n}\n`;
      await client.open(uri, text);
      const [first] = await client.settled(uri);
      expect(first?.range.start).toEqual({ line: 3, character: column + 'nic->a = '.length });
      // An edit behind the wide characters, in the same count.
      const at = { line: 3, character: column };
      await client.change(uri, [{ range: { start: at, end: at }, text: 'if (0) ' }]);
      await client.change(uri, [{ range: { start: at, end: { ...at, character: at.character + 7 } }, text: '' }]);
      expect((await client.settled(uri))[0]?.range.start).toEqual(first?.range.start);
      await client.stop();
    });
});

describe('settings', () => {
  it('are taken from the client, checked, and change what is told', async () => {
    const client = new Client();
    client.configuration = {
      rules: { 'unchecked-mapping': 'warning' },
      platforms: ['tdx', 'no-such-one'],
      budget: 'x',
    };
    await client.start({ capabilities: { workspace: { configuration: true } } });
    const uri = 'untitled:a.c';
    await client.open(uri, HEAD + sendOf('send'));
    const [one] = await client.settled(uri);
    expect(one?.severity).toBe(DiagnosticSeverity.Warning);
    expect(one?.message).not.toMatch(/sev/);
    expect(client.messages.join('\n')).toMatch(/no platform 'no-such-one'/);
    expect(client.messages.join('\n')).toMatch(/dmaAudit\.budget/);
    client.configuration = { rules: { 'unchecked-mapping': 'off' } };
    const told = client.statuses.length;
    await client.connection.sendNotification('workspace/didChangeConfiguration', { settings: null });
    await client.until(() => client.statuses.slice(told).some(({ pending }) => pending === 0));
    expect(client.published.at(-1)?.diagnostics).toEqual([]);
    await client.stop();
  });

  it('of a folder go before them, and each folder has its own', async () => {
    const top = mkdtempSync(join(tmpdir(), 'lsp-'));
    writeFileSync(join(top, 'dma-audit.json'), '{ "rules": { "unchecked-mapping": "off" } }');
    const client = await new Client().start({ workspaceFolders: [{ uri: uriOf(top), name: 'top' }] });
    await client.open(uriOf(join(top, 'a.c')), HEAD + sendOf('send'));
    expect(await client.settled(uriOf(join(top, 'a.c')))).toEqual([]);
    await client.open('untitled:b.c', HEAD + sendOf('send'));
    expect(await client.settled('untitled:b.c')).toHaveLength(1);
    // The file changes, and the client tells.
    writeFileSync(join(top, 'dma-audit.json'), '{ "rules": { "unchecked-mapping": "information" } }');
    const changes = [{ uri: uriOf(join(top, 'dma-audit.json')), type: 2 }];
    await client.connection.sendNotification('workspace/didChangeWatchedFiles', { changes });
    await client.until(() => client.published.at(-1)?.diagnostics[0]?.severity === DiagnosticSeverity.Information);
    await client.stop();
    rmSync(top, { recursive: true });
  });

  it('that name a baseline show what is in it as hints', async () => {
    const top = mkdtempSync(join(tmpdir(), 'lsp-'));
    const path = join(top, 'a/b.c');
    mkdirSync(join(top, 'a'));
    writeFileSync(path, HEAD + sendOf('send'));
    const client = await new Client().start({ workspaceFolders: [{ uri: uriOf(top), name: 'top' }] });
    await client.open(uriOf(path), HEAD + sendOf('send') + sendOf('other'));
    const found = await client.settled(uriOf(path));
    expect(found.map(({ severity }) => severity)).toEqual([DiagnosticSeverity.Error, DiagnosticSeverity.Error]);
    const data: DiagnosticData = found[0]?.data;
    const entry = { ...data, file: 'a/b.c', message: '' };
    writeFileSync(join(top, 'known.json'), renderBaseline({ entries: [entry] }));
    writeFileSync(join(top, 'dma-audit.json'), '{ "baseline": "known.json" }');
    const changes = [{ uri: uriOf(join(top, 'dma-audit.json')), type: 1 }];
    await client.connection.sendNotification('workspace/didChangeWatchedFiles', { changes });
    const severities = (): readonly unknown[] =>
      client.published.at(-1)?.diagnostics.map(({ severity }) => severity) ?? [];
    await client.until(
      () => severities().toSorted().join() === [DiagnosticSeverity.Error, DiagnosticSeverity.Hint].join(),
    );
    expect(client.published.at(-1)?.diagnostics.find(({ severity }) => severity === 4)?.message).toMatch(
      /In the baseline/,
    );
    // The audit of the workspace knows it as well: in the file on disk there is nothing new.
    await client.close(uriOf(path));
    expect(await client.connection.sendRequest(AuditWorkspaceRequest, {})).toMatchObject({ files: 1, diagnostics: 0 });
    await client.stop();
    rmSync(top, { recursive: true });
  });
});
