import { checkDirectory, type DirectoryResult, type DirectoryTask } from './directory.ts';
import { createTools, eventLoopTurns } from './tools.ts';

const tools = createTools();

/** Entry point of a worker thread. */
export default async function work(task: DirectoryTask): Promise<DirectoryResult> {
  return checkDirectory(task, await tools, eventLoopTurns(null));
}
