import { COUNTER_NAMES } from '../machine/counters.ts';
import { isOperationName, OPTIONS, SYNTAX, WORDS } from './syntax.ts';
import { VIOLATION_KINDS } from './violations.ts';

/** What may stand at the end of a beginning of a line. */
export interface DmaseqCompletion {
  /** `key=` is an option that wants a value. */
  readonly words: readonly string[];
  /** Identifiers of platforms may stand here as well. */
  readonly platforms: boolean;
}

const STATEMENTS = ['program', 'dialect', 'platform', 'repeat', 'given', 'expect', ...Object.keys(SYNTAX)];

/** `before`: the line up to the word that is being written. */
export function completeDmaseq(before: string): DmaseqCompletion {
  const [first, ...rest] = before.trim().split(/\s+/u);
  if (before.includes('#')) return nothing;
  if (first === undefined || first === '') return plain(STATEMENTS);
  switch (first) {
    case 'dialect':
      return plain(rest.length === 0 ? ['linux', 'edk2'] : []);
    case 'platform':
      return { words: [], platforms: true };
    case 'given':
      return plain(rest.length === 0 ? ['buffer', 'mapping'] : []);
    case 'repeat':
      return plain(rest.length === 1 ? ['as'] : []);
    case 'expect':
      return expectation(rest);
  }
  return isOperationName(first) ? plain(operationWords(first, rest)) : nothing;
}

const plain = (words: readonly string[]): DmaseqCompletion => ({ words, platforms: false });
const nothing = plain([]);

function expectation(rest: readonly string[]): DmaseqCompletion {
  if (rest.length === 0) return plain(['clean', 'refusal', ...COUNTER_NAMES, ...VIOLATION_KINDS]);
  if (rest.includes('on')) return { words: [], platforms: true };
  const last = rest.at(-1) ?? '';
  if (last === 'times' || /[=<>]$/u.test(last)) return nothing;
  const isViolation = VIOLATION_KINDS.some((kind) => kind === rest[0]);
  return plain([
    ...(isViolation || rest[0] === 'refusal' ? ['times'] : []),
    ...(isViolation ? ['breaks', 'works'] : []),
    'on',
  ]);
}

/** Behind the names that an operation wants: the words and options that it takes and does not have yet. */
function operationWords(op: keyof typeof SYNTAX, rest: readonly string[]): readonly string[] {
  const { positional, words, options } = SYNTAX[op];
  if (rest.length < positional.filter((one) => one !== 'size').length) return [];
  const free = words.filter((name) => !rest.some((word) => WORDS[name].words.has(word)));
  const open = options.filter((name) => OPTIONS[name] && !rest.some((word) => word.startsWith(`${name}=`)));
  return [...free.flatMap((name) => [...WORDS[name].words.keys()]), ...open.map((name) => `${name}=`)];
}
