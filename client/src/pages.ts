import * as vscode from 'vscode';
import { CostRequest, ExplainRuleRequest } from '../../server/src/lsp/protocol.ts';
import { RULES } from '../../server/src/rules/index.ts';
import type { Connection } from './connection.ts';

const SCHEME = 'dma-audit';

/** Texts that the server writes, shown as people read Markdown: pages of rules, cost reports. */
export class Pages {
  readonly #connection: Connection;
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #provider: vscode.Disposable;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#provider = vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
      onDidChange: this.#changed.event,
      provideTextDocumentContent: (uri) => this.#texts.get(uri.toString()) ?? '',
    });
  }

  /** Asks for the rule when none is given. */
  async explainRule(given: unknown): Promise<void> {
    const rule = typeof given === 'string' ? given : await askRule();
    if (rule === undefined) return;
    const client = await this.#connection.client();
    const page = await client.sendRequest(ExplainRuleRequest, { rule });
    if (page === null) void vscode.window.showWarningMessage(`DMA Audit: there is no rule '${rule}'.`);
    else await this.#show(`rules/${page.rule}.md`, page.markdown);
  }

  /** Of the document with this URI, or of the active one. */
  async costReport(given: unknown): Promise<void> {
    const uri = typeof given === 'string' ? given : vscode.window.activeTextEditor?.document.uri.toString();
    if (uri === undefined) return;
    const client = await this.#connection.client();
    const cost = await client.sendRequest(CostRequest, { uri });
    const name = vscode.workspace.asRelativePath(vscode.Uri.parse(uri));
    if (cost === null || cost.functions.length === 0)
      void vscode.window.showInformationMessage(`DMA Audit: nothing in ${name} moves DMA memory.`);
    else await this.#show(`cost/${name}.md`, cost.markdown);
  }

  dispose(): void {
    this.#provider.dispose();
    this.#changed.dispose();
  }

  async #show(path: string, markdown: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${path}` });
    this.#texts.set(uri.toString(), markdown);
    this.#changed.fire(uri);
    await vscode.commands.executeCommand('markdown.showPreview', uri);
  }
}

async function askRule(): Promise<string | undefined> {
  const items = RULES.map(({ id, summary }) => ({ label: id, detail: summary }));
  const chosen = await vscode.window.showQuickPick(items, { title: 'Explain a rule', matchOnDetail: true });
  return chosen?.label;
}
