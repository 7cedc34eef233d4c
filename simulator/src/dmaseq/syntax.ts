import type { Operation } from '../program/index.ts';
import type { Fields } from './document.ts';

/** A field that is one word of a fixed set, in any order behind the positional ones. */
export interface WordField {
  /** Each word, and the fields that it stands for. */
  readonly words: ReadonlyMap<string, Fields>;
  readonly wordOf: (fields: Fields) => string | null;
}

/** A field written as `key=value`. */
export interface OptionField {
  /** `list`: values separated by commas; `name`: a buffer. */
  readonly value: 'text' | 'list' | 'name';
  readonly field:
    | 'family'
    | 'releasedBy'
    | 'device'
    | 'channel'
    | 'within'
    | 'title'
    | 'attributes'
    | 'test'
    | 'value'
    | 'api'
    | 'entries';
}

/** What stands directly behind an operation, in this order. */
export type Positional = 'name' | '=' | 'target' | 'size';

export interface OperationSyntax {
  readonly positional: readonly Positional[];
  readonly words: readonly WordName[];
  readonly options: readonly OptionName[];
  /** Fields that must be there. */
  readonly required: readonly (keyof Fields)[];
}

/** One choice: word → value of `key`. */
function choice<K extends keyof Fields>(key: K, values: Readonly<Record<string, Fields[K]>>): WordField {
  const entries = Object.entries(values);
  return {
    words: new Map(entries.map(([word, value]) => [word, { [key]: value } as Fields])),
    wordOf: (fields) => entries.find(([, value]) => value !== undefined && value === fields[key])?.[0] ?? null,
  };
}

/** The word is the value. */
const plain = <const V extends string>(...values: readonly V[]): Readonly<Record<string, V>> =>
  Object.fromEntries(values.map((value) => [value, value]));

export const WORDS = {
  memory: choice(
    'memory',
    plain('dma', 'heap', 'pages', 'stack', 'static', 'rodata', 'vmalloc', 'kmap', 'percpu', 'mmio', 'user', 'unknown'),
  ),
  direction: choice('direction', plain('to-device', 'from-device', 'bidirectional', 'none', 'unknown')),
  mode: choice('mode', plain('common')),
  outcome: choice('outcome', plain('failed', 'short')),
  managed: choice('managed', { managed: true }),
  failing: choice('failing', { failing: true }),
  uncertain: choice('uncertain', { uncertain: true }),
  quiet: choice('quiet', { quiet: true }),
  embedded: choice('embedded', { embedded: true }),
  entry: choice('entry', { 'first-entry': 'first', 'each-entry': 'current', 'entry-memory': 'memory' }),
  as: choice('as', plain('virtual', 'page', 'dereferenced', 'truncated', 'upper-half', 'index', 'length')),
  contents: choice('contents', plain('fresh', 'cleared', 'filled')),
  wrong: choice('wrong', { wrong: true }),
  owner: choice('owner', { 'for-cpu': 'cpu', 'for-device': 'device' }),
  through: choice('through', plain('descriptor', 'register', 'call', 'field')),
  access: choice('access', plain('none', 'read', 'write', 'both', 'unknown')),
  to: choice('to', plain('shared', 'private')),
  why: choice(
    'why',
    plain(
      'returning',
      'overwritten',
      'owner-freed',
      'unwound',
      'passed-over',
      'memory-freed',
      'lifecycle-end',
      'not-undone',
    ),
  ),
  phase: choice('phase', plain('begin', 'end')),
} as const satisfies Readonly<Record<string, WordField>>;

export type WordName = keyof typeof WORDS;

export const OPTIONS = {
  family: { value: 'text', field: 'family' },
  'released-by': { value: 'list', field: 'releasedBy' },
  device: { value: 'text', field: 'device' },
  channel: { value: 'text', field: 'channel' },
  in: { value: 'name', field: 'within' },
  name: { value: 'text', field: 'title' },
  attributes: { value: 'list', field: 'attributes' },
  entries: { value: 'text', field: 'entries' },
  test: { value: 'text', field: 'test' },
  value: { value: 'text', field: 'value' },
  api: { value: 'text', field: 'api' },
} as const satisfies Readonly<Record<string, OptionField>>;

export type OptionName = keyof typeof OPTIONS;

const syntax = (
  positional: readonly Positional[],
  words: readonly WordName[],
  options: readonly OptionName[] = [],
  required: readonly (keyof Fields)[] = [],
): OperationSyntax => ({
  positional,
  words,
  options: [...options, 'api'],
  required: [...positional.filter((one) => one === 'name' || one === 'target'), ...required],
});

/** Every operation of the program language, and how it is written. */
export const SYNTAX: Readonly<Record<Operation['op'], OperationSyntax>> = {
  declare: syntax(['name', 'size'], ['memory', 'embedded'], ['in', 'name']),
  'declare-mapping': syntax(['name', '=', 'target'], ['direction'], ['released-by']),
  allocate: syntax(
    ['name', 'size'],
    ['memory', 'outcome', 'managed'],
    ['family', 'released-by', 'device', 'attributes'],
  ),
  free: syntax(['target', 'size'], [], ['family', 'device', 'channel']),
  map: syntax(
    ['name', '=', 'target', 'size'],
    ['direction', 'mode', 'contents', 'outcome', 'managed'],
    ['family', 'released-by', 'device', 'attributes'],
  ),
  unmap: syntax(['target', 'size'], ['direction'], ['family', 'device', 'entries', 'channel']),
  sync: syntax(['target', 'size'], ['owner', 'direction'], ['entries'], ['owner']),
  check: syntax(['target'], ['wrong'], ['test']),
  'cpu-read': syntax(['target'], ['entry'], ['value']),
  'test-value': syntax([], [], ['value']),
  'use-value': syntax([], ['as'], ['value'], ['as']),
  'cpu-write': syntax(['target'], ['entry']),
  translate: syntax(['target'], ['as'], [], ['as']),
  give: syntax(['target', 'size'], ['through'], ['device']),
  export: syntax(['target'], []),
  'device-start': syntax([], ['quiet'], ['device']),
  'device-stop': syntax([], ['quiet'], ['device']),
  wait: syntax([], ['outcome']),
  'set-mask': syntax(['size'], ['mode', 'outcome'], ['device'], ['size']),
  'set-attribute': syntax(['target'], ['access', 'outcome'], [], ['access']),
  convert: syntax(['target', 'size'], ['to', 'contents', 'outcome'], [], ['to']),
  'memory-map-change': syntax([], []),
  'exit-boot-services': syntax([], ['phase'], [], ['phase']),
  'atomic-enter': syntax([], []),
  'atomic-leave': syntax([], []),
  sleep: syntax([], []),
  lose: syntax(['target'], ['why', 'failing', 'uncertain']),
  return: syntax([], ['failing']),
  'hand-over': syntax(['target'], []),
};

export const isOperationName = (word: string): word is Operation['op'] => Object.hasOwn(SYNTAX, word);

/** Words that stand for a reference, and so cannot be names. */
export const REFERENCE_WORDS = ['null', 'unknown', 'uninitialised', 'offset', 'address-of', 'other-role'] as const;
