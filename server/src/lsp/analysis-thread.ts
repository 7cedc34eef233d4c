import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { createParser } from '../syntax/index.ts';
import { Audits } from './audits.ts';
import type { Answers, Query, ThreadReply, ThreadRequest } from './messages.ts';
import { Publisher } from './publisher.ts';

/** Milliseconds after the last edit in which only such functions are explored as are done within `QUICK`. */
const QUIET = 400;
const QUICK = 60;

/**
 * Analyses the open files. The server counts its requests in `sent`, all of them and those that change something: what it counts
 * and is not here yet makes explorations and answers old.
 */
class AnalysisThread {
  readonly #post: (reply: ThreadReply) => void;
  readonly #sent: Int32Array;
  readonly #parser = createParser();
  readonly #publisher: Publisher;
  #received = 0;
  #changed = 0;
  #inbox: ThreadRequest[] = [];
  #audits: Audits | null = null;
  #queries: { readonly id: number; readonly query: Query }[] = [];
  readonly #versions = new Map<string, number>();
  #edited = 0;
  #isRunning = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(sent: Int32Array, post: (reply: ThreadReply) => void) {
    this.#sent = sent;
    this.#post = post;
    this.#publisher = new Publisher((version, result) => post({ kind: 'result', version, result }));
  }

  receive(request: ThreadRequest): void {
    this.#received++;
    if (request.kind !== 'query') this.#changed++;
    this.#inbox.push(request);
    void this.#run();
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    if (this.#timer) clearTimeout(this.#timer);
    try {
      while (await this.#turn());
    } finally {
      this.#isRunning = false;
    }
  }

  /** One piece of work; false when there is none left, or none that is to be done now. */
  async #turn(): Promise<boolean> {
    // Requests arrive here, and the native parser frees its trees here.
    await setImmediate();
    const request = this.#inbox.shift();
    if (request) {
      await this.#handle(request);
      return true;
    }
    const audits = this.#audits;
    if (!audits) return false;
    // What the author has just written goes before what is asked about it.
    if (!audits.isEditPending && this.#answerNext(audits)) return true;
    // What is known already is told before more is found out.
    this.#publisher.publish(audits, true);
    const quiet = performance.now() - this.#edited;
    const isStale = (): boolean => Atomics.load(this.#sent, 0) !== this.#received;
    const isDone = audits.step({ isStale, limit: quiet < QUIET ? QUICK : Number.POSITIVE_INFINITY });
    if (!isDone && isStale()) return true;
    this.#publisher.publish(audits, isDone);
    if (!isDone && this.#answerNext(audits)) return true;
    if (!isDone && quiet < QUIET && this.#publisher.isPending)
      this.#timer = setTimeout(() => void this.#run(), QUIET - quiet + 1);
    return isDone;
  }

  /** False when nothing is asked, or when it must wait for what has come in. */
  #answerNext(audits: Audits): boolean {
    const [next] = this.#queries;
    if (!next) return false;
    const isStale = (): boolean => Atomics.load(this.#sent, 1) !== this.#changed;
    const isOld = 'version' in next.query && this.#versions.get(next.query.path) !== next.query.version;
    const answer = isOld ? null : this.#answerOf(audits, next.query, isStale);
    if (answer === null && isStale()) return true;
    this.#queries.shift();
    this.#post({ kind: 'answer', id: next.id, answer });
    return true;
  }

  /** A mistake of ours costs the answer, not the thread. */
  #answerOf(audits: Audits, query: Query, isStale: () => boolean): Answers[Query['ask']] | null {
    try {
      return audits.answer(query, isStale);
    } catch (error) {
      this.#post({ kind: 'fault', message: error instanceof Error ? (error.stack ?? error.message) : `${error}` });
      return null;
    }
  }

  async #handle(request: ThreadRequest): Promise<void> {
    switch (request.kind) {
      case 'configure':
        this.#publisher.clear();
        this.#audits = new Audits(request.settings, await this.#parser);
        return;
      case 'text':
        this.#edited = performance.now();
        this.#versions.set(request.path, request.version);
        this.#publisher.expect(request.path, request.version);
        return this.#audits?.setText(request.path, request.text);
      case 'close':
        this.#versions.delete(request.path);
        this.#publisher.forget(request.path);
        return this.#audits?.close(request.path);
      case 'refresh':
        for (const path of request.paths) await this.#audits?.refresh(path);
        this.#publisher.expectAll();
        return;
      case 'query':
        this.#queries.push(request);
        return;
      case 'cancel':
        this.#queries = this.#queries.filter(({ id }) => id !== request.id);
        return;
    }
  }
}

const port = parentPort;
if (port) {
  const thread = new AnalysisThread(new Int32Array(workerData), (reply) => port.postMessage(reply));
  port.on('message', (request: ThreadRequest) => thread.receive(request));
}
