import type { ClientCapabilities, Connection } from 'vscode-languageserver';
import type { Analysis } from './analysis.ts';
import type { Encoding } from './encoding.ts';
import type { AnalysisSettings } from './messages.ts';
import type { OpenDocuments } from './open-documents.ts';
import type { Settings, StartOptions } from './settings.ts';

/** What the parts of the server share while it serves one client. */
export interface Session {
  readonly connection: Connection;
  readonly documents: OpenDocuments;
  readonly analysis: Analysis;
  readonly client: ClientCapabilities;
  readonly start: StartOptions;
  readonly encoding: Encoding;
  readonly settings: Settings;
  /** Of each folder; empty until `configured`. */
  readonly folders: readonly AnalysisSettings[];
  /** Resolves when the settings of client and folders are known. */
  readonly configured: Promise<void>;
  /** For this session, until the client sends its settings. */
  choosePlatform(id: string): void;
}
