import * as vscode from 'vscode';
import { COMMANDS } from '../../server/src/lsp/protocol.ts';
import { auditWorkspace } from './audit-workspace.ts';
import { Connection } from './connection.ts';
import { registerDebugging } from './debugging.ts';
import { Pages } from './pages.ts';
import { choosePlatform } from './platforms.ts';
import { Simulations } from './simulations.ts';
import { StatusItems } from './status.ts';

const WALKTHROUGH = 'start';

/** Gives nothing to other extensions but the moment when the language server answers. */
export interface Api {
  readonly ready: Promise<void>;
}

export function activate(context: vscode.ExtensionContext): Api {
  const connection = new Connection(context);
  const status = new StatusItems(connection);
  const pages = new Pages(connection);
  const simulations = new Simulations(context.extensionUri, connection);
  const commands: Readonly<Record<string, (...args: never[]) => unknown>> = {
    [COMMANDS.simulateFunction]: (uri?: unknown, name?: unknown) => simulations.simulate(uri, name),
    [COMMANDS.explainRule]: (rule?: unknown) => pages.explainRule(rule),
    [COMMANDS.auditWorkspace]: () => auditWorkspace(connection),
    [COMMANDS.costReport]: (uri?: unknown) => pages.costReport(uri),
    [COMMANDS.choosePlatform]: (platform?: unknown) => choosePlatform(connection, platform),
    'dma-audit.showIncomplete': () => status.showIncomplete(),
    'dma-audit.openWalkthrough': () =>
      vscode.commands.executeCommand(
        'workbench.action.openWalkthrough',
        `${context.extension.id}#${WALKTHROUGH}`,
        false,
      ),
    'dma-audit.restartServer': () => connection.restart(),
    'dma-audit.showOutput': () => connection.output.show(),
  };
  context.subscriptions.push(
    connection,
    status,
    pages,
    simulations,
    registerDebugging(context, connection),
    ...Object.entries(commands).map(([id, run]) => vscode.commands.registerCommand(id, run)),
  );
  return { ready: connection.ready };
}
