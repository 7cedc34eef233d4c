import type { DirectoryResult, DirectoryTask } from './directory.ts';

export interface PoolOptions {
  /** Worker threads; 1 = none, all is done here. */
  readonly jobs: number;
  /** The bundled worker; null = none, all is done here. */
  readonly worker: URL | null;
  readonly signal: AbortSignal | null;
}

/** Runs every task; `done` hears of each as it ends, in any order. Rejects with the signal's reason when it is aborted. */
export async function runTasks(
  tasks: readonly DirectoryTask[],
  options: PoolOptions,
  done: (result: DirectoryResult) => void,
): Promise<void> {
  if (options.worker === null || options.jobs <= 1 || tasks.length <= 1) return runHere(tasks, options.signal, done);
  const { default: Tinypool } = await import('tinypool');
  const threads = Math.min(options.jobs, tasks.length);
  const pool = new Tinypool({ filename: options.worker.href, minThreads: threads, maxThreads: threads });
  try {
    const { signal } = options;
    const run = (task: DirectoryTask) => pool.run(task, signal ? { signal } : {});
    // The longest first, so that no thread is left alone with one at the end.
    const ordered = [...tasks].sort((a, b) => b.files.length - a.files.length);
    await Promise.all(ordered.map(async (task) => done(await run(task))));
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    await pool.destroy();
  }
}

async function runHere(
  tasks: readonly DirectoryTask[],
  signal: AbortSignal | null,
  done: (result: DirectoryResult) => void,
): Promise<void> {
  // Loaded when wanted: with workers, this thread never analyses anything.
  const { checkDirectory, createTools, eventLoopTurns } = await import('./analysis.ts');
  const tools = await createTools();
  const yieldNow = eventLoopTurns(signal);
  for (const task of tasks) {
    signal?.throwIfAborted();
    done(await checkDirectory(task, tools, yieldNow));
  }
}
