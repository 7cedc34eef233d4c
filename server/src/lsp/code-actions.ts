import {
  type CancellationToken,
  type CodeAction,
  CodeActionKind,
  type CodeActionParams,
  type Diagnostic as LspDiagnostic,
  type Range,
  type ServerCapabilities,
  type SnippetTextEdit,
  type TextEdit,
  type WorkspaceEdit,
} from 'vscode-languageserver';
import { type Diagnostic, isMendable, type LiveResult } from '../audit/index.ts';
import { areDisjoint, type Fix } from '../fixes/index.ts';
import { SOURCE } from './diagnostics.ts';
import type { Document } from './document.ts';
import { COMMANDS } from './protocol.ts';
import type { Session } from './session.ts';

/** Mends every fault of a file for which that only says better what the code means already. */
const FIX_ALL = `${CodeActionKind.SourceFixAll}.${SOURCE}`;

export const CODE_ACTIONS: ServerCapabilities = {
  codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix, FIX_ALL] },
};

export function registerCodeActions(session: Session): void {
  session.connection.onCodeAction(async (params, token) => {
    const document = session.documents.at(params.textDocument.uri);
    if (!document?.isSource) return null;
    const result = await session.documents.result(document, () => true, token);
    return result && codeActions(session, document, result, params, token);
  });
}

/** What can be done about the diagnostics of a range. Null when the text has changed meanwhile. */
async function codeActions(
  session: Session,
  document: Document,
  result: LiveResult,
  { range, context }: CodeActionParams,
  token: CancellationToken,
): Promise<CodeAction[] | null> {
  const { version } = document;
  const isWanted = (kind: string): boolean =>
    context.only?.some((one) => kind === one || kind.startsWith(`${one}.`)) ?? kind === CodeActionKind.QuickFix;
  const actions: CodeAction[] = [];
  if (isWanted(CodeActionKind.QuickFix))
    for (const diagnostic of result.diagnostics) {
      if (!overlaps(rangeOf(document, diagnostic), range)) continue;
      const fix = await fixOf(session, document, diagnostic, token);
      if (document.version !== version) return null;
      const shown = context.diagnostics.filter((one) => isSame(one, diagnostic, document));
      if (fix) actions.push({ ...fixAction(session, document, fix), diagnostics: shown });
      actions.push(...otherActions(session, document, diagnostic, shown));
    }
  if (isWanted(FIX_ALL)) {
    const fixes = await safeFixes(session, document, result, token);
    if (document.version !== version) return null;
    if (fixes.length > 0) actions.push(fixAllAction(session, document, fixes));
  }
  return actions;
}

const fixOf = (
  { analysis }: Session,
  { path, version }: Document,
  { rule, function: name, line, column }: Diagnostic,
  token: CancellationToken,
): Promise<Fix | null> =>
  isMendable(rule)
    ? analysis.ask({ ask: 'fix', path, version, diagnostic: { rule, function: name, line, column } }, token)
    : Promise.resolve(null);

/** Of the safe fixes of a file those that do not get in each other's way. */
async function safeFixes(
  session: Session,
  document: Document,
  { diagnostics }: LiveResult,
  token: CancellationToken,
): Promise<readonly Fix[]> {
  const fixes: Fix[] = [];
  for (const diagnostic of diagnostics) {
    const fix = await fixOf(session, document, diagnostic, token);
    if (fix?.safe && areDisjoint([...fixes, fix].flatMap(({ edits }) => edits))) fixes.push(fix);
  }
  return fixes;
}

function fixAction(session: Session, document: Document, fix: Fix): CodeAction {
  return {
    title: fix.title,
    kind: CodeActionKind.QuickFix,
    isPreferred: true,
    edit: workspaceEdit(session, document, textEdits(document, [fix])),
  };
}

function fixAllAction(session: Session, document: Document, fixes: readonly Fix[]): CodeAction {
  return {
    title: 'Fix all DMA faults that have a safe fix',
    kind: FIX_ALL,
    edit: workspaceEdit(session, document, textEdits(document, fixes)),
  };
}

/** What can be done about any diagnostic. */
function otherActions(
  session: Session,
  document: Document,
  { rule, function: name, line }: Diagnostic,
  diagnostics: LspDiagnostic[],
): readonly CodeAction[] {
  const kind = CodeActionKind.QuickFix;
  const edit = suppression(session, document, rule, line);
  const explain = `Explain ${rule}`;
  const simulate = `Simulate ${name}`;
  return [
    ...(edit ? [{ title: `Ignore ${rule} here, with a reason`, kind, diagnostics, edit }] : []),
    {
      title: explain,
      kind,
      diagnostics,
      command: { title: explain, command: COMMANDS.explainRule, arguments: [rule] },
    },
    {
      ...{ title: simulate, kind, diagnostics },
      command: { title: simulate, command: COMMANDS.simulateFunction, arguments: [document.uri, name] },
    },
  ];
}

const REASON = 'say why this is right';

/** A comment on a line of its own, for the next line; the reason is to be typed over where the client can do that. */
function suppression(session: Session, document: Document, rule: string, line: number): WorkspaceEdit | null {
  const { text } = document;
  const start = document.offsetAt(document.positionOf(line, 1));
  // Inside of a macro a comment of its own would end it.
  if (/\\\r?\n$/.test(text.slice(Math.max(0, start - 3), start))) return null;
  const indent = /^[ \t]*/.exec(text.slice(start))?.[0] ?? '';
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const range = document.rangeOf(start, start);
  const comment = `${indent}// dma-audit: ignore[${rule}] -- `;
  const { uri, version } = document;
  const { workspace } = session.client;
  if (!workspace?.workspaceEdit?.snippetEditSupport || !workspace.workspaceEdit.documentChanges)
    return workspaceEdit(session, document, [{ range, newText: `${comment}${REASON}${eol}` }]);
  const value = `${comment.replace(/[\\$}]/g, '\\$&')}\${1:${REASON}}${eol}`;
  const edit: SnippetTextEdit = { range, snippet: { kind: 'snippet', value } };
  return { documentChanges: [{ textDocument: { uri, version }, edits: [edit] }] };
}

/** For the text of now only, where the client lets that be said. */
function workspaceEdit({ client }: Session, { uri, version }: Document, edits: TextEdit[]): WorkspaceEdit {
  return client.workspace?.workspaceEdit?.documentChanges
    ? { documentChanges: [{ textDocument: { uri, version }, edits }] }
    : { changes: { [uri]: edits } };
}

const textEdits = (document: Document, fixes: readonly Fix[]): TextEdit[] =>
  fixes.flatMap(({ edits }) =>
    edits.map(({ start, end, text }) => ({ range: document.rangeOf(start, end), newText: text })),
  );

const rangeOf = (document: Document, { line, column, endLine, endColumn }: Diagnostic): Range => ({
  start: document.positionOf(line, column),
  end: document.positionOf(endLine, endColumn),
});

const isBefore = (a: Range['start'], b: Range['start']): boolean =>
  a.line < b.line || (a.line === b.line && a.character < b.character);

const overlaps = (a: Range, b: Range): boolean => !isBefore(a.end, b.start) && !isBefore(b.end, a.start);

/** The client's copy of a diagnostic. */
function isSame({ code, range }: LspDiagnostic, diagnostic: Diagnostic, document: Document): boolean {
  const { start } = rangeOf(document, diagnostic);
  return code === diagnostic.rule && range.start.line === start.line && range.start.character === start.character;
}
