import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type Diagnostic,
  DidChangeTextDocumentNotification,
  DidCloseTextDocumentNotification,
  DidOpenTextDocumentNotification,
  ExitNotification,
  InitializedNotification,
  type InitializeParams,
  InitializeRequest,
  type InitializeResult,
  type ProtocolConnection,
  PublishDiagnosticsNotification,
  type PublishDiagnosticsParams,
  ShutdownRequest,
  type TextDocumentContentChangeEvent,
} from 'vscode-languageserver/node';
import { type Status, StatusNotification } from '../../server/src/lsp/protocol.ts';
import { startServer } from './connection.ts';

export const BIN = join(import.meta.dirname, '../../server/bin/dma-audit.js');

/** What the server may ask. */
const ASKED = [
  'client/registerCapability',
  'workspace/configuration',
  'workspace/codeLens/refresh',
  'workspace/inlayHint/refresh',
  'workspace/diagnostic/refresh',
  'window/workDoneProgress/create',
  'window/showDocument',
];

export const uriOf = (path: string): string => pathToFileURL(path).href;

/** The real server over stdio, and what it has told. */
export class Client {
  readonly connection: ProtocolConnection;
  readonly process: ChildProcess;
  /** In order. */
  readonly published: PublishDiagnosticsParams[] = [];
  readonly statuses: Status[] = [];
  readonly messages: string[] = [];
  /** Values of progress, in order, by token. */
  readonly progress: { readonly token: string | number; readonly value: unknown }[] = [];
  /** Methods that the server has asked for. */
  readonly asked: string[] = [];
  /** Answer to `workspace/configuration`. */
  configuration: unknown = null;
  initialized: InitializeResult = { capabilities: {} };
  #versions = new Map<string, number>();
  #waiting: (() => boolean)[] = [];

  /** `nodeOptions`: before the server's own arguments. */
  constructor(nodeOptions: readonly string[] = []) {
    const server = startServer(process.execPath, [...nodeOptions, BIN, 'lsp', '--stdio']);
    this.process = server.process;
    this.connection = server.connection;
    this.connection.onNotification(PublishDiagnosticsNotification.type, (params) => this.#hear(this.published, params));
    this.connection.onNotification(StatusNotification, (status) => this.#hear(this.statuses, status));
    this.connection.onNotification('window/showMessage', ({ message }: { message: string }) =>
      this.#hear(this.messages, message),
    );
    this.connection.onNotification('$/progress', (progress: Client['progress'][number]) =>
      this.#hear(this.progress, progress),
    );
    for (const method of ASKED) this.connection.onRequest(method, (params: unknown) => this.#answer(method, params));
    this.connection.listen();
  }

  async start(params: Partial<InitializeParams> = {}): Promise<this> {
    this.initialized = await this.connection.sendRequest(InitializeRequest.type, {
      processId: process.pid,
      rootUri: null,
      capabilities: {},
      ...params,
    });
    await this.connection.sendNotification(InitializedNotification.type, {});
    return this;
  }

  async stop(): Promise<number | null> {
    const ended = new Promise<number | null>((resolve) => this.process.once('exit', resolve));
    await this.connection.sendRequest(ShutdownRequest.type);
    await this.connection.sendNotification(ExitNotification.type);
    const status = await ended;
    this.connection.dispose();
    return status;
  }

  async open(uri: string, text: string, languageId = 'c'): Promise<void> {
    this.#versions.set(uri, 1);
    await this.connection.sendNotification(DidOpenTextDocumentNotification.type, {
      textDocument: { uri, languageId, version: 1, text },
    });
  }

  async change(uri: string, contentChanges: TextDocumentContentChangeEvent[]): Promise<number> {
    const version = (this.#versions.get(uri) ?? 0) + 1;
    this.#versions.set(uri, version);
    await this.connection.sendNotification(DidChangeTextDocumentNotification.type, {
      textDocument: { uri, version },
      contentChanges,
    });
    return version;
  }

  async close(uri: string): Promise<void> {
    await this.connection.sendNotification(DidCloseTextDocumentNotification.type, { textDocument: { uri } });
  }

  /** Diagnostics of the newest text, when nothing is pending any more. */
  async settled(uri: string): Promise<readonly Diagnostic[]> {
    const version = this.#versions.get(uri);
    const isSettled = (one: Status): boolean => one.uri === uri && one.version === version && one.pending === 0;
    await this.until(() => {
      const last = this.statuses.findLast((one) => one.uri === uri);
      return last !== undefined && isSettled(last);
    });
    return this.published.findLast((one) => one.uri === uri)?.diagnostics ?? [];
  }

  /** Waits for something that the server tells. */
  until(test: () => boolean): Promise<void> {
    if (test()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push(() => {
        if (!test()) return false;
        resolve();
        return true;
      });
    });
  }

  #answer(method: string, params: unknown): unknown {
    this.#hear(this.asked, method);
    if (method !== 'workspace/configuration') return null;
    return (params as { items: readonly unknown[] }).items.map(() => this.configuration);
  }

  #hear<T>(list: T[], one: T): void {
    list.push(one);
    this.#waiting = this.#waiting.filter((test) => !test());
  }
}
