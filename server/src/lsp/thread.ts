import { Worker } from 'node:worker_threads';

/** The bundled thread lies beside the bundled server. */
const THREAD = new URL('./analysis-thread.js', import.meta.url);

/** Mebibytes. Explorations make much that soon dies: more room would only fill up. */
const LIMITS = { maxOldGenerationSizeMb: 768, maxYoungGenerationSizeMb: 24 };

export interface Thread {
  readonly worker: Worker;
  /** Counts the requests to the thread: all of them, and those that change something. */
  readonly sent: Int32Array;
  /** Resolves with the reason when the thread has ended. */
  readonly ended: Promise<string>;
}

/** Starts an analysis thread. */
export function startThread(): Thread {
  const sent = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  const worker = new Worker(THREAD, { workerData: sent.buffer, resourceLimits: LIMITS });
  const ended = new Promise<string>((resolve) => {
    let reason = '';
    worker.on('error', (error) => {
      reason = error.message;
    });
    worker.on('exit', (code) => resolve(reason || `exit status ${code}`));
  });
  return { worker, sent, ended };
}
