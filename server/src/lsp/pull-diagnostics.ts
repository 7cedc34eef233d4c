import { dirname } from 'node:path';
import {
  type CancellationToken,
  type DocumentDiagnosticReport,
  LSPErrorCodes,
  type Diagnostic as LspDiagnostic,
  ResponseError,
  type WorkspaceDiagnosticParams,
  type WorkspaceDiagnosticReportPartialResult,
  type WorkspaceDocumentDiagnosticReport,
} from 'vscode-languageserver';
import type { LiveResult } from '../audit/index.ts';
import { ChangedDirectories } from './changed-directories.ts';
import { besides, lspDiagnostics } from './diagnostics.ts';
import { programDiagnostics } from './dmaseq.ts';
import { type Document, pathOf } from './document.ts';
import { abortOf } from './progress.ts';
import type { Session } from './session.ts';
import { auditWorkspace, type FileDiagnostics } from './workspace-audit.ts';

/** What a client is told of an open source. */
export function sourceDiagnostics({ documents }: Session, document: Document, result: LiveResult): LspDiagnostic[] {
  const places = { pathOf: besides(document), documentAt: (path: string) => documents.byPath(path) };
  return lspDiagnostics(result, document, places);
}

/** Answers clients that ask for diagnostics instead of being sent them. */
export class PullDiagnostics {
  readonly #session: Session;
  readonly #changed = new ChangedDirectories('all');
  /** As given out, so that a client need not be told the same again. */
  readonly #given = new Map<string, { readonly id: string; readonly text: string }>();
  #count = 0;

  constructor(session: Session) {
    this.#session = session;
    const { diagnostics } = session.connection.languages;
    diagnostics.on(({ textDocument: { uri }, previousResultId }, token) =>
      this.#document(uri, previousResultId, token),
    );
    diagnostics.onWorkspace((params, token, progress, partial) => {
      progress.begin('DMA audit', 0, undefined, true);
      const report = (done: number, total: number): void =>
        progress.report(Math.floor((100 * done) / Math.max(1, total)), `${done} of ${total} files`);
      return this.#workspace(params, token, report, partial).finally(() => progress.done());
    });
  }

  /** Files have changed on disk; null = everything may have another result. */
  changed(paths: readonly string[] | null): void {
    this.#changed.add(paths);
  }

  async #document(
    uri: string,
    previous: string | undefined,
    token: CancellationToken,
  ): Promise<DocumentDiagnosticReport> {
    const { documents, client } = this.#session;
    const document = documents.at(uri);
    if (!document?.isSource) return this.#report(uri, document ? programDiagnostics(document) : [], previous);
    // Who can be told to ask again gets soon what there is.
    const isSoon = client.workspace?.diagnostics?.refreshSupport === true;
    const result = await documents.result(document, ({ pending }) => isSoon || pending === 0, token);
    if (!result) throw cancelled('the text has changed', true);
    return this.#report(uri, sourceDiagnostics(this.#session, document, result), previous);
  }

  async #workspace(
    { previousResultIds }: WorkspaceDiagnosticParams,
    token: CancellationToken,
    progress: (done: number, total: number) => void,
    partial: { report(part: WorkspaceDiagnosticReportPartialResult): void } | undefined,
  ): Promise<{ items: WorkspaceDocumentDiagnosticReport[] }> {
    const { documents } = this.#session;
    const previous = new Map(previousResultIds.map(({ uri, value }) => [uri, value]));
    // The request stays open until there is something to tell.
    const directories = await this.#changed.take(token);
    const reports = new Map<string, WorkspaceDocumentDiagnosticReport>();
    const told = new Set<string>();
    const found = (files: readonly FileDiagnostics[]): void => {
      const items = files.map(({ uri, diagnostics }) => ({
        ...this.#report(uri, diagnostics, previous.get(uri)),
        ...{ uri, version: null },
      }));
      for (const { uri } of items) told.add(uri);
      if (partial) partial.report({ items });
      else for (const item of items) reports.set(item.uri, item);
    };
    const signal = abortOf(token);
    try {
      await auditWorkspace(this.#session, { folders: null, directories, signal, progress, found });
    } catch (error) {
      this.#changed.addDirectories(directories);
      if (signal.aborted) throw cancelled('cancelled', false);
      throw error;
    }
    // What is gone has nothing wrong with it any more.
    const isGone = (uri: string): boolean =>
      !told.has(uri) && !documents.at(uri) && (directories?.has(dirname(pathOf(uri))) ?? true);
    found([...previous.keys()].filter(isGone).map((uri) => ({ uri, diagnostics: [] })));
    return { items: [...reports.values()] };
  }

  #report(uri: string, diagnostics: readonly LspDiagnostic[], previous: string | undefined): DocumentDiagnosticReport {
    const text = JSON.stringify(diagnostics);
    const last = this.#given.get(uri);
    const resultId = last?.text === text ? last.id : `${++this.#count}`;
    this.#given.set(uri, { id: resultId, text });
    return resultId === previous
      ? { kind: 'unchanged', resultId }
      : { kind: 'full', resultId, items: [...diagnostics] };
  }
}

const cancelled = (why: string, retriggerRequest: boolean): ResponseError<{ retriggerRequest: boolean }> =>
  new ResponseError(LSPErrorCodes.ServerCancelled, why, { retriggerRequest });
