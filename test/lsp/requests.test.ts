import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CancellationTokenSource } from 'vscode-languageserver/node';
import {
  AuditWorkspaceRequest,
  COMMANDS,
  CostRequest,
  ExplainRuleRequest,
  PlatformsRequest,
  SimulateRequest,
} from '../../server/src/lsp/protocol.ts';
import { Client, uriOf } from './client.ts';
import { NIC, nicText, placeOf, sendOf } from './sources.ts';

const HEAD = '#include <linux/dma-mapping.h>\n';

describe('of an open document', () => {
  const uri = uriOf(NIC);
  let client: Client;
  beforeAll(async () => {
    client = await new Client().start();
    await client.open(uri, nicText);
    await client.settled(uri);
  });
  afterAll(() => client.stop());

  it('simulates a function, by its name or a place in it', async () => {
    const byName = await client.connection.sendRequest(SimulateRequest, { uri, function: 'nic_send' });
    expect(byName?.files).toEqual({ 'mailbox_nic.c': uri });
    expect(byName?.simulation).toMatchObject({ function: 'nic_send', file: 'mailbox_nic.c', dialect: 'linux' });
    expect(byName?.simulation.platforms[0]?.id).toBe('tdx');
    const position = placeOf(nicText, 'dma_map_single', 0);
    expect(await client.connection.sendRequest(SimulateRequest, { uri, position })).toEqual(byName);
    const platforms = ['vtd-strict'];
    const other = await client.connection.sendRequest(SimulateRequest, { uri, position, platforms, paths: 'all' });
    expect(other?.simulation.platforms.map(({ id }) => id)).toEqual(platforms);
    expect(other?.simulation.paths.length).toBeGreaterThan(1);
    expect(await client.connection.sendRequest(SimulateRequest, { uri, function: 'no_such' })).toBeNull();
    expect(await client.connection.sendRequest(SimulateRequest, { uri: 'file:///no.c', function: 'x' })).toBeNull();
  });

  it('tells what its functions cost', async () => {
    const cost = await client.connection.sendRequest(CostRequest, { uri, platforms: ['tdx', 'vtd-strict'] });
    expect(cost?.platforms).toEqual(['tdx', 'vtd-strict']);
    expect(cost?.functions.map((one) => one.function)).toContain('nic_receive');
    expect(cost?.markdown).toMatch(/\| `nic_receive` \| 101 \| 4 KiB copied/);
    expect(cost?.markdown).toMatch(/IOTLB invalidation/);
  });

  it('explains rules and lists platforms', async () => {
    const explained = await client.connection.sendRequest(ExplainRuleRequest, { rule: 'unchecked-mapping' });
    expect(explained?.markdown).toMatch(/^# unchecked-mapping/);
    expect(explained?.uri).toMatch(/unchecked-mapping\.md$/);
    expect(await client.connection.sendRequest(ExplainRuleRequest, { rule: '../../x' })).toBeNull();
    const platforms = await client.connection.sendRequest(PlatformsRequest);
    expect(platforms).toContainEqual({ id: 'tdx', title: 'TDX guest, swiotlb', dialects: ['linux'] });
  });

  it('executes the commands for a client that cannot', async () => {
    expect(client.initialized.capabilities.executeCommandProvider?.commands).toEqual(Object.values(COMMANDS));
    const execute = (command: string, given: readonly unknown[]): Promise<unknown> =>
      client.connection.sendRequest('workspace/executeCommand', { command, arguments: given });
    expect(await execute(COMMANDS.simulateFunction, [uri, 'nic_send'])).toMatchObject({ function: 'nic_send' });
    expect(client.messages.at(-1)).toMatch(/^nic_send:\n28: map: dma_map_single.*\n30: check/);
    await execute(COMMANDS.explainRule, ['mapping-leak']);
    expect(client.messages.at(-1)).toMatch(/mapping-leak\.md/);
    await execute(COMMANDS.costReport, [uri]);
    expect(client.messages.at(-1)).toMatch(/DMA cost of mailbox_nic\.c/);
    for (const given of [[], [1, {}], ['file:///no.c', 'x']])
      expect(await execute(COMMANDS.simulateFunction, given)).toBeNull();
  });

  it('does not offer them to one that has them itself', async () => {
    const other = await new Client().start({ initializationOptions: { clientCommands: true } });
    expect(other.initialized.capabilities.executeCommandProvider).toBeUndefined();
    await other.stop();
  });
});

describe('the audit of a workspace', () => {
  const FILES = 40;
  let top: string;
  let client: Client;
  const at = (i: number): string => join(top, `d${i % 4}`, `f${i}.c`);
  beforeAll(async () => {
    top = mkdtempSync(join(tmpdir(), 'lsp-'));
    for (let i = 0; i < FILES; i++) {
      mkdirSync(join(top, `d${i % 4}`), { recursive: true });
      writeFileSync(at(i), HEAD + sendOf(`send_${i}`));
    }
    writeFileSync(join(top, '.gitignore'), 'f1.c\n');
    mkdirSync(join(top, '.git'));
    writeFileSync(join(top, 'dma-audit.json'), '{ "exclude": ["d2/**"] }');
    client = await new Client().start({
      workspaceFolders: [{ uri: uriOf(top), name: 'top' }],
      capabilities: { window: { workDoneProgress: true } },
    });
  });
  afterAll(async () => {
    await client.stop();
    rmSync(top, { recursive: true });
  });

  it('publishes what is found in files that are not open, with progress', async () => {
    const found = client.connection.sendRequest(AuditWorkspaceRequest, { workDoneToken: 'audit' });
    // Without f1.c, which is ignored; nothing is told of d2.
    expect(await found).toMatchObject({ files: FILES - 1, analysed: FILES - 1, degraded: 0, diagnostics: FILES - 11 });
    const last = new Map(client.published.map(({ uri, diagnostics }) => [uri, diagnostics]));
    expect([...last.values()].filter((one) => one.length === 1)).toHaveLength(FILES - 11);
    expect(last.get(uriOf(at(4)))?.[0]).toMatchObject({ code: 'unchecked-mapping', range: { start: { line: 4 } } });
    expect(last.has(uriOf(at(1)))).toBe(false);
    const values = client.progress.filter(({ token }) => token === 'audit').map(({ value }) => value);
    expect(values[0]).toMatchObject({ kind: 'begin', cancellable: true });
    expect(values.at(-2)).toMatchObject({
      kind: 'report',
      percentage: 100,
      message: `${FILES - 1} of ${FILES - 1} files`,
    });
    expect(values.at(-1)).toMatchObject({ kind: 'end' });
  });

  it('takes unsaved texts, and forgets what was mended on disk', async () => {
    await client.open(uriOf(at(0)), HEAD);
    writeFileSync(at(4), HEAD);
    await client.connection.sendRequest(AuditWorkspaceRequest, {});
    const last = (i: number) => client.published.findLast(({ uri }) => uri === uriOf(at(i)))?.diagnostics;
    expect([last(0), last(4)]).toEqual([[], []]);
    expect(last(8)).toHaveLength(1);
  });

  it('is kept up to date when files change or are closed', async () => {
    const isTold = (i: number, count: number) => (): boolean =>
      client.published.findLast(({ uri }) => uri === uriOf(at(i)))?.diagnostics.length === count;
    // On disk it is as faulty as it was.
    await client.close(uriOf(at(0)));
    await client.until(isTold(0, 1));
    writeFileSync(at(8), HEAD);
    rmSync(at(12));
    const changes = [8, 12].map((i) => ({ uri: uriOf(at(i)), type: 2 }));
    await client.connection.sendNotification('workspace/didChangeWatchedFiles', { changes });
    await client.until(isTold(8, 0));
    await client.until(isTold(12, 0));
    expect(isTold(16, 1)()).toBe(true);
  });

  it('can be cancelled, by its request and by its progress', async () => {
    const source = new CancellationTokenSource();
    const audit = client.connection.sendRequest(AuditWorkspaceRequest, { workDoneToken: 'second' }, source.token);
    await client.until(() => client.progress.some(({ token }) => token === 'second'));
    source.cancel();
    // The answer is null, or the library's for a cancelled request.
    expect(await audit.catch(() => null)).toBeNull();
    const count = client.progress.length;
    const command = client.connection.sendRequest('workspace/executeCommand', { command: COMMANDS.auditWorkspace });
    await client.until(() => client.progress.length > count);
    const token = client.progress.at(-1)?.token;
    await client.connection.sendNotification('window/workDoneProgress/cancel', { token });
    expect(await command).toBeNull();
    expect(client.progress.at(-1)).toMatchObject({ token, value: { kind: 'end' } });
  });
});
