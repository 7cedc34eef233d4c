import type { CancellationToken } from 'vscode-languageserver';
import type { LiveResult } from '../audit/index.ts';
import type { AnalysisSettings, Answers, Query, ThreadReply, ThreadRequest } from './messages.ts';
import { startThread, type Thread } from './thread.ts';

/** Crashes after which the thread is not started again, until another file is opened. */
const MAX_CRASHES = 3;

export interface AnalysisEvents {
  readonly result: (version: number, result: LiveResult) => void;
  /** A mistake of ours, which cost an answer. */
  readonly fault: (message: string) => void;
  /** The thread has ended by itself; `again`: it was started anew. */
  readonly crashed: (reason: string, again: boolean) => void;
}

/** The analysis, in a thread of its own: the server answers while it works. Paths are absolute. */
export class Analysis {
  readonly #events: AnalysisEvents;
  readonly #texts = new Map<string, { readonly version: number; readonly text: string }>();
  readonly #waiting = new Map<number, (answer: Answers[Query['ask']] | null) => void>();
  #settings: readonly AnalysisSettings[] = [];
  #thread: Thread | null = null;
  #crashes = 0;
  #nextId = 0;

  constructor(events: AnalysisEvents, thread: Thread) {
    this.#events = events;
    this.#use(thread);
  }

  /** Everything is analysed anew with these. */
  configure(settings: readonly AnalysisSettings[]): void {
    this.#settings = settings;
    if (this.#thread) this.#tellAll();
  }

  /** Opens a file or takes its new text. */
  setText(path: string, version: number, text: string): void {
    if (!this.#texts.has(path)) this.#crashes = 0;
    this.#texts.set(path, { version, text });
    if (this.#thread) this.#post({ kind: 'text', path, version, text });
    else if (this.#crashes < MAX_CRASHES) this.#restart();
  }

  close(path: string): void {
    this.#texts.delete(path);
    this.#post({ kind: 'close', path });
  }

  /** Files that have changed on disk. */
  refresh(paths: readonly string[]): void {
    this.#post({ kind: 'refresh', paths });
  }

  /** Null when there is no such thing, the text has changed meanwhile, nobody wants it any more, or the analysis has ended. */
  ask<Q extends Query>(query: Q, token: CancellationToken): Promise<Answers[Q['ask']] | null> {
    if (!this.#thread || token.isCancellationRequested) return Promise.resolve(null);
    const id = this.#nextId++;
    this.#post({ kind: 'query', id, query });
    return new Promise((resolve) => {
      const cancellation = token.onCancellationRequested(() => {
        this.#answered(id, null);
        this.#post({ kind: 'cancel', id });
      });
      this.#waiting.set(id, (answer) => {
        cancellation.dispose();
        // The thread answers what it was asked.
        resolve(answer as Answers[Q['ask']] | null);
      });
    });
  }

  async stop(): Promise<void> {
    const thread = this.#thread;
    this.#thread = null;
    await thread?.worker.terminate();
  }

  #use(thread: Thread): void {
    this.#thread = thread;
    thread.worker.on('message', (reply: ThreadReply) => {
      try {
        this.#receive(reply);
      } catch (error) {
        this.#events.fault(error instanceof Error ? (error.stack ?? error.message) : `${error}`);
      }
    });
    void thread.ended.then((reason) => {
      if (this.#thread === thread) this.#crashed(reason);
    });
  }

  #crashed(reason: string): void {
    this.#thread = null;
    for (const id of [...this.#waiting.keys()]) this.#answered(id, null);
    const again = ++this.#crashes < MAX_CRASHES;
    if (again) this.#restart();
    this.#events.crashed(reason, again);
  }

  #restart(): void {
    this.#use(startThread());
    this.#tellAll();
  }

  #tellAll(): void {
    this.#post({ kind: 'configure', settings: this.#settings });
    for (const [path, { version, text }] of this.#texts) this.#post({ kind: 'text', path, version, text });
  }

  #post(request: ThreadRequest): void {
    if (!this.#thread) return;
    const { worker, sent } = this.#thread;
    Atomics.add(sent, 0, 1);
    if (request.kind !== 'query') Atomics.add(sent, 1, 1);
    worker.postMessage(request);
  }

  #receive(reply: ThreadReply): void {
    switch (reply.kind) {
      case 'result':
        this.#events.result(reply.version, reply.result);
        return;
      case 'answer':
        this.#answered(reply.id, reply.answer);
        return;
      case 'fault':
        this.#events.fault(reply.message);
        return;
    }
  }

  #answered(id: number, answer: Answers[Query['ask']] | null): void {
    const resolve = this.#waiting.get(id);
    this.#waiting.delete(id);
    resolve?.(answer);
  }
}
