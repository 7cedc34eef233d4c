/** syntaxes/dmaseq.tmLanguage.json, made from the words that the reader of `.dmaseq` knows. */
import { COUNTER_NAMES, VIOLATION_KINDS } from '@dma-audit/simulator';
import { OPTIONS, REFERENCE_WORDS, SYNTAX, WORDS } from '../../simulator/src/dmaseq/syntax.ts';

/** One of these words, and no part of a longer one: `-` and `.` belong to words here. */
const word = (words: Iterable<string>): string => `(?<![\\w.-])(?:${[...words].sort().join('|')})(?![\\w.-])`;

const first = (words: Iterable<string>): string => `^\\s*(${word(words)})`;

const fieldWords = (): ReadonlySet<string> => new Set(Object.values(WORDS).flatMap(({ words }) => [...words.keys()]));

export const dmaseqGrammar = (): object => ({
  name: 'DMA sequence',
  scopeName: 'source.dmaseq',
  patterns: [
    { name: 'comment.line.number-sign.dmaseq', match: '#.*$' },
    {
      name: 'string.quoted.double.dmaseq',
      begin: '"',
      end: '"|$',
      patterns: [{ name: 'constant.character.escape.dmaseq', match: '\\\\.' }],
    },
    {
      match: `${first(['program'])}\\s+([\\w.-]+)`,
      captures: {
        1: { name: 'keyword.control.directive.dmaseq' },
        2: { name: 'entity.name.function.dmaseq' },
      },
    },
    { match: first(['dialect', 'platform']), captures: { 1: { name: 'keyword.control.directive.dmaseq' } } },
    { match: first(['repeat', 'given', 'expect']), captures: { 1: { name: 'keyword.control.dmaseq' } } },
    { match: first(Object.keys(SYNTAX)), captures: { 1: { name: 'support.function.operation.dmaseq' } } },
    { name: 'variable.parameter.dmaseq', match: `${word(Object.keys(OPTIONS))}(?==)` },
    { name: 'support.type.violation.dmaseq', match: word([...VIOLATION_KINDS, 'refusal', 'clean']) },
    { name: 'support.variable.counter.dmaseq', match: word(COUNTER_NAMES) },
    { name: 'keyword.other.dmaseq', match: word(['as', 'on', 'times', 'breaks', 'works']) },
    { name: 'keyword.other.reference.dmaseq', match: word(REFERENCE_WORDS) },
    { name: 'constant.language.dmaseq', match: word([...fieldWords(), 'linux', 'edk2']) },
    { name: 'constant.numeric.dmaseq', match: '\\b(?:0[xX][0-9a-fA-F]+|\\d+[KMG]?)(?![\\w.])|\\?[\\w.-]*' },
    { name: 'keyword.operator.dmaseq', match: '[!<>]=|[=<>+]' },
    { name: 'variable.other.dmaseq', match: '[A-Za-z_][\\w.-]*' },
  ],
});
