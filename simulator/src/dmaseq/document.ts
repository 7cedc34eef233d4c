import type { CounterName } from '../machine/counters.ts';
import type { Dialect } from '../machine/memory-system.ts';
import type { ViolationKind } from '../machine/violation.ts';
import type {
  Contents,
  Direction,
  ExitBootServices,
  Give,
  Lose,
  MemoryKind,
  Operation,
  SetAttribute,
  Translate,
  UseValue,
} from '../program/index.ts';

/** Where something stands in the text; both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A `.dmaseq` text as a tree: what the parser gives and the printer takes. */
export interface Document {
  /** Empty = not named. */
  readonly name: string;
  readonly dialect: Dialect;
  /** Identifiers of the platforms that the program is meant for; empty = it does not say. */
  readonly platforms: readonly string[];
  readonly statements: readonly Statement[];
}

export type Statement = OperationStatement | GivenStatement | RepeatStatement | ExpectStatement | CommentStatement;

export interface OperationStatement {
  readonly kind: 'operation';
  readonly at: Position;
  readonly op: Operation['op'];
  readonly fields: Fields;
}

/** A mapping or buffer that the program was handed: no operation of it makes it. */
export interface GivenStatement {
  readonly kind: 'given';
  readonly at: Position;
  readonly what: 'buffer' | 'mapping';
  readonly name: Name;
}

export interface RepeatStatement {
  readonly kind: 'repeat';
  readonly at: Position;
  readonly times: number;
  /** Counts from 0; null = nobody counts. */
  readonly variable: string | null;
  readonly body: readonly Statement[];
}

/** A whole line of comment, without its `#`. */
export interface CommentStatement {
  readonly kind: 'comment';
  readonly at: Position;
  readonly text: string;
}

/** What has to hold: a counter at this place, or the faults of the whole program. */
export interface ExpectStatement {
  readonly kind: 'expect';
  readonly at: Position;
  readonly what: Expectation;
  /** Only on these platforms; empty = on all. */
  readonly on: readonly string[];
}

export type Expectation =
  /** No fault at all. */
  | { readonly kind: 'clean' }
  /** A fault of this kind; `times` null = at least one. `verdict`: whether it shows on the platform or happens to work. */
  | {
      readonly kind: 'violation';
      readonly violation: ViolationKind;
      readonly times: number | null;
      readonly verdict: 'breaks' | 'works' | null;
    }
  /** The platform refuses something that the program calls successful. */
  | { readonly kind: 'refusal'; readonly times: number | null }
  | {
      readonly kind: 'counter';
      readonly counter: CounterName;
      readonly comparison: Comparison;
      readonly value: number;
    };

export const COMPARISONS = ['=', '!=', '<=', '>=', '<', '>'] as const;
export type Comparison = (typeof COMPARISONS)[number];

/** A name, in a loop with a number behind it: `ring`, `ring[3]`, `ring[i]`, `ring[i+1]`. */
export interface Name {
  readonly at: Position;
  readonly base: string;
  readonly index: Index | null;
}

export interface Index {
  /** Loop variable; null = a plain number. */
  readonly variable: string | null;
  readonly number: number;
}

/** What an operation works on: see `Reference` of the program language. */
export type Target =
  | { readonly how: 'exact' | 'offset' | 'address-of' | 'other-role'; readonly name: Name }
  | { readonly how: 'uninitialised'; readonly word: string }
  | { readonly how: 'null' | 'unknown' };

/** Bytes, or a key: equal keys are the same number, whatever it is. */
export type SizeText = { readonly bytes: number } | { readonly unknown: string };

/** Every field that some operation has; `syntax.ts` says which has which. Absent = what the operation is without it. */
export interface Fields {
  readonly name?: Name;
  readonly target?: Target;
  readonly size?: SizeText;
  readonly memory?: MemoryKind;
  readonly direction?: Direction;
  readonly mode?: 'common';
  readonly outcome?: 'failed' | 'short';
  readonly managed?: true;
  readonly failing?: true;
  readonly uncertain?: true;
  readonly quiet?: true;
  readonly embedded?: true;
  readonly entry?: 'first' | 'current' | 'memory';
  readonly as?: Translate['as'] | UseValue['as'];
  readonly contents?: Contents;
  readonly value?: string;
  readonly wrong?: true;
  readonly owner?: 'cpu' | 'device';
  readonly through?: Give['through'];
  readonly access?: SetAttribute['access'];
  readonly to?: 'shared' | 'private';
  readonly why?: Lose['why'];
  readonly phase?: ExitBootServices['phase'];
  readonly entries?: 'original' | 'mapped' | 'unknown';
  readonly family?: string;
  readonly releasedBy?: readonly string[];
  readonly device?: string;
  readonly channel?: string;
  readonly within?: Name;
  readonly title?: string;
  readonly attributes?: readonly string[];
  readonly test?: string;
  readonly api?: string;
}

/** What is wrong with a text, and where. */
export interface DmaseqError extends Position {
  readonly message: string;
}
