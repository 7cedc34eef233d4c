import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Simulation } from '../audit/index.ts';
import { pageOf } from './simulate-html.ts';

const EVIL = '</script><script>alert(1)</script><img src=x onerror=alert(2)>\u2028&"\'';
const simulation: Simulation = {
  function: EVIL,
  file: EVIL,
  line: 1,
  dialect: 'linux',
  degraded: [],
  platforms: [],
  overview: [],
  paths: [],
  figures: [],
  sources: [{ file: EVIL, function: EVIL, line: 1, text: EVIL }],
};

test('source text stays data: it ends no element and starts none', () => {
  const page = pageOf(simulation, 'run()', 'p {}');
  expect(page).not.toContain('<img');
  expect(page.match(/<script/g)).toHaveLength(2);
  expect(page.match(/<\/script/g)).toHaveLength(2);
  const data = /id="simulation">(.*?)<\/script>/s.exec(page)?.[1] ?? '';
  expect(data).not.toMatch(/[<>&\u2028]/);
  expect(JSON.parse(data)).toEqual(simulation);
});

test('the policy allows the own script and style, and nothing else', () => {
  const page = pageOf(simulation, 'run()', 'p {}');
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1];
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  expect(policy?.split('; ')).toEqual([
    "default-src 'none'",
    `script-src ${hash('run()')}`,
    `style-src ${hash('p {}')}`,
    "base-uri 'none'",
    "form-action 'none'",
  ]);
  expect(page).not.toMatch(/https?:|unsafe-inline/);
});
