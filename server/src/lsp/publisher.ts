import type { LiveResult } from '../audit/index.ts';
import type { Audits } from './audits.ts';

/** Milliseconds after which a file that was opened, or edited, is told of, with old results where there are no new ones yet. */
const OPENED = 150;
const EDITED = 30;
/** Milliseconds between two more, while there is work left; longer where telling takes long: most of the time is for the work. */
const LATER = 300;
const SHARE = 5;

interface Expectation {
  readonly version: number;
  /** When the text came in; null when that has been answered. */
  waitingSince: number | null;
  /** Nothing was ever told of it. */
  isNew: boolean;
}

/** Decides when results are worth telling: soon after an edit, now and then while work goes on, and when all is done. */
export class Publisher {
  readonly #tell: (version: number, result: LiveResult) => void;
  readonly #files = new Map<string, Expectation>();
  /** When it is time to tell more. */
  #next = 0;
  #isPending = false;

  constructor(tell: (version: number, result: LiveResult) => void) {
    this.#tell = tell;
  }

  /** Not everything that is expected has been told. */
  get isPending(): boolean {
    return this.#isPending;
  }

  expect(path: string, version: number): void {
    const isNew = this.#files.get(path)?.isNew ?? true;
    this.#files.set(path, { version, waitingSince: performance.now(), isNew });
    this.#isPending = true;
  }

  /** Something has changed that may concern every file. */
  expectAll(): void {
    for (const [path, { version }] of this.#files) this.expect(path, version);
  }

  forget(path: string): void {
    this.#files.delete(path);
    this.expectAll();
  }

  clear(): void {
    this.#files.clear();
    this.#isPending = false;
  }

  /** `goesOn`: there is more to be done at once. */
  publish(audits: Audits, goesOn: boolean): void {
    if (!this.#isPending || (goesOn && !this.#isTime(audits))) return;
    const start = performance.now();
    const results = audits.results([...this.#files.keys()]);
    for (const result of results) {
      const file = this.#files.get(result.path);
      if (!file) continue;
      file.waitingSince = null;
      file.isNew = false;
      this.#tell(file.version, result);
    }
    this.#isPending = results.some(({ pending }) => pending > 0);
    const end = performance.now();
    this.#next = end + Math.max(LATER, SHARE * (end - start));
  }

  #isTime(audits: Audits): boolean {
    const now = performance.now();
    const waiting = [...this.#files.values()].flatMap(({ waitingSince, isNew }) =>
      waitingSince === null ? [] : { since: waitingSince, isNew },
    );
    if (waiting.length === 0) return now >= this.#next;
    return waiting.some(({ since, isNew }) =>
      isNew ? now - since >= OPENED : now - since >= EDITED || !audits.isEditPending,
    );
  }
}
