import type { Simulation } from '../../server/src/audit/index.ts';

/** What the panel needs of a `vscode.Webview`: a real one is one of these. */
export interface PanelWebview {
  html: string;
  readonly cspSource: string;
  postMessage(message: unknown): PromiseLike<boolean>;
  onDidReceiveMessage(listen: (message: unknown) => void): { dispose(): void };
}

/** URIs that the webview may load (`asWebviewUri`), of dist/panel.js and dist/panel-style.css. */
export interface PanelAssets {
  readonly script: string;
  readonly style: string;
}

export interface SimulationPanel {
  show(simulation: Simulation): void;
  /** Goes to the step at a place in the source; lines count from 1. */
  reveal(file: string, line: number): void;
  dispose(): void;
}

/** Where the user wants to go: the file as the simulation names it; line and column from 1. */
export type OpenPlace = (file: string, line: number, column: number) => void;

/** Puts the page of a simulation into a webview, with `enableScripts` and no other right. */
export function createPanel(webview: PanelWebview, assets: PanelAssets, open: OpenPlace): SimulationPanel {
  let simulation: Simulation | null = null;
  const send = (): void => {
    if (simulation !== null) void webview.postMessage({ type: 'simulation', simulation });
  };
  const listening = webview.onDidReceiveMessage((message) => {
    // The page tells when it listens, also after it was hidden and made anew.
    if (isMessage(message, 'ready')) send();
    if (!isMessage(message, 'open')) return;
    const { file, line, column } = message;
    if (typeof file === 'string' && isCount(line) && isCount(column)) open(file, line, column);
  });
  webview.html = panelHtml(webview.cspSource, assets);
  return {
    show: (shown) => {
      simulation = shown;
      send();
    },
    reveal: (file, line) => void webview.postMessage({ type: 'reveal', file, line }),
    dispose: () => listening.dispose(),
  };
}

function panelHtml(source: string, { script, style }: PanelAssets): string {
  const policy = `default-src 'none'; script-src ${source}; style-src ${source}; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${attribute(policy)}">
<link rel="stylesheet" href="${attribute(style)}">
<title>DMA simulation</title>
</head>
<body><script type="module" src="${attribute(script)}"></script></body>
</html>
`;
}

const attribute = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

function isMessage(value: unknown, type: string): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === type;
}

const isCount = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 1;
