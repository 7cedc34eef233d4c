import * as vscode from 'vscode';
import { SimulateRequest, type SimulateResult } from '../../server/src/lsp/protocol.ts';
import { createPanel, type SimulationPanel } from '../panel/panel.ts';
import type { Connection } from './connection.ts';

/** Which simulation the panel shows. */
interface Shown {
  readonly uri: string;
  readonly function: string;
  readonly result: SimulateResult;
}

interface View {
  readonly window: vscode.WebviewPanel;
  readonly panel: SimulationPanel;
}

/** The simulation panel: one, beside the source, which follows what is simulated, edited and selected. */
export class Simulations {
  readonly #assets: vscode.Uri;
  readonly #connection: Connection;
  readonly #listening: readonly vscode.Disposable[];
  #view: View | null = null;
  #shown: Shown | null = null;

  constructor(extension: vscode.Uri, connection: Connection) {
    this.#assets = vscode.Uri.joinPath(extension, 'client', 'dist', 'server');
    this.#connection = connection;
    this.#listening = [
      vscode.window.onDidChangeTextEditorSelection(({ textEditor, kind }) => {
        // Not where a command has put the cursor: a click in the panel would answer itself.
        if (kind !== vscode.TextEditorSelectionChangeKind.Command && kind !== undefined) this.#reveal(textEditor);
      }),
      connection.onStatus(({ uri, pending }) => {
        if (pending === 0 && uri === this.#shown?.uri) void this.#follow(this.#shown);
      }),
    ];
  }

  /** A function of a document, or the one at the cursor. */
  async simulate(givenUri: unknown, givenName: unknown): Promise<void> {
    const place = placeOf(givenUri, givenName);
    if (place === null) {
      void vscode.window.showInformationMessage('DMA Audit: put the cursor into a C function first.');
      return;
    }
    const client = await this.#connection.client();
    const result = await client.sendRequest(SimulateRequest, place);
    if (result === null) {
      void vscode.window.showInformationMessage('DMA Audit: this function does nothing with DMA memory.');
      return;
    }
    this.#show({ uri: place.uri, function: result.simulation.function, result });
    if (this.#view?.window.visible === false) this.#view.window.reveal(undefined, true);
  }

  dispose(): void {
    for (const one of this.#listening) one.dispose();
    this.#view?.window.dispose();
  }

  #show(shown: Shown): void {
    this.#shown = shown;
    const { window, panel } = (this.#view ??= this.#create());
    window.title = `DMA: ${shown.function}`;
    panel.show(shown.result.simulation);
  }

  /** Simulates anew after an edit, while the function is there. */
  async #follow({ uri, function: name }: Shown): Promise<void> {
    const client = await this.#connection.client();
    const result = await client.sendRequest(SimulateRequest, { uri, function: name });
    const isStillShown = this.#shown?.uri === uri && this.#shown.function === name;
    if (result !== null && isStillShown && this.#view !== null) this.#show({ uri, function: name, result });
  }

  #create(): View {
    const window = vscode.window.createWebviewPanel(
      'dma-audit.simulation',
      'DMA',
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
      { enableScripts: true, localResourceRoots: [this.#assets] },
    );
    const asset = (name: string): string =>
      window.webview.asWebviewUri(vscode.Uri.joinPath(this.#assets, name)).toString();
    const panel = createPanel(
      window.webview,
      { script: asset('panel.js'), style: asset('panel-style.css') },
      (file, line, column) => void this.#open(file, line, column),
    );
    window.onDidDispose(() => {
      panel.dispose();
      this.#view = null;
      this.#shown = null;
    });
    return { window, panel };
  }

  async #open(file: string, line: number, column: number): Promise<void> {
    const uri = this.#shown?.result.files[file];
    if (uri === undefined) return;
    const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(uri));
    const visible = vscode.window.visibleTextEditors.find((editor) => editor.document === document);
    const place = new vscode.Position(line - 1, column - 1);
    await vscode.window.showTextDocument(document, {
      viewColumn: visible?.viewColumn ?? vscode.ViewColumn.One,
      selection: new vscode.Range(place, place),
    });
  }

  #reveal({ document, selection }: vscode.TextEditor): void {
    if (this.#shown === null || this.#view?.window.visible !== true) return;
    const uri = document.uri.toString();
    const [file] = Object.entries(this.#shown.result.files).find(([, one]) => one === uri) ?? [];
    if (file !== undefined) this.#view.panel.reveal(file, selection.active.line + 1);
  }
}

type Place = { readonly uri: string } & (
  | { readonly function: string }
  | { readonly position: { readonly line: number; readonly character: number } }
);

/** The function that was named, or the place of the cursor. */
export function placeOf(uri: unknown, name: unknown): Place | null {
  if (typeof uri === 'string' && typeof name === 'string') return { uri, function: name };
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) return null;
  const { line, character } = editor.selection.active;
  return { uri: editor.document.uri.toString(), position: { line, character } };
}
