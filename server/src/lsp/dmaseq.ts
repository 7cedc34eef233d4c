import { compileDmaseq, PLATFORMS, parseDmaseq, platformsFor, runDmaseq } from '@dma-audit/simulator';
import { DiagnosticSeverity, type Diagnostic as LspDiagnostic } from 'vscode-languageserver';
import { ruleById } from '../rules/index.ts';
import { rulePageUri, SOURCE } from './diagnostics.ts';
import type { Document } from './document.ts';

/** Operations up to which a program is run while it is being written. */
const MAX_OPERATIONS = 5_000;

/** What is wrong with a DMA program: mistakes in the text, expectations that do not hold, violations that none expects. */
export function programDiagnostics(document: Document): readonly LspDiagnostic[] {
  const at = (
    line: number,
    column: number,
    severity: DiagnosticSeverity,
    message: string,
    rule?: string,
  ): LspDiagnostic => ({
    range: { start: document.positionOf(line, column), end: { line, character: 0 } },
    severity,
    source: SOURCE,
    message,
    ...(rule === undefined ? {} : { code: rule, codeDescription: { href: rulePageUri(rule) } }),
  });
  const parsed = parseDmaseq(document.text);
  const result = parsed.ok ? compileDmaseq(parsed.document) : parsed;
  if (!result.ok)
    return result.errors.map(({ line, column, message }) => at(line, column, DiagnosticSeverity.Error, message));
  const { compiled } = result;
  const { program, platforms, statements } = compiled;
  if (program.operations.length > MAX_OPERATIONS) return [];
  const named = PLATFORMS.filter(({ id, dialects }) => platforms.includes(id) && dialects.includes(program.dialect));
  const found = new Map<string, LspDiagnostic>();
  for (const platform of named.length > 0 ? named : platformsFor(program.dialect)) {
    const { expectations, unexpected } = runDmaseq(compiled, platform, false);
    for (const { statement, holds, found: value } of expectations) {
      if (holds) continue;
      const message = `${platform.id}: this does not hold: ${value}`;
      found.set(
        `${statement.at.line} ${platform.id}`,
        at(statement.at.line, statement.at.column, DiagnosticSeverity.Error, message),
      );
    }
    for (const { kind, index, consequence } of unexpected) {
      const place = statements[index]?.at;
      const key = `${place?.line} ${kind}`;
      if (!place || found.has(key)) continue;
      const summary = ruleById(kind)?.summary ?? kind;
      const message = consequence === null ? summary : `${summary}\n${platform.id}: ${consequence}`;
      found.set(key, at(place.line, place.column, DiagnosticSeverity.Warning, message, kind));
    }
  }
  return [...found.values()];
}
