import type { Cache } from './cache.ts';
import type { FilesResult, FilesTask } from './task.ts';

export interface PoolOptions {
  /** Worker threads; 1 = none, all is done here. */
  readonly jobs: number;
  /** The bundled worker; null = none, all is done here. */
  readonly worker: URL | null;
  readonly signal: AbortSignal | null;
}

/** Runs every task; `done` hears of each as it ends, in any order, and the cache keeps it. Rejects with the signal's reason when it is aborted. */
export async function runTasks(
  tasks: readonly FilesTask[],
  options: PoolOptions,
  done: (result: FilesResult) => void,
  cache: Cache | null = null,
): Promise<void> {
  const { jobs, worker, signal } = options;
  const threads = Math.min(jobs, tasks.length);
  if (worker === null || threads <= 1) return runHere(tasks, signal, done, cache);
  const { default: Tinypool } = await import('tinypool');
  const pool = new Tinypool({ filename: worker.href, minThreads: threads, maxThreads: threads });
  try {
    await Promise.all(
      tasks.map(async (task) => {
        const result: FilesResult = await pool.run(task, signal ? { signal } : {});
        await cache?.put(task, result);
        done(result);
      }),
    );
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    await pool.destroy();
  }
}

async function runHere(
  tasks: readonly FilesTask[],
  signal: AbortSignal | null,
  done: (result: FilesResult) => void,
  cache: Cache | null,
): Promise<void> {
  // Loaded when wanted: with workers, this thread never analyses anything.
  const { Analysis } = await import('./analysis.ts');
  const analysis = await Analysis.create(signal);
  for (const task of tasks) {
    const result = await analysis.check(task);
    await cache?.put(task, result);
    done(result);
  }
}
