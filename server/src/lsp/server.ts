import {
  type Connection,
  DidChangeWatchedFilesNotification,
  type InitializeParams,
  type InitializeResult,
  TextDocumentSyncKind,
} from 'vscode-languageserver';
import { isSourceName, type LiveResult } from '../audit/index.ts';
import { Analysis } from './analysis.ts';
import { lspDiagnostics } from './diagnostics.ts';
import { Document, pathOf } from './document.ts';
import { chosenEncoding, type Encoding } from './encoding.ts';
import { Folders } from './folders.ts';
import { chosenPlatform, platformChoice } from './platform.ts';
import { StatusNotification } from './protocol.ts';
import { DEFAULT_SETTINGS, readSettings, type Settings } from './settings.ts';

/** Serves one client over a connection. */
export class LanguageServer {
  readonly #connection: Connection;
  readonly #analysis: Analysis;
  readonly #folders = new Folders();
  readonly #documents = new Map<string, Document>();
  readonly #byPath = new Map<string, Document>();
  readonly #results = new Map<string, LiveResult>();
  #encoding: Encoding = 'utf-16';
  #client: InitializeParams['capabilities'] = {};
  #settings: Settings = DEFAULT_SETTINGS;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#analysis = new Analysis({
      result: (version, result) => this.#publish(version, result),
      crashed: (reason, again) => this.#crashed(reason, again),
    });
    connection.onInitialize((params) => this.#initialize(params));
    connection.onInitialized(() => this.#initialized());
    connection.onShutdown(() => this.#analysis.stop());
    connection.onDidChangeConfiguration(({ settings }) => this.#configure(settings));
    connection.onDidChangeWatchedFiles(({ changes }) => this.#watchedFiles(changes.map(({ uri }) => pathOf(uri))));
    connection.onDidOpenTextDocument(({ textDocument: { uri, languageId, version, text } }) => {
      this.#open(new Document(uri, languageId, version, text, this.#encoding));
    });
    connection.onDidChangeTextDocument(({ textDocument, contentChanges }) => {
      const document = this.#documents.get(textDocument.uri);
      if (!document) return;
      document.change(contentChanges, textDocument.version);
      this.#analysis.setText(document.path, document.version, document.text);
    });
    connection.onDidCloseTextDocument(({ textDocument }) => this.#close(textDocument.uri));
  }

  #initialize({ capabilities, workspaceFolders, initializationOptions }: InitializeParams): InitializeResult {
    this.#client = capabilities;
    this.#encoding = chosenEncoding(capabilities.general?.positionEncodings);
    this.#folders.change(workspaceFolders ?? [], []);
    this.#settings = readSettings(initializationOptions).settings;
    return {
      serverInfo: { name: 'dma-audit' },
      capabilities: {
        positionEncoding: this.#encoding,
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
    };
  }

  async #initialized(): Promise<void> {
    const { workspace } = this.#client;
    if (workspace?.workspaceFolders)
      this.#connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
        this.#folders.change(added, removed);
        void this.#configure(null);
      });
    if (workspace?.didChangeWatchedFiles?.dynamicRegistration)
      void this.#connection.client.register(DidChangeWatchedFilesNotification.type, {
        watchers: [{ globPattern: '**/*.{c,h,C,H}' }, { globPattern: '**/*.json' }],
      });
    await this.#configure(null);
  }

  /** Settings come with the notification, or the client is asked for them. */
  async #configure(sent: unknown): Promise<void> {
    const { workspace } = this.#client;
    const own = sectionOf(sent);
    const given = workspace?.configuration ? await this.#connection.workspace.getConfiguration('dmaAudit') : own;
    const read = given == null ? { settings: this.#settings, faults: [] } : readSettings(given);
    this.#settings = read.settings;
    const { settings, faults } = await this.#folders.settings(this.#settings);
    for (const fault of [...read.faults, ...faults]) this.#connection.window.showWarningMessage(`DMA Audit: ${fault}`);
    this.#analysis.configure(settings);
  }

  #watchedFiles(paths: readonly string[]): void {
    if (paths.some((path) => this.#folders.isConfiguration(path))) void this.#configure(null);
    const sources = paths.filter((path) => isSourceName(path));
    if (sources.length > 0) this.#analysis.refresh(sources);
  }

  #open(document: Document): void {
    this.#documents.set(document.uri, document);
    this.#byPath.set(document.path, document);
    this.#analysis.setText(document.path, document.version, document.text);
  }

  #close(uri: string): void {
    const document = this.#documents.get(uri);
    if (!document) return;
    this.#documents.delete(uri);
    this.#byPath.delete(document.path);
    this.#results.delete(document.path);
    this.#analysis.close(document.path);
    void this.#connection.sendDiagnostics({ uri, diagnostics: [] });
  }

  #publish(version: number, result: LiveResult): void {
    const document = this.#byPath.get(result.path);
    // What is older than the text is on its way to be replaced.
    if (!document || document.version !== version) return;
    this.#results.set(result.path, result);
    const diagnostics = lspDiagnostics(result, document, (path) => this.#byPath.get(path));
    void this.#connection.sendDiagnostics({ uri: document.uri, version, diagnostics });
    const inState = (state: string): number => result.functions.filter((one) => one.state === state).length;
    void this.#connection.sendNotification(StatusNotification, {
      uri: document.uri,
      version,
      dialect: result.dialect,
      platform: result.dialect && platformChoice(chosenPlatform(this.#settings.platform, result.dialect)),
      pending: result.pending,
      analysed: inState('analysed'),
      degraded: inState('degraded'),
      skipped: inState('skipped'),
      incomplete: result.functions
        .filter(({ state }) => state !== 'analysed')
        .map(({ name, reasons }) => ({ function: name, reasons })),
    });
  }

  #crashed(reason: string, again: boolean): void {
    const what = again ? 'was started again' : 'has ended; opening another file starts it again';
    this.#connection.console.error(`The analysis failed (${reason}) and ${what}.`);
    if (!again) this.#connection.window.showErrorMessage(`DMA Audit: the analysis failed (${reason}) and ${what}.`);
  }
}

/** Clients send `{ dmaAudit: { … } }` or the section itself. */
function sectionOf(settings: unknown): unknown {
  if (typeof settings !== 'object' || settings === null) return null;
  return 'dmaAudit' in settings ? settings.dmaAudit : settings;
}
