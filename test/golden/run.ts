/** `npm run golden [-- DIR]`: replays every trace below DIR and compares. Exit 1: mismatch; 2: not all could be read. */
import { join, relative, resolve } from 'node:path';
import { replayDirectory } from './replay-directory.ts';
import { describe } from './report.ts';

const directory = resolve(process.argv[2] ?? join('test', 'golden', 'data'));
const total = { files: 0, operations: 0, mismatches: 0, unreadable: 0 };
try {
  for (const { path, result } of replayDirectory(directory)) {
    for (const line of describe(result, relative(directory, path) || path)) console.log(line);
    total.files++;
    total.operations += result.operations;
    total.mismatches += result.mismatches;
    total.unreadable += result.unreadable;
  }
} catch (error) {
  console.error(`golden: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(2);
}
const unread = total.unreadable > 0 ? `, ${total.unreadable} unreadable` : '';
console.log(`total: ${total.files} files, ${total.operations} operations, ${total.mismatches} mismatches${unread}`);
if (total.files === 0) console.error(`golden: no trace below ${directory}`);
process.exitCode = total.mismatches > 0 ? 1 : total.unreadable > 0 || total.files === 0 ? 2 : 0;
