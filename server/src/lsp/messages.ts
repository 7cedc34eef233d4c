import type {
  Baseline,
  Config,
  FunctionCost,
  FunctionFacts,
  LiveResult,
  MendableDiagnostic,
  PlaceFacts,
  SimulateOptions,
  Simulation,
} from '../audit/index.ts';
import type { Fix } from '../fixes/index.ts';
import type { ApiModel, ModelFile } from '../models/index.ts';
import type { Budget } from '../sequence/index.ts';

/** All that decides what is found in a folder, as plain data. */
export interface AnalysisSettings {
  /** Absolute; the globs of the configuration are relative to it. Null: for what lies in no folder. */
  readonly root: string | null;
  readonly config: Config;
  readonly models: readonly ModelFile[];
  readonly budget: Budget;
  /** Findings that were there before, their files relative to the root; null = there is none. */
  readonly baseline: Baseline | null;
}

/** From the server to its analysis thread. Paths are absolute. */
export type ThreadRequest =
  /** Forgets everything; the open files are sent again. */
  | { readonly kind: 'configure'; readonly settings: readonly AnalysisSettings[] }
  | { readonly kind: 'text'; readonly path: string; readonly version: number; readonly text: string }
  | { readonly kind: 'close'; readonly path: string }
  /** Changed on disk. */
  | { readonly kind: 'refresh'; readonly paths: readonly string[] }
  | { readonly kind: 'query'; readonly id: number; readonly query: Query }
  /** Nobody waits for the answer any more. */
  | { readonly kind: 'cancel'; readonly id: number };

export type ThreadReply =
  | { readonly kind: 'result'; readonly version: number; readonly result: LiveResult }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answers[Query['ask']] | null }
  /** A mistake of ours, which cost an answer. */
  | { readonly kind: 'fault'; readonly message: string };

/** What is asked about an open file. */
export type Query = SimulationQuery | CostQuery | FactsQuery | CallQuery | FixQuery;

/** By what was asked. Null instead: there is no such thing, or the text has changed meanwhile. */
export interface Answers {
  readonly simulation: Simulation;
  readonly cost: readonly FunctionCost[];
  readonly facts: FunctionFacts;
  readonly call: CallAnswer;
  readonly fix: Fix;
}

export interface SimulationQuery {
  readonly ask: 'simulation';
  readonly path: string;
  readonly function: string;
  /** Platform identifiers, the first one in full. */
  readonly platforms: readonly string[];
  readonly paths: SimulateOptions['paths'];
}

export interface CostQuery {
  readonly ask: 'cost';
  readonly path: string;
  readonly platforms: readonly string[];
}

export interface FactsQuery {
  readonly ask: 'facts';
  readonly path: string;
  readonly function: string;
  readonly platform: string;
}

export interface CallQuery {
  readonly ask: 'call';
  readonly path: string;
  /** Of the text that `offset` is meant for. */
  readonly version: number;
  readonly offset: number;
  readonly platform: string;
}

export interface FixQuery {
  readonly ask: 'fix';
  readonly path: string;
  /** Of the text that `diagnostic` is of. */
  readonly version: number;
  readonly diagnostic: MendableDiagnostic;
}

/** What is known of a call of an API. */
export interface CallAnswer {
  /** Of the callee. */
  readonly start: number;
  readonly end: number;
  readonly callee: string;
  readonly model: ApiModel;
  /** What it does in this function; null = no path comes there, or it does nothing to DMA memory. */
  readonly place: PlaceFacts | null;
  readonly degraded: readonly string[];
}
