/** syntaxes/dma-calls.tmLanguage.json: calls that move DMA memory, in C, made from the models. */
import { type Action, type ApiModel, builtinModels } from '../../server/src/models/index.ts';

/** What stands out: the ends of mappings and buffers, and what happens to them in between. */
const SHOWN = [
  'map',
  'unmap',
  'allocate',
  'free',
  'sync',
  'check-mapping',
  'convert',
  'set-mask',
  'set-attribute',
] as const satisfies readonly Action[];

const apis: readonly ApiModel[] = builtinModels.flatMap(({ functions = [] }) => functions);

const names = (call: ApiModel['call'], action: Action): readonly string[] =>
  [...new Set(apis.filter((api) => api.call === call && api.action === action).map(({ name }) => name))].sort();

export const callsGrammar = (): object => ({
  name: 'DMA calls in C',
  scopeName: 'dma-audit.calls',
  injectionSelector: 'L:source.c -comment -string, L:source.cpp -comment -string',
  patterns: SHOWN.flatMap((action) => [
    ...pattern(action, names('function', action), '\\b'),
    ...pattern(action, names('member', action), '(?<=->|->\\s)'),
  ]),
});

const pattern = (action: Action, alternatives: readonly string[], before: string): readonly object[] =>
  alternatives.length === 0
    ? []
    : [{ name: `support.function.dma.${action}.c`, match: `${before}(?:${alternatives.join('|')})(?=\\s*\\()` }];
