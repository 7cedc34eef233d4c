import type { CancellationToken } from 'vscode-languageserver';

/** Aborts when one of the tokens is cancelled. */
export function abortOf(...tokens: readonly CancellationToken[]): AbortSignal {
  const controller = new AbortController();
  for (const token of tokens) {
    if (token.isCancellationRequested) controller.abort();
    else token.onCancellationRequested(() => controller.abort());
  }
  return controller.signal;
}
