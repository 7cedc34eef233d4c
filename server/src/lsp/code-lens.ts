import type { CodeLens } from 'vscode-languageserver';
import type { FunctionFacts, LiveFunction, LiveResult } from '../audit/index.ts';
import type { Document } from './document.ts';
import { COMMANDS } from './protocol.ts';
import { counted, countersText, knownTime } from './words.ts';

/** What a lens must know to be resolved; travels through the client. */
export interface LensData {
  readonly uri: string;
  readonly function: string;
  /** What is known without running anything. */
  readonly title: string;
}

/** One lens for each function that has DMA operations, or whose callees map and unmap for it; without the numbers of a platform. */
export function codeLenses({ functions, diagnostics }: LiveResult, document: Document): readonly CodeLens[] {
  return functions
    .filter(({ operations, completed }) => operations.length + completed > 0)
    .map((one) => {
      const { start, end } = document.rangeOf(one.start, one.end);
      const found = diagnostics.filter(({ line }) => start.line < line && line <= end.line + 1);
      const leaks = found.filter(({ rule }) => rule.endsWith('-leak')).length;
      const others = found.length - leaks;
      const title = [
        ...operationWords(one),
        leaks > 0 ? counted(leaks, 'leak') : '',
        others > 0 ? counted(others, leaks > 0 ? 'other finding' : 'finding') : '',
        one.state === 'degraded' ? 'analysed in part' : '',
      ];
      const data: LensData = {
        uri: document.uri,
        function: one.name,
        title: title.filter((part) => part !== '').join(' · '),
      };
      return { range: { start, end: start }, data };
    });
}

function operationWords({ operations, completed }: LiveFunction): readonly string[] {
  const count = (op: LiveFunction['operations'][number]['op']): number =>
    operations.filter((one) => one.op === op).length;
  const maps = count('map');
  const buffers = count('allocate');
  const begun = [maps > 0 ? counted(maps, 'map') : '', buffers > 0 ? counted(buffers, 'buffer') : ''];
  if (operations.length === 0) return [`${counted(completed, 'map')} in callees`];
  // A function that only ends what others have begun.
  const ended = [counted(count('unmap'), 'unmap'), counted(count('free'), 'free')].filter((text) => !/^0 /.test(text));
  return maps + buffers > 0 ? begun : ended;
}

/** The lens with the numbers of one call on a platform; `facts` null = they could not be found out. */
export function resolvedLens(
  lens: CodeLens,
  { uri, function: name, title }: LensData,
  facts: FunctionFacts | null,
): CodeLens {
  const numbers = facts?.success ? [...countersText(facts.success.counters), knownTime(facts.success.cost)] : [];
  const told = numbers.filter((text) => text !== '').join(', ');
  const cost = facts === null ? '' : `${facts.platform}: ${told === '' ? 'costs nothing' : told}`;
  return {
    ...lens,
    command: {
      title: [title, cost, 'Simulate'].filter((text) => text !== '').join(' · '),
      command: COMMANDS.simulateFunction,
      arguments: [uri, name],
    },
  };
}

export function isLensData(data: unknown): data is LensData {
  if (typeof data !== 'object' || data === null) return false;
  const { uri, function: name, title } = data as Partial<Record<keyof LensData, unknown>>;
  return typeof uri === 'string' && typeof name === 'string' && typeof title === 'string';
}
