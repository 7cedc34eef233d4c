import type { Report } from './report.ts';
import { jsonText } from './terminal.ts';
import { NAME, VERSION } from './version.ts';

/** The report as docs/schema/report.json describes it, with a newline at the end. */
export function jsonReport({ result, settled, elapsedMs }: Report): string {
  const { files, functions, incomplete, skippedFiles } = result;
  const { diagnostics, suppressed, known, gone, notices } = settled;
  const summary = {
    files,
    functions,
    elapsedMs: Math.round(elapsedMs),
    suppressed: suppressed.length,
    inBaseline: known.length,
    goneFromBaseline: gone.length,
    skippedFiles,
    incomplete,
  };
  return jsonText({ tool: { name: NAME, version: VERSION }, summary, diagnostics, notices });
}
