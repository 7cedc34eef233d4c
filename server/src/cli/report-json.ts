import type { AuditResult } from '../audit/index.ts';
import { NAME, VERSION } from './version.ts';

/** The report as docs/schema/report.json describes it, with a newline at the end. */
export function jsonReport(result: AuditResult, elapsedMs: number): string {
  const { files, functions, skippedFiles, diagnostics } = result;
  const summary = { files, functions, elapsedMs: Math.round(elapsedMs), skippedFiles };
  return `${JSON.stringify({ tool: { name: NAME, version: VERSION }, summary, diagnostics }, null, 2)}\n`;
}
