import {
  type ClientCapabilities,
  type Connection,
  DidChangeWatchedFilesNotification,
  type InitializeParams,
  type InitializeResult,
} from 'vscode-languageserver';
import { isSourceName, type LiveResult } from '../audit/index.ts';
import { Analysis } from './analysis.ts';
import { capabilities } from './capabilities.ts';
import { registerCodeActions } from './code-actions.ts';
import { programDiagnostics } from './dmaseq.ts';
import { Document, pathOf } from './document.ts';
import { chosenEncoding, type Encoding } from './encoding.ts';
import { registerFeatures } from './features.ts';
import { Folders } from './folders.ts';
import type { AnalysisSettings } from './messages.ts';
import { notify } from './notify.ts';
import { OpenDocuments } from './open-documents.ts';
import { answerRefused } from './parameters.ts';
import { chosenPlatform, platformChoice } from './platform.ts';
import { StatusNotification } from './protocol.ts';
import { PullDiagnostics, sourceDiagnostics } from './pull-diagnostics.ts';
import { Refresher } from './refresher.ts';
import { Requests } from './requests.ts';
import type { Session } from './session.ts';
import { DEFAULT_SETTINGS, readSettings, readStartOptions, type Settings, type StartOptions } from './settings.ts';
import type { Thread } from './thread.ts';

/** Serves one client over a connection. */
export class LanguageServer implements Session {
  readonly connection: Connection;
  readonly documents = new OpenDocuments();
  readonly analysis: Analysis;
  client: ClientCapabilities = {};
  start: StartOptions = readStartOptions(null);
  encoding: Encoding = 'utf-16';
  settings: Settings = DEFAULT_SETTINGS;
  folders: readonly AnalysisSettings[] = [];
  readonly configured: Promise<void>;
  #isConfigured: () => void = () => {};
  readonly #roots = new Folders();
  readonly #pull: PullDiagnostics;
  readonly #requests: Requests;
  readonly #refresher: Refresher;

  /** `thread`: the one that analyses. */
  constructor(connection: Connection, thread: Thread) {
    this.connection = connection;
    this.configured = new Promise((resolve) => {
      this.#isConfigured = resolve;
    });
    this.analysis = new Analysis(
      {
        result: (version, result) => this.#accept(version, result),
        fault: (message) => connection.console.error(message),
        crashed: (reason, again) => this.#crashed(reason, again),
      },
      thread,
    );
    this.#pull = new PullDiagnostics(this);
    this.#requests = new Requests(this);
    this.#refresher = new Refresher(this);
    answerRefused(connection);
    registerFeatures(this);
    registerCodeActions(this);
    connection.onInitialize((params) => this.#initialize(params));
    connection.onInitialized(() => this.#initialized());
    connection.onShutdown(() => this.analysis.stop());
    connection.onDidChangeConfiguration(({ settings }) => this.#configure(settings));
    connection.onDidChangeWatchedFiles(({ changes }) => this.#changed(changes.map(({ uri }) => pathOf(uri))));
    connection.onDidOpenTextDocument(({ textDocument: { uri, languageId, version, text } }) => {
      this.#open(new Document(uri, languageId, version, text, this.encoding));
    });
    connection.onDidChangeTextDocument(({ textDocument, contentChanges }) => {
      const document = this.documents.at(textDocument.uri);
      if (!document) return;
      document.change(contentChanges, textDocument.version);
      this.documents.changed();
      this.#analyse(document);
    });
    connection.onDidSaveTextDocument(({ textDocument }) => this.#tellChanged([pathOf(textDocument.uri)]));
    connection.onDidCloseTextDocument(({ textDocument }) => this.#close(textDocument.uri));
  }

  choosePlatform(platform: string): void {
    this.settings = { ...this.settings, platform };
    this.#retell();
  }

  get pulls(): boolean {
    return this.start.diagnostics === 'pull';
  }

  #initialize({ capabilities: client, workspaceFolders, initializationOptions }: InitializeParams): InitializeResult {
    this.client = client;
    this.start = readStartOptions(initializationOptions, client);
    this.encoding = chosenEncoding(client.general?.positionEncodings);
    this.#roots.change(workspaceFolders ?? [], []);
    this.settings = readSettings(initializationOptions).settings;
    return {
      serverInfo: { name: 'dma-audit' },
      capabilities: { positionEncoding: this.encoding, ...capabilities(this.start) },
    };
  }

  async #initialized(): Promise<void> {
    const { workspace } = this.client;
    if (workspace?.workspaceFolders)
      this.connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
        this.#roots.change(added, removed);
        void this.#configure(null);
      });
    if (workspace?.didChangeWatchedFiles?.dynamicRegistration)
      void this.connection.client.register(DidChangeWatchedFilesNotification.type, {
        watchers: [{ globPattern: '**/*.{c,h,C,H}' }, { globPattern: '**/*.json' }],
      });
    await this.#configure(null);
  }

  /** Settings come with the notification, or the client is asked for them. */
  async #configure(sent: unknown): Promise<void> {
    const { workspace } = this.client;
    const own = sectionOf(sent);
    const given = workspace?.configuration ? await this.connection.workspace.getConfiguration('dmaAudit') : own;
    const read = given == null ? { settings: this.settings, faults: [] } : readSettings(given);
    this.settings = read.settings;
    const { settings, faults } = await this.#roots.settings(this.settings);
    for (const fault of [...read.faults, ...faults]) notify(this.connection, 'warning', `DMA Audit: ${fault}`);
    if (JSON.stringify(settings) === JSON.stringify(this.folders)) return this.#retell();
    if (this.folders.length > 0) this.#pull.changed(null);
    this.folders = settings;
    this.#isConfigured();
    this.analysis.configure(settings);
  }

  #changed(paths: readonly string[]): void {
    if (paths.some((path) => this.#roots.isConfiguration(path))) void this.#configure(null);
    const sources = paths.filter((path) => isSourceName(path));
    if (sources.length === 0) return;
    this.analysis.refresh(sources);
    this.#tellChanged(sources);
  }

  /** What was found in files that are not open may be old. */
  #tellChanged(paths: readonly string[]): void {
    this.#pull.changed(paths);
    this.#requests.changed(paths);
  }

  #open(document: Document): void {
    this.documents.add(document);
    this.#analyse(document);
  }

  #analyse(document: Document): void {
    if (document.isSource) this.analysis.setText(document.path, document.version, document.text);
    else if (!this.pulls) this.#send(document, programDiagnostics(document));
  }

  #close(uri: string): void {
    const document = this.documents.at(uri);
    if (!document) return;
    const found = this.documents.told(document)?.result.diagnostics ?? [];
    this.documents.remove(document);
    if (document.isSource) this.analysis.close(document.path);
    if (!this.pulls) void this.connection.sendDiagnostics({ uri, diagnostics: [] });
    this.#pull.changed([document.path]);
    this.#requests.closed(document, found.length > 0);
  }

  /** What is older than the text is on its way to be replaced. */
  #accept(version: number, result: LiveResult): void {
    const document = this.documents.accept(version, result);
    if (!document) return;
    if (!this.pulls) this.#send(document, sourceDiagnostics(this, document, result));
    this.#tellStatus(document, version, result);
    if (result.pending === 0) this.#refresher.soon();
  }

  #send(document: Document, diagnostics: ReturnType<typeof programDiagnostics>): void {
    const { uri, version } = document;
    void this.connection.sendDiagnostics({ uri, version, diagnostics: [...diagnostics] });
  }

  #tellStatus({ uri }: Document, version: number, { dialect, pending, functions, unseen }: LiveResult): void {
    const inState = (wanted: string): number => functions.filter(({ state }) => state === wanted).length;
    void this.connection.sendNotification(StatusNotification, {
      uri,
      version,
      dialect,
      platform: dialect && platformChoice(chosenPlatform(this.settings.platform, dialect)),
      pending,
      analysed: inState('analysed'),
      degraded: inState('degraded'),
      skipped: inState('skipped') + unseen.length,
      incomplete: [
        ...functions
          .filter(({ state }) => state !== 'analysed')
          .map(({ name, reasons }) => ({ function: name, reasons })),
        ...unseen.map(({ name, reason }) => ({ function: name, reasons: [reason] })),
      ],
    });
  }

  /** The same results, seen on another platform. */
  #retell(): void {
    for (const document of this.documents.all) {
      const told = this.documents.told(document);
      if (told) this.#tellStatus(document, told.version, told.result);
    }
    this.#refresher.soon();
  }

  #crashed(reason: string, again: boolean): void {
    const what = again ? 'was started again' : 'has ended; opening another file starts it again';
    this.connection.console.error(`The analysis failed (${reason}) and ${what}.`);
    notify(this.connection, again ? 'warning' : 'error', `DMA Audit: the analysis failed (${reason}) and ${what}.`);
  }
}

/** Clients send `{ dmaAudit: { … } }` or the section itself. */
function sectionOf(settings: unknown): unknown {
  if (typeof settings !== 'object' || settings === null) return null;
  return 'dmaAudit' in settings ? settings.dmaAudit : settings;
}
