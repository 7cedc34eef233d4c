import * as vscode from 'vscode';
import { LanguageClient, type LanguageClientOptions, type NodeModule, TransportKind } from 'vscode-languageclient/node';
import { COMMANDS, type Status, StatusNotification } from '../../server/src/lsp/protocol.ts';

/** What the server is asked about. VS Code calls headers C++. */
export const SOURCES = [{ language: 'c' }, { language: 'cpp', pattern: '**/*.h' }] as const;
const SELECTOR = [...SOURCES, { language: 'dmaseq' }] as const;

const RUNTIME = 'server.runtime';

/** The language server: its process, what it says, what it is asked. */
export class Connection {
  readonly output: vscode.LogOutputChannel;
  readonly #client: LanguageClient;
  readonly #status = new vscode.EventEmitter<Status>();
  readonly #listening: readonly vscode.Disposable[];
  /** When the server answers for the first time. */
  readonly ready: Promise<void>;
  /** How far the server has come with each document, by URI. */
  readonly onStatus = this.#status.event;

  constructor(context: vscode.ExtensionContext) {
    this.output = vscode.window.createOutputChannel('DMA Audit', { log: true });
    const module = context.asAbsolutePath('client/dist/server/lsp.js');
    this.#client = new LanguageClient('dmaAudit', 'DMA Audit', serverModule(module), this.#options());
    this.#client.onNotification(StatusNotification, (status) => this.#status.fire(status));
    const { promise, resolve } = deferred();
    this.ready = promise;
    // C++ that has no C header open needs no server.
    const startFor = (documents: readonly vscode.TextDocument[]): void => {
      if (documents.some((document) => vscode.languages.match(SELECTOR, document) > 0)) void this.start().then(resolve);
    };
    // Not now: the editor goes on first.
    setImmediate(() => startFor(vscode.workspace.textDocuments));
    this.#listening = [
      vscode.workspace.onDidOpenTextDocument((document) => startFor([document])),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(`dmaAudit.${RUNTIME}`)) void this.restart();
      }),
    ];
  }

  /** Resolves when the server answers; it is started once. */
  start(): Promise<void> {
    return this.#client.start();
  }

  /** The client, when it answers. */
  async client(): Promise<LanguageClient> {
    await this.start();
    return this.#client;
  }

  restart(): Promise<void> {
    return this.#client.restart();
  }

  dispose(): void {
    for (const one of this.#listening) one.dispose();
    this.#status.dispose();
    // The client tells the server to end; its own dispose would only wait for that.
    void this.#client.dispose().finally(() => this.output.dispose());
  }

  #options(): LanguageClientOptions {
    return {
      documentSelector: [...SELECTOR],
      initializationOptions: { clientCommands: true, diagnostics: 'push' },
      synchronize: { configurationSection: 'dmaAudit' },
      outputChannel: this.output,
      diagnosticCollectionName: 'dma-audit',
      markdown: { isTrusted: { enabledCommands: Object.values(COMMANDS) } },
      middleware: {
        handleDiagnostics: (uri, diagnostics, next) => next(uri, diagnostics.map(withRulePage)),
      },
    };
  }
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** The editor's own Node runs the server, unless the user has named another one; it is read at each start. */
const serverModule = (module: string): NodeModule => ({
  module,
  transport: TransportKind.ipc,
  get runtime(): string {
    return vscode.workspace.getConfiguration('dmaAudit').get<string>(RUNTIME) ?? '';
  },
});

/** The rule's name in the Problems view shows its page as people read it, and not the file that the server names. */
function withRulePage(diagnostic: vscode.Diagnostic): vscode.Diagnostic {
  const { code } = diagnostic;
  if (typeof code !== 'object') return diagnostic;
  const shows = encodeURIComponent(JSON.stringify([code.value]));
  diagnostic.code = { value: code.value, target: vscode.Uri.parse(`command:${COMMANDS.explainRule}?${shows}`) };
  return diagnostic;
}
