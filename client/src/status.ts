import * as vscode from 'vscode';
import { COMMANDS, type Status } from '../../server/src/lsp/protocol.ts';
import { type Connection, SOURCES } from './connection.ts';

/** In the language status of C files: the platform, and how much of the file was analysed. */
export class StatusItems {
  readonly #platform = vscode.languages.createLanguageStatusItem('dma-audit.platform', SOURCES);
  readonly #analysis = vscode.languages.createLanguageStatusItem('dma-audit.analysis', SOURCES);
  readonly #byUri = new Map<string, Status>();
  readonly #listening: readonly vscode.Disposable[];

  constructor(connection: Connection) {
    this.#platform.name = 'DMA Audit: platform';
    this.#platform.command = { title: 'Choose', command: COMMANDS.choosePlatform };
    this.#analysis.name = 'DMA Audit: analysis';
    this.#listening = [
      connection.onStatus((status) => {
        this.#byUri.set(status.uri, status);
        this.#show();
      }),
      vscode.window.onDidChangeActiveTextEditor(() => this.#show()),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#byUri.delete(uri.toString())),
    ];
    this.#show();
  }

  /** The functions of the active file that were not analysed in full, with the reasons. */
  async showIncomplete(): Promise<void> {
    const { incomplete = [] } = this.#current ?? {};
    const items = incomplete.map(({ function: name, reasons }) => ({ label: name, detail: reasons.join('; ') }));
    const nothing = { label: 'Every function of this file that touches DMA was analysed in full.' };
    const chosen = await vscode.window.showQuickPick(items.length > 0 ? items : [nothing], {
      title: 'DMA Audit: analysed in part',
      placeHolder: 'Choose a function to go to it',
      matchOnDetail: true,
    });
    if (chosen !== undefined && chosen !== nothing)
      await vscode.commands.executeCommand('workbench.action.quickOpen', `@${chosen.label}`);
  }

  dispose(): void {
    for (const one of [this.#platform, this.#analysis, ...this.#listening]) one.dispose();
  }

  get #current(): Status | undefined {
    return this.#byUri.get(vscode.window.activeTextEditor?.document.uri.toString() ?? '');
  }

  #show(): void {
    const status = this.#current;
    const { platform = null } = status ?? {};
    this.#platform.text = platform === null ? 'no DMA in this file' : platform.id;
    this.#platform.detail = platform === null ? '' : platform.title;
    this.#analysis.busy = status !== undefined && status.pending > 0;
    this.#analysis.text = status === undefined ? 'waiting for the analysis' : countWords(status);
    const isIncomplete = status !== undefined && status.incomplete.length > 0;
    this.#analysis.severity = isIncomplete
      ? vscode.LanguageStatusSeverity.Warning
      : vscode.LanguageStatusSeverity.Information;
    this.#analysis.command = isIncomplete
      ? { title: 'Why', command: 'dma-audit.showIncomplete' }
      : { title: 'Audit Workspace', command: COMMANDS.auditWorkspace };
  }
}

/** "12 functions analysed, 1 in part". */
export function countWords({ analysed, degraded, skipped, pending }: Status): string {
  const parts = [
    `${analysed} ${analysed === 1 ? 'function' : 'functions'} analysed`,
    ...(degraded > 0 ? [`${degraded} in part`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ...(pending > 0 ? [`${pending} to do`] : []),
  ];
  return parts.join(', ');
}
