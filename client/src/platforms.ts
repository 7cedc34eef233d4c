import * as vscode from 'vscode';
import { type PlatformChoice, PlatformsRequest } from '../../server/src/lsp/protocol.ts';
import type { Connection } from './connection.ts';

/** Writes the setting `dmaAudit.platform`; asks for the platform when none is given. */
export async function choosePlatform(connection: Connection, given: unknown): Promise<void> {
  const settings = vscode.workspace.getConfiguration('dmaAudit');
  const platform = typeof given === 'string' ? given : await ask(connection, settings.get<string>('platform') ?? '');
  if (platform === undefined) return;
  // Where it is set already, else for this user: a workspace should not carry what one of its people looks at.
  const isOfWorkspace = settings.inspect('platform')?.workspaceValue !== undefined;
  const target = isOfWorkspace ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
  await settings.update('platform', platform === '' ? undefined : platform, target);
}

interface Item extends vscode.QuickPickItem {
  readonly platform: string;
}

async function ask(connection: Connection, current: string): Promise<string | undefined> {
  const client = await connection.client();
  const platforms = await client.sendRequest(PlatformsRequest, undefined);
  const item = ({ id, title }: PlatformChoice): Item => ({
    label: id,
    description: id === current ? 'chosen' : '',
    detail: title,
    platform: id,
  });
  const group = (label: string, wanted: (one: PlatformChoice) => boolean): readonly Item[] => {
    const items = platforms.filter(wanted).map(item);
    return items.length === 0 ? [] : [{ label, kind: vscode.QuickPickItemKind.Separator, platform: '' }, ...items];
  };
  const runs = (dialect: 'linux' | 'edk2') => (one: PlatformChoice) => one.dialects.includes(dialect);
  const automatic = {
    label: 'automatic',
    description: current === '' ? 'chosen' : '',
    detail: 'A confidential guest, where most happens: TDX',
    platform: '',
  };
  const items: readonly Item[] = [
    automatic,
    ...group('Linux', (one) => runs('linux')(one) && !runs('edk2')(one)),
    ...group('Linux and EDK2', (one) => runs('linux')(one) && runs('edk2')(one)),
    ...group('EDK2', (one) => runs('edk2')(one) && !runs('linux')(one)),
  ];
  const chosen = await vscode.window.showQuickPick(items, {
    title: 'Platform of hovers, code lenses and simulations',
    placeHolder: 'Where the code is thought to run',
    matchOnDetail: true,
  });
  return chosen?.platform;
}
