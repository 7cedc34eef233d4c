import type { CancellationToken, InlayHint, ServerCapabilities } from 'vscode-languageserver';
import { codeLenses, isLensData, resolvedLens } from './code-lens.ts';
import { COMPLETION_TRIGGERS, completeComment, completeProgram } from './completion.ts';
import type { Document } from './document.ts';
import { pairHighlights } from './highlights.ts';
import { hoverText } from './hover.ts';
import { inlayHints } from './inlay-hints.ts';
import { chosenPlatform } from './platform.ts';
import type { Session } from './session.ts';

export const FEATURES: ServerCapabilities = {
  hoverProvider: true,
  codeLensProvider: { resolveProvider: true },
  documentHighlightProvider: true,
  inlayHintProvider: true,
  completionProvider: { triggerCharacters: [...COMPLETION_TRIGGERS] },
};

/** Answers what an editor asks about a place in a document. */
export function registerFeatures(session: Session): void {
  const { connection, documents, analysis } = session;
  const sourceAt = (uri: string): Document | undefined => {
    const document = documents.at(uri);
    return document?.isSource ? document : undefined;
  };
  /** The first result of the text of now: edited functions are in it, others may be old. */
  const resultOf = (document: Document, token: CancellationToken) => documents.result(document, () => true, token);

  connection.onHover(async ({ textDocument, position }, token) => {
    const document = sourceAt(textDocument.uri);
    const dialect = document && documents.told(document)?.result.dialect;
    if (!document || !dialect) return null;
    const platform = chosenPlatform(session.settings.platform, dialect);
    const { path, version } = document;
    const offset = document.offsetAt(position);
    const answer = await analysis.ask({ ask: 'call', path, version, offset, platform: platform.id }, token);
    const value = answer && document.version === version ? hoverText(answer, platform) : null;
    if (!answer || value === null) return null;
    return { contents: { kind: 'markdown', value }, range: document.rangeOf(answer.start, answer.end) };
  });

  connection.onCodeLens(async ({ textDocument }, token) => {
    const document = sourceAt(textDocument.uri);
    if (!document || !session.settings.codeLens) return [];
    // Who can be told to ask again gets soon what there is.
    const isSoon = session.client.workspace?.codeLens?.refreshSupport === true;
    const result = await documents.result(document, ({ pending }) => isSoon || pending === 0, token);
    return result ? [...codeLenses(result, document)] : null;
  });

  connection.onCodeLensResolve(async (lens, token) => {
    if (!isLensData(lens.data)) return lens;
    const document = sourceAt(lens.data.uri);
    const dialect = document && documents.told(document)?.result.dialect;
    if (!document || !dialect) return resolvedLens(lens, lens.data, null);
    const platform = chosenPlatform(session.settings.platform, dialect).id;
    const facts = await analysis.ask(
      { ask: 'facts', path: document.path, function: lens.data.function, platform },
      token,
    );
    return resolvedLens(lens, lens.data, facts);
  });

  connection.onDocumentHighlight(async ({ textDocument, position }, token) => {
    const document = sourceAt(textDocument.uri);
    if (!document) return null;
    const offset = document.offsetAt(position);
    const result = await resultOf(document, token);
    return result && pairHighlights(result, document, offset);
  });

  connection.languages.inlayHint.on(async ({ textDocument, range }, token) => {
    const document = sourceAt(textDocument.uri);
    if (!document || !session.settings.inlayHints) return null;
    const [from, to] = [document.offsetAt(range.start), document.offsetAt(range.end)];
    const result = await resultOf(document, token);
    if (!result?.dialect) return null;
    const platform = chosenPlatform(session.settings.platform, result.dialect);
    const hints: InlayHint[] = [];
    for (const one of result.functions) {
      if (one.end < from || to < one.start || !one.operations.some(({ op }) => op === 'map')) continue;
      const query = { ask: 'facts', path: document.path, function: one.name, platform: platform.id } as const;
      const { version } = document;
      const facts = await analysis.ask(query, token);
      if (document.version !== version) return null;
      if (facts) hints.push(...inlayHints(facts, one, document, platform));
    }
    return hints;
  });

  connection.onCompletion(({ textDocument, position }) => {
    const document = documents.at(textDocument.uri);
    if (!document) return [];
    const offset = document.offsetAt(position);
    const before = document.text.slice(document.text.lastIndexOf('\n', offset - 1) + 1, offset);
    return [...(document.isSource ? completeComment(before) : completeProgram(before))];
  });
}
