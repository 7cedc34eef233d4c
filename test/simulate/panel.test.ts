import { expect, test, vi } from 'vitest';
import { createPanel, type PanelWebview } from '../../client/panel/panel.ts';
import type { Simulation } from '../../server/src/audit/index.ts';

const simulation: Simulation = {
  function: 'send',
  file: 'a.c',
  line: 1,
  dialect: 'linux',
  degraded: [],
  platforms: [],
  overview: [],
  paths: [],
  sources: [],
  figures: [],
};

function panel() {
  const listeners: ((message: unknown) => void)[] = [];
  const sent: unknown[] = [];
  const webview: PanelWebview = {
    html: '',
    cspSource: 'https://webview',
    postMessage: (message) => {
      sent.push(message);
      return Promise.resolve(true);
    },
    onDidReceiveMessage: (listen) => {
      listeners.push(listen);
      return { dispose: () => listeners.splice(0) };
    },
  };
  const open = vi.fn();
  const made = createPanel(webview, { script: 'https://webview/panel.js?a="b"', style: 's.css' }, open);
  return {
    webview,
    sent,
    open,
    made,
    receive: (message: unknown) =>
      listeners.forEach((listen) => {
        listen(message);
      }),
  };
}

test('the page may run its own script only', () => {
  const { webview } = panel();
  expect(webview.html).toContain("default-src 'none'; script-src https://webview; style-src https://webview;");
  expect(webview.html).not.toContain('unsafe');
  expect(webview.html).toContain('src="https://webview/panel.js?a=&#34;b&#34;"');
});

test('the simulation is sent when the page listens, and again when it was made anew', () => {
  const { made, sent, receive } = panel();
  receive({ type: 'ready' });
  expect(sent).toEqual([]);
  made.show(simulation);
  receive({ type: 'ready' });
  expect(sent).toEqual([
    { type: 'simulation', simulation },
    { type: 'simulation', simulation },
  ]);
  made.reveal('a.c', 7);
  expect(sent.at(-1)).toEqual({ type: 'reveal', file: 'a.c', line: 7 });
});

test('only a place opens', () => {
  const { open, receive } = panel();
  for (const message of [null, 'open', { type: 'open' }, { type: 'open', file: 1, line: 1, column: 1 }])
    receive(message);
  receive({ type: 'open', file: 'a.c', line: 0, column: 1 });
  expect(open).not.toHaveBeenCalled();
  receive({ type: 'open', file: 'a.c', line: 3, column: 2 });
  expect(open).toHaveBeenCalledExactlyOnceWith('a.c', 3, 2);
});
