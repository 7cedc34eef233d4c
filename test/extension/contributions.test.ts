import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readSettings } from '../../server/src/lsp/settings.ts';
import { callsGrammar } from './calls-grammar.ts';
import { dmaseqGrammar } from './dmaseq-grammar.ts';
import { settings, withContributions } from './manifest.ts';
import { settingsDocument } from './settings-document.ts';

const root = (path: string): URL => new URL(`../../${path}`, import.meta.url);
const read = (path: string): string => readFileSync(root(path), 'utf8');
const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

// Out of date? npx vitest run test/extension -u
it('settings and debugger of package.json follow rules and platforms', async () => {
  await expect(json(withContributions(JSON.parse(read('package.json'))))).toMatchFileSnapshot(
    root('package.json').pathname,
  );
});

it('docs/settings.md tells the settings', async () => {
  await expect(settingsDocument()).toMatchFileSnapshot(root('docs/settings.md').pathname);
});

it('the grammars follow the models and the words of .dmaseq', async () => {
  await expect(json(dmaseqGrammar())).toMatchFileSnapshot(root('syntaxes/dmaseq.tmLanguage.json').pathname);
  await expect(json(callsGrammar())).toMatchFileSnapshot(root('syntaxes/dma-calls.tmLanguage.json').pathname);
});

it('the server takes every default', () => {
  const given: Record<string, unknown> = {};
  for (const [name, about] of Object.entries(settings()))
    given[name.slice('dmaAudit.'.length)] = (about as { readonly default: unknown }).default;
  expect(readSettings(given).faults).toEqual([]);
});

it('every command has a title, and every title a command', () => {
  const { contributes } = JSON.parse(read('package.json'));
  const titled = contributes.commands.map(({ command }: { command: string }) => command);
  const sources = ['client/src/extension.ts', 'client/src/debugging.ts', 'server/src/lsp/protocol.ts']
    .map(read)
    .join('');
  const registered = new Set([...sources.matchAll(/'(dma-audit\.[a-zA-Z]+)'/g)].map(([, id]) => id));
  expect([...registered].sort()).toEqual([...titled].sort());
});
