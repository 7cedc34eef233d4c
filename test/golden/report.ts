/** The words of the golden run. */
import type { FileResult } from './replay-file.ts';

/** One line for a file; more where it went wrong: the first mismatch in full, the first line that could not be read. */
export function describe(result: FileResult, file: string): readonly string[] {
  const unread = result.unreadable > 0 ? `, ${result.unreadable} unreadable` : '';
  const lines = [
    `${result.name}: ${result.operations} operations, ${result.mismatches} mismatches${unread}  (${file})`,
  ];
  lines.push(...result.notes.map((note) => `  ${note}`));
  const { firstMismatch, firstUnreadable } = result;
  if (firstMismatch !== null) {
    lines.push(`  mismatch at line ${firstMismatch.line}: ${JSON.stringify(firstMismatch.operation)}`);
    for (const { field, recorded, computed } of firstMismatch.differences) {
      lines.push(`    ${field}: recorded ${JSON.stringify(recorded)}, computed ${JSON.stringify(computed)}`);
    }
  }
  if (firstUnreadable !== null) lines.push(`  error at line ${firstUnreadable.line}: ${firstUnreadable.why}`);
  return lines;
}
