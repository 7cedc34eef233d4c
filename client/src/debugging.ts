import * as vscode from 'vscode';
import { SimulateRequest } from '../../server/src/lsp/protocol.ts';
import type { Connection } from './connection.ts';
import { placeOf } from './simulations.ts';

const TYPE = 'dma-audit';

/** "Debug DMA sequence": walks along a path of a function in its source, forwards and backwards. */
export function registerDebugging(context: vscode.ExtensionContext, connection: Connection): vscode.Disposable {
  const adapter = context.asAbsolutePath('client/dist/server/cli.js');
  return vscode.Disposable.from(
    vscode.debug.registerDebugAdapterDescriptorFactory(TYPE, {
      // The editor's executable is Node when it is told so.
      createDebugAdapterDescriptor: () =>
        new vscode.DebugAdapterExecutable(process.execPath, [adapter, 'debug-adapter'], {
          env: { ELECTRON_RUN_AS_NODE: '1' },
        }),
    }),
    vscode.debug.registerDebugConfigurationProvider(TYPE, {
      resolveDebugConfiguration: (_folder, configuration) => complete(connection, configuration),
    }),
    vscode.commands.registerCommand('dma-audit.debugFunction', async (uri?: unknown, name?: unknown) => {
      const launch = { type: TYPE, request: 'launch', name: 'DMA sequence' };
      const named =
        typeof uri === 'string' && typeof name === 'string'
          ? { program: vscode.Uri.parse(uri).fsPath, function: name }
          : {};
      await vscode.debug.startDebugging(vscode.workspace.workspaceFolders?.[0], { ...launch, ...named });
    }),
  );
}

/** What a launch leaves open: the function at the cursor, on the chosen platform. Undefined: there is nothing to debug. */
async function complete(
  connection: Connection,
  given: vscode.DebugConfiguration,
): Promise<vscode.DebugConfiguration | undefined> {
  const configuration = given.type ? given : { type: TYPE, request: 'launch', name: 'DMA sequence' };
  const platform = configuration.platform ?? vscode.workspace.getConfiguration('dmaAudit').get<string>('platform');
  const onPlatform = platform ? { platform } : {};
  if (typeof configuration.program === 'string' && typeof configuration.function === 'string')
    return { ...configuration, ...onPlatform };
  const place = placeOf(undefined, undefined);
  const client = await connection.client();
  const found = place === null ? null : await client.sendRequest(SimulateRequest, { ...place, paths: 'success' });
  const editor = vscode.window.activeTextEditor;
  if (found === null || editor === undefined) {
    void vscode.window.showInformationMessage(
      'DMA Audit: put the cursor into a function that does something with DMA memory.',
    );
    return undefined;
  }
  // The adapter reads the disk.
  if (editor.document.isDirty) await editor.document.save();
  return {
    ...configuration,
    ...onPlatform,
    program: editor.document.uri.fsPath,
    function: found.simulation.function,
  };
}
