import { dirname } from 'node:path';
import type { CancellationToken } from 'vscode-languageserver';

/** Milliseconds in which further changes are waited for. */
const SETTLING = 500;

/** Directories whose files have changed since somebody took them. */
export class ChangedDirectories {
  /** Null = all. */
  #changed: Set<string> | null;
  #wake: (() => void) | null = null;

  constructor(first: 'all' | 'none') {
    this.#changed = first === 'all' ? null : new Set();
  }

  /** `paths`: files that have changed; null = everything may have. */
  add(paths: readonly string[] | null): void {
    this.addDirectories(paths && new Set(paths.map((path) => dirname(path))));
  }

  addDirectories(directories: ReadonlySet<string> | null): void {
    if (directories === null) this.#changed = null;
    else for (const directory of directories) this.#changed?.add(directory);
    if (this.#changed?.size !== 0) this.#wake?.();
  }

  /** Waits until there are some, and takes them; null = all. An empty set when nobody wants them any more. */
  async take(token: CancellationToken): Promise<ReadonlySet<string> | null> {
    // A token that is cancelled already never tells so.
    if (this.#changed?.size === 0 && !token.isCancellationRequested) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        token.onCancellationRequested(() => resolve());
      });
      this.#wake = null;
      if (!token.isCancellationRequested) await new Promise((resolve) => setTimeout(resolve, SETTLING));
    }
    if (token.isCancellationRequested) return new Set();
    const taken = this.#changed;
    this.#changed = new Set();
    return taken;
  }
}
