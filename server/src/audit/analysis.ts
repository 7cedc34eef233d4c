export { checkDirectory } from './directory.ts';
export { createTools, eventLoopTurns } from './tools.ts';
