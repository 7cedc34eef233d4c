import * as vscode from 'vscode';
import { WorkDoneProgress } from 'vscode-languageclient/node';
import { AuditWorkspaceRequest, type AuditWorkspaceResult } from '../../server/src/lsp/protocol.ts';
import type { Connection } from './connection.ts';

let audits = 0;

/** Checks all files of the workspace; the findings appear in the Problems view. */
export async function auditWorkspace(connection: Connection): Promise<void> {
  if (!vscode.workspace.workspaceFolders?.length) {
    void vscode.window.showInformationMessage('DMA Audit: open a folder first; its files are what is audited.');
    return;
  }
  const result = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: 'DMA Audit', cancellable: true },
    (progress, cancelled) => ask(connection, progress, cancelled),
  );
  if (result === null) return;
  const shows = 'Show Problems';
  const answer = await vscode.window.showInformationMessage(`DMA Audit: ${resultWords(result)}`, shows);
  if (answer === shows) await vscode.commands.executeCommand('workbench.actions.view.problems');
}

async function ask(
  connection: Connection,
  progress: vscode.Progress<{ message?: string; increment?: number }>,
  cancelled: vscode.CancellationToken,
): Promise<AuditWorkspaceResult | null> {
  const client = await connection.client();
  const workDoneToken = `dma-audit-workspace-${++audits}`;
  let told = 0;
  const listening = client.onProgress(WorkDoneProgress.type, workDoneToken, (value) => {
    if (value.kind === 'end') return;
    const { message, percentage } = value;
    const increment = percentage === undefined ? 0 : percentage - told;
    told += increment;
    progress.report({ increment, ...(message === undefined ? {} : { message }) });
  });
  try {
    return await client.sendRequest(AuditWorkspaceRequest, { workDoneToken }, cancelled);
  } catch (error) {
    if (cancelled.isCancellationRequested) return null;
    throw error;
  } finally {
    listening.dispose();
  }
}

/** "3 findings in 12 functions of 40 files (1 in part), 2.1 s". */
export function resultWords({
  files,
  analysed,
  degraded,
  skipped,
  diagnostics,
  milliseconds,
}: AuditWorkspaceResult): string {
  const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;
  const partly = [...(degraded > 0 ? [`${degraded} in part`] : []), ...(skipped > 0 ? [`${skipped} skipped`] : [])];
  const note = partly.length > 0 ? ` (${partly.join(', ')})` : '';
  const functions = count(analysed + degraded + skipped, 'function');
  return `${count(diagnostics, 'finding')} in ${functions}${note} of ${count(files, 'file')}, ${(milliseconds / 1000).toFixed(1)} s`;
}
