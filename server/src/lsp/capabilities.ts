import { type ServerCapabilities, TextDocumentSyncKind } from 'vscode-languageserver';
import { CODE_ACTIONS } from './code-actions.ts';
import { SOURCE } from './diagnostics.ts';
import { FEATURES } from './features.ts';
import { COMMAND_CAPABILITY } from './requests.ts';
import type { StartOptions } from './settings.ts';

/** What the server offers a client. */
export function capabilities({ clientCommands, diagnostics, workspaceDiagnostics }: StartOptions): ServerCapabilities {
  return {
    textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: true },
    workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
    ...FEATURES,
    ...CODE_ACTIONS,
    ...(clientCommands ? {} : COMMAND_CAPABILITY),
    ...(diagnostics === 'push'
      ? {}
      : { diagnosticProvider: { identifier: SOURCE, interFileDependencies: true, workspaceDiagnostics } }),
  };
}
