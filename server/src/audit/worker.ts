import { Analysis } from './analysis.ts';
import type { FilesResult, FilesTask } from './task.ts';

const analysis = Analysis.create(null);

/** Entry point of a worker thread. */
export default async function work(task: FilesTask): Promise<FilesResult> {
  return (await analysis).check(task);
}
