import { setImmediate } from 'node:timers/promises';
import { builtinModels, createModels } from '../models/index.ts';
import { createParser } from '../syntax/index.ts';
import type { Tools } from './directory.ts';

/** Milliseconds of work between two turns of the event loop. */
const SLICE = 20;

export async function createTools(): Promise<Tools> {
  return { models: createModels(builtinModels), parser: await createParser() };
}

/**
 * Lets the event loop turn now and then: cancellation arrives there, and the native parser frees its trees there.
 * Throws the signal's reason once it is aborted.
 */
export function eventLoopTurns(signal: AbortSignal | null): () => Promise<void> | void {
  let last = performance.now();
  return () => {
    signal?.throwIfAborted();
    if (performance.now() - last < SLICE) return;
    return setImmediate().then(() => {
      last = performance.now();
      signal?.throwIfAborted();
    });
  };
}
