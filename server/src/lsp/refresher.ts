import { CodeLensRefreshRequest, DiagnosticRefreshRequest, InlayHintRefreshRequest } from 'vscode-languageserver';
import type { Session } from './session.ts';

/** Milliseconds in which several reasons count as one. */
const DELAY = 200;

/** Asks the client to ask again, where it can be asked to: what it has was found when less was known. */
export class Refresher {
  readonly #session: Session;
  #timer: NodeJS.Timeout | null = null;

  constructor(session: Session) {
    this.#session = session;
  }

  soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#refresh();
    }, DELAY).unref();
  }

  #refresh(): void {
    const { client, connection, settings, start } = this.#session;
    const { codeLens, inlayHint, diagnostics } = client.workspace ?? {};
    const types = [
      ...(codeLens?.refreshSupport && settings.codeLens ? [CodeLensRefreshRequest.type] : []),
      ...(inlayHint?.refreshSupport && settings.inlayHints ? [InlayHintRefreshRequest.type] : []),
      ...(diagnostics?.refreshSupport && start.diagnostics === 'pull' ? [DiagnosticRefreshRequest.type] : []),
    ];
    // A client that refuses asks when it likes.
    for (const type of types) connection.sendRequest(type).catch(() => {});
  }
}
