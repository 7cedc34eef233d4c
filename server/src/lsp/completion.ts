import { completeDmaseq, PLATFORMS } from '@dma-audit/simulator';
import { type CompletionItem, CompletionItemKind } from 'vscode-languageserver';
import { RULES } from '../rules/index.ts';

/** Characters that begin a completion by themselves, beside letters. */
export const COMPLETION_TRIGGERS: readonly string[] = ['[', ':', ','];

const VERBS: readonly (readonly [verb: string, detail: string])[] = [
  ['ignore', 'suppress findings on this line'],
  ['ignore-function', 'suppress findings in this function'],
  ['ignore-file', 'suppress findings in this file'],
];

/** In C: the comments of dma-audit, and nothing else. `before`: the line up to the cursor. */
export function completeComment(before: string): readonly CompletionItem[] {
  const comment = /(?:\/\/|\/\*|^\s*\*).*?dma-audit:\s*(.*)$/.exec(before)?.[1];
  if (comment === undefined) return [];
  if (/^[\w-]*$/.test(comment))
    return VERBS.map(([verb, detail]) => ({
      label: verb,
      detail,
      kind: CompletionItemKind.Keyword,
      insertText: `${verb}[`,
    }));
  if (/^ignore(?:-\w+)?\s*\[[^\]]*$/.test(comment))
    return RULES.map(({ id, summary }) => ({ label: id, detail: summary, kind: CompletionItemKind.EnumMember }));
  if (/\]\s*$/.test(comment))
    return [
      { label: '-- reason', detail: 'a suppression needs one', kind: CompletionItemKind.Text, insertText: '-- ' },
    ];
  return [];
}

/** In a DMA program: statements, words, options, counters, violations and platforms, where each may stand. */
export function completeProgram(before: string): readonly CompletionItem[] {
  const written = /[\w-]*$/.exec(before)?.[0] ?? '';
  const { words, platforms } = completeDmaseq(before.slice(0, before.length - written.length));
  return [
    ...words.map((label) => ({ label, kind: CompletionItemKind.Keyword })),
    ...(platforms
      ? PLATFORMS.map(({ id, title }) => ({ label: id, detail: title, kind: CompletionItemKind.EnumMember }))
      : []),
  ];
}
