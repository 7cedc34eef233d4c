import type { Dialect, ModelFile } from '../models/index.ts';
import type { CheckOptions } from './check.ts';
import type { Diagnostic, FunctionReport } from './diagnostic.ts';
import type { FileSuppressions } from './suppress.ts';

/** The unit of work: some files of one directory, checked with the whole directory as context. Plain data, for workers. */
export interface FilesTask {
  /** Absolute; files are named relative to it in reports. */
  readonly root: string;
  /** Absolute. */
  readonly directory: string;
  /** Absolute paths, all in `directory`. */
  readonly files: readonly string[];
  readonly options: CheckOptions;
  /** null = each file tells. */
  readonly dialect: Dialect | null;
  /** API models of the user; they override the built-in ones. */
  readonly models: readonly ModelFile[];
  /** Texts that go before what is on disk, by absolute path: those that an editor has not saved. Not for cached audits. */
  readonly texts?: ReadonlyMap<string, string>;
}

/** Why a file was not looked at: the platforms that were chosen execute no code of its dialect. */
export const NO_PLATFORM = 'none of the platforms is for its dialect';

/** A file that was not looked at, and why. */
export interface SkippedFile {
  readonly file: string;
  readonly reason: string;
}

export interface FilesResult {
  readonly files: number;
  readonly analysed: number;
  /** Functions that were analysed in part or not at all. */
  readonly incomplete: readonly FunctionReport[];
  readonly skippedFiles: readonly SkippedFile[];
  /** May lie in other files of the directory: a fault in a callee is found where it is called. */
  readonly diagnostics: readonly Diagnostic[];
  /** Of the files of the task and of those with diagnostics. */
  readonly suppressions: readonly FileSuppressions[];
}
