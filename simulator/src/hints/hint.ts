import type { Counters, HintKind, RelatedOperation, Violation } from '../machine/index.ts';
import type { Platform } from '../platforms/platform.ts';
import type { Program } from '../program/index.ts';

/** A piece of a program that could be written so that it costs less: as it is, and as it could be. */
export interface Proposal {
  readonly kind: HintKind;
  /** Index, in the program that was looked at, of the operation that is to be told. */
  readonly index: number;
  readonly related: readonly RelatedOperation[];
  /** Facts for the words. */
  readonly detail: Readonly<Record<string, string>>;
  readonly now: Program;
  readonly instead: Program;
}

/** What both came to on one platform. */
export interface Saving {
  readonly platform: Platform;
  readonly now: Counters;
  readonly instead: Counters;
}

/** A proposal that saves something on at least one platform; the `consequence` of the violation is null, `savings` have it. */
export interface Hint {
  readonly violation: Violation;
  /** The platforms on which it saves something, those with the most first. */
  readonly savings: readonly Saving[];
}
