import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { Api } from '../../client/src/extension.ts';

const ID = 'dma-audit.dma-audit-vscode';
async function until<T>(what: string, get: () => PromiseLike<T | undefined> | T | undefined): Promise<T> {
  for (let tries = 0; tries < 400; tries++) {
    const value = await get();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`never: ${what}`);
}

const rulesOf = (uri: vscode.Uri): readonly string[] =>
  vscode.languages.getDiagnostics(uri).map(({ code }) => (typeof code === 'object' ? `${code.value}` : ''));

const ms = (time: number): string => `${time.toFixed(0)} ms`;

/** What is told of the example. */
const RULES = ['direction-mismatch', 'mapping-leak', 'unchecked-mapping'];

export function defineTests(tell: (words: string) => void): void {
  describe('in the extension host', () => {
    const extension = vscode.extensions.getExtension<Api>(ID);
    let document: vscode.TextDocument;

    before(async () => {
      const [folder] = vscode.workspace.workspaceFolders ?? [];
      assert.ok(extension && folder);
      const start = performance.now();
      const before = process.cpuUsage();
      await extension.activate();
      const { user, system } = process.cpuUsage(before);
      const activated = performance.now();
      document = await vscode.workspace.openTextDocument(vscode.Uri.joinPath(folder.uri, 'linux/mailbox_nic.c'));
      await vscode.window.showTextDocument(document);
      await extension.exports.ready;
      const ready = performance.now();
      await until('all diagnostics', () => rulesOf(document.uri).length === RULES.length);
      const told = performance.now();
      tell(
        `activated in ${ms(activated - start)} (${ms((user + system) / 1000)} of processor time), server ready in ${ms(ready - activated)}, diagnostics in ${ms(told - ready)}`,
      );
    });

    it('publishes diagnostics whose rule is a link to its page', () => {
      assert.deepEqual([...rulesOf(document.uri)].sort(), RULES);
      for (const { code } of vscode.languages.getDiagnostics(document.uri))
        assert.equal(typeof code === 'object' && code.target.scheme, 'command');
    });

    it('has every command that the manifest names', async () => {
      const known = new Set(await vscode.commands.getCommands());
      const named: readonly { readonly command: string }[] = extension?.packageJSON.contributes.commands;
      assert.deepEqual(
        named.filter(({ command }) => !known.has(command)),
        [],
      );
    });

    it('has a lens for each function that touches DMA', async () => {
      const lenses = await until('six lenses', async () => {
        const all = await vscode.commands.executeCommand<vscode.CodeLens[]>(
          'vscode.executeCodeLensProvider',
          document.uri,
          20,
        );
        return all.length === 6 ? all : undefined;
      });
      for (const { command } of lenses) assert.equal(command?.command, 'dma-audit.simulateFunction');
    });

    it('tells in a hover what a call does', async () => {
      const at = document.positionAt(document.getText().indexOf('dma_map_single'));
      const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
        'vscode.executeHoverProvider',
        document.uri,
        at,
      );
      const text = hovers.flatMap(({ contents }) => contents.map((one) => (typeof one === 'string' ? one : one.value)));
      assert.match(text.join('\n'), /bounce buffer/);
    });

    it('checks a text that was never saved', async () => {
      const text = document.getText();
      const unsaved = await vscode.workspace.openTextDocument({ language: 'c', content: text });
      await until('its diagnostics', () => rulesOf(unsaved.uri).length === RULES.length);
    });

    it('mends what is mended', async () => {
      const fault = vscode.languages
        .getDiagnostics(document.uri)
        .find(({ message }) => message.includes('DMA_TO_DEVICE'));
      assert.ok(fault);
      const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
        'vscode.executeCodeActionProvider',
        document.uri,
        fault.range,
      );
      const fix = actions.find(({ title }) => title === 'Unmap with DMA_FROM_DEVICE');
      assert.ok(fix?.edit);
      assert.ok(await vscode.workspace.applyEdit(fix.edit));
      await until('one fault less', () => [...rulesOf(document.uri)].sort().join() === RULES.slice(1).join());
      await vscode.commands.executeCommand('workbench.action.files.revert');
      await until('the fault again', () => rulesOf(document.uri).length === RULES.length);
    });

    it('goes on after the server was restarted', async () => {
      await vscode.commands.executeCommand('dma-audit.restartServer');
      await until('diagnostics again', () => rulesOf(document.uri).length === RULES.length);
    });

    it('says what a workspace that is not trusted cannot do', () => {
      const { untrustedWorkspaces, virtualWorkspaces } = extension?.packageJSON.capabilities ?? {};
      assert.equal(untrustedWorkspaces.supported, 'limited');
      assert.deepEqual(untrustedWorkspaces.restrictedConfigurations, ['dmaAudit.server.runtime']);
      assert.equal(virtualWorkspaces.supported, 'limited');
    });
  });
}
