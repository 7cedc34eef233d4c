import type { Config, LiveResult, Simulation } from '../audit/index.ts';
import type { ModelFile } from '../models/index.ts';

/** All that decides what is found in a folder, as plain data. */
export interface AnalysisSettings {
  /** Absolute; the globs of the configuration are relative to it. Null: for what lies in no folder. */
  readonly root: string | null;
  readonly config: Config;
  readonly models: readonly ModelFile[];
}

/** From the server to its analysis thread. Paths are absolute. */
export type ThreadRequest =
  /** Forgets everything; the open files are sent again. */
  | { readonly kind: 'configure'; readonly settings: readonly AnalysisSettings[] }
  | { readonly kind: 'text'; readonly path: string; readonly version: number; readonly text: string }
  | { readonly kind: 'close'; readonly path: string }
  /** Changed on disk. */
  | { readonly kind: 'refresh'; readonly paths: readonly string[] }
  | { readonly kind: 'simulate'; readonly id: number; readonly query: SimulationQuery };

export interface SimulationQuery {
  readonly path: string;
  readonly function: string;
  /** Platform identifiers, the first one in full; null = those that the checker uses. */
  readonly platforms: readonly string[] | null;
  readonly paths: 'success' | 'all';
}

export type ThreadReply =
  | { readonly kind: 'result'; readonly version: number; readonly result: LiveResult }
  | { readonly kind: 'simulation'; readonly id: number; readonly simulation: Simulation | null };
