import type { CancellationToken } from 'vscode-languageserver';
import type { LiveResult } from '../audit/index.ts';
import type { Document } from './document.ts';

/** What was told of a document's text of now, or of one before it. */
export interface Told {
  readonly version: number;
  readonly result: LiveResult;
}

interface Waiting {
  readonly document: Document;
  readonly version: number;
  readonly isEnough: (result: LiveResult) => boolean;
  readonly resolve: (result: LiveResult | null) => void;
}

/** The documents that the client has open, and what is known of them. */
export class OpenDocuments {
  readonly #byUri = new Map<string, Document>();
  readonly #byPath = new Map<string, Document>();
  readonly #told = new Map<string, Told>();
  #waiting: readonly Waiting[] = [];

  get all(): readonly Document[] {
    return [...this.#byUri.values()];
  }

  at(uri: string): Document | undefined {
    return this.#byUri.get(uri);
  }

  byPath(path: string): Document | undefined {
    return this.#byPath.get(path);
  }

  told(document: Document): Told | undefined {
    return this.#told.get(document.path);
  }

  add(document: Document): void {
    this.#byUri.set(document.uri, document);
    this.#byPath.set(document.path, document);
  }

  remove(document: Document): void {
    this.#byUri.delete(document.uri);
    this.#byPath.delete(document.path);
    this.#told.delete(document.path);
    this.#settle();
  }

  /** The text has changed: who waits for the old one waits in vain. */
  changed(): void {
    this.#settle();
  }

  /** Takes a result; null when it is about a text that is no more, or no document. */
  accept(version: number, result: LiveResult): Document | null {
    const document = this.#byPath.get(result.path);
    if (!document || document.version !== version) return null;
    this.#told.set(result.path, { version, result });
    this.#settle();
    return document;
  }

  /**
   * Waits for a result of the document's text of now that is enough: null when the text changes or is closed before, or nobody
   * wants it any more.
   */
  result(
    document: Document,
    isEnough: (result: LiveResult) => boolean,
    token: CancellationToken,
  ): Promise<LiveResult | null> {
    if (token.isCancellationRequested) return Promise.resolve(null);
    return new Promise((resolve) => {
      const waiting: Waiting = {
        document,
        version: document.version,
        isEnough,
        resolve: (result) => {
          cancellation.dispose();
          resolve(result);
        },
      };
      const cancellation = token.onCancellationRequested(() => {
        this.#waiting = this.#waiting.filter((one) => one !== waiting);
        waiting.resolve(null);
      });
      this.#waiting = [...this.#waiting, waiting];
      this.#settle();
    });
  }

  #settle(): void {
    this.#waiting = this.#waiting.filter(({ document, version, isEnough, resolve }) => {
      const told = this.#told.get(document.path);
      if (this.#byUri.get(document.uri) !== document || document.version !== version) resolve(null);
      else if (told?.version === version && isEnough(told.result)) resolve(told.result);
      else return true;
      return false;
    });
  }
}
