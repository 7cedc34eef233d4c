import type { Severity } from '../rules/index.ts';

/** A place in a file; lines and columns count from 1, columns in UTF-16 units. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface RelatedPlace extends Position {
  readonly message: string;
}

export interface PathPlace {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/**
 * Why a finding is told only to those who ask for it: its rule is off by default for this dialect, or something about callees
 * or loops had to be guessed. Null = it is told to everybody.
 */
export type Doubt = 'nursery' | 'guess' | null;

export interface Diagnostic extends Position {
  readonly rule: string;
  readonly severity: Severity;
  readonly doubt: Doubt;
  readonly endLine: number;
  readonly endColumn: number;
  /** Name of the function that contains the place. */
  readonly function: string;
  readonly message: string;
  readonly platforms: { readonly breaks: readonly string[]; readonly works: readonly string[] };
  /** What happens, by platform id. */
  readonly consequences: Readonly<Record<string, string>>;
  readonly related: readonly RelatedPlace[];
  readonly path: readonly PathPlace[];
  /** Survives moved lines: rule, function, normalised text of the places at fault. */
  readonly fingerprint: string;
}

export interface FunctionReport {
  readonly file: string;
  readonly function: string;
  readonly state: 'analysed' | 'degraded' | 'skipped';
  readonly reasons: readonly string[];
}
