import process from 'node:process';

/** A bar on the standard error stream, where that is a terminal. */
export interface Progress {
  readonly show: (done: number, total: number) => void;
  readonly stop: () => void;
}

export async function createProgress(wanted: boolean): Promise<Progress> {
  if (!wanted || !process.stderr.isTTY) return { show: () => {}, stop: () => {} };
  const { SingleBar } = await import('cli-progress');
  const bar = new SingleBar({
    format: '{bar} {percentage} %  {value}/{total} files  {eta_formatted} left',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    clearOnComplete: true,
    stream: process.stderr,
  });
  let started = false;
  return {
    show: (done, total) => {
      if (!started) bar.start(total, 0);
      started = true;
      bar.update(done);
    },
    stop: () => {
      if (started) bar.stop();
    },
  };
}
