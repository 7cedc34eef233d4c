import { dirname, join } from 'node:path';
import {
  type DiagnosticRelatedInformation,
  DiagnosticSeverity,
  DiagnosticTag,
  type Diagnostic as LspDiagnostic,
} from 'vscode-languageserver';
import type { Diagnostic, LiveDiagnostic, LiveResult, Notice } from '../audit/index.ts';
import type { Severity } from '../rules/index.ts';
import type { Document } from './document.ts';
import { uriOf } from './document.ts';

export const SOURCE = 'dma-audit';

/** What a fix must know of a diagnostic; travels through the client. */
export interface DiagnosticData {
  readonly rule: string;
  readonly function: string;
  readonly fingerprint: string;
}

/** Said of what nobody has to mend today. */
const KNOWN = 'In the baseline: it was there before';

/** The pages of the rules lie beside the bundled server. */
export const rulePageUri = (rule: string): string => new URL(`./rules/${rule}.md`, import.meta.url).href;

const SEVERITIES: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
};

/** Where other ends of a fault are. */
export interface Places {
  /** Absolute path of a file as the diagnostics name it. */
  readonly pathOf: (file: string) => string;
  /** The open document of a path, if there is one. */
  readonly documentAt: (path: string) => Document | undefined;
}

/** Diagnostics of a document as a client shows them. */
export function lspDiagnostics(
  { diagnostics, notices }: Pick<LiveResult, 'diagnostics' | 'notices'>,
  document: Document,
  places: Places,
): LspDiagnostic[] {
  return [
    ...diagnostics.map((one) => lspDiagnostic(one, document, places)),
    ...notices.map((one) => notice(one, document)),
  ];
}

/** The results of open files name files by their last part: all lie in one directory. */
export const besides =
  (document: Document): Places['pathOf'] =>
  (file) =>
    join(dirname(document.path), file);

function lspDiagnostic(diagnostic: LiveDiagnostic, document: Document, places: Places): LspDiagnostic {
  const data: DiagnosticData = {
    rule: diagnostic.rule,
    function: diagnostic.function,
    fingerprint: diagnostic.fingerprint,
  };
  return {
    range: {
      start: document.positionOf(diagnostic.line, diagnostic.column),
      end: document.positionOf(diagnostic.endLine, diagnostic.endColumn),
    },
    severity: diagnostic.isKnown ? DiagnosticSeverity.Hint : SEVERITIES[diagnostic.severity],
    source: SOURCE,
    code: diagnostic.rule,
    codeDescription: { href: rulePageUri(diagnostic.rule) },
    message: [diagnostic.message, ...platformWords(diagnostic), ...(diagnostic.isKnown ? [KNOWN] : [])].join('\n'),
    relatedInformation: relatedInformation(diagnostic, document, places),
    data,
  };
}

/** On which platforms it breaks, and how. */
function platformWords({ platforms, consequences }: Diagnostic): readonly string[] {
  const byConsequence = new Map<string, string[]>();
  for (const id of platforms.breaks) {
    const consequence = consequences[id] ?? '';
    byConsequence.set(consequence, [...(byConsequence.get(consequence) ?? []), id]);
  }
  const breaks = [...byConsequence].map(([what, ids]) => `Breaks on ${ids.join(', ')}: ${what}`);
  return platforms.works.length > 0 ? [...breaks, `Does not show on ${platforms.works.join(', ')}`] : breaks;
}

/** The other ends of the fault, then the path that leads to it, step by step. */
function relatedInformation(
  { related, path }: Diagnostic,
  document: Document,
  { pathOf, documentAt }: Places,
): DiagnosticRelatedInformation[] {
  const at = (file: string, line: number, column: number | null, message: string): DiagnosticRelatedInformation => {
    const absolute = pathOf(file);
    const there = absolute === document.path ? document : documentAt(absolute);
    const place = there?.positionOf(line, column ?? 1) ?? { line: line - 1, character: (column ?? 1) - 1 };
    return { location: { uri: there?.uri ?? uriOf(absolute), range: { start: place, end: place } }, message };
  };
  return [
    ...related.map(({ file, line, column, message }) => at(file, line, column, message)),
    ...path.map(({ file, line, message }, i) => at(file, line, null, `step ${i + 1} of ${path.length}: ${message}`)),
  ];
}

function notice({ line, column, message }: Notice, document: Document): LspDiagnostic {
  const start = document.positionOf(line, column);
  const isUnused = /suppresses nothing$/.test(message);
  return {
    range: { start, end: { line: start.line + 1, character: 0 } },
    severity: isUnused ? DiagnosticSeverity.Hint : DiagnosticSeverity.Warning,
    source: SOURCE,
    code: 'suppression',
    message,
    ...(isUnused ? { tags: [DiagnosticTag.Unnecessary] } : {}),
  };
}
