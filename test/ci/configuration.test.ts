import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLEAN, FAULTY, Workspace } from './workspace.ts';

let work: Workspace;
beforeEach(() => {
  work = new Workspace();
});
afterEach(() => work.remove());

const configure = (config: object): void => work.put({ 'dma-audit.json': JSON.stringify(config) });

describe('dma-audit.json', () => {
  it('gives severities, per path too, and decides what fails', () => {
    work.put({ 'a.c': FAULTY, 'legacy/b.c': FAULTY, 'vendor/c.c': FAULTY });
    configure({
      failOn: 'error',
      rules: { 'direction-mismatch': 'warning' },
      overrides: [{ files: ['legacy/**'], rules: { 'direction-mismatch': 'off' } }],
      exclude: ['vendor/**'],
    });
    const { status, stdout } = work.dmaAudit('check');
    expect(status).toBe(0);
    expect(stdout.match(/^\w+\[.*/gm)).toEqual(['warning[direction-mismatch] a.c:10:2 in send']);
    expect(work.dmaAudit('check', '--fail-on', 'warning').status).toBe(1);
    expect(work.dmaAudit('check', '--no-config').stdout.match(/^error\[/gm)).toHaveLength(3);
  });

  it('switches on what is in the nursery, as --rule does', () => {
    const onStack = CLEAN.replace(
      '\tdma_addr_t addr = dma_map_single(dev, buf,',
      '\tchar command[64];\n\tdma_addr_t addr = dma_map_single(dev, command,',
    );
    const commented = onStack.replace(
      '\tdma_addr_t',
      '\t// dma-audit: ignore[unmappable-memory] -- the stack is mapped one to one\n\tdma_addr_t',
    );
    work.put({ 'a.c': onStack, 'b/b.c': onStack, 'b/c.c': commented });
    const found = (...args: readonly string[]) => {
      const { status, stdout } = work.dmaAudit('check', ...args);
      return { status, found: stdout.match(/^(\w+\[.*|notice.*)/gm) ?? [] };
    };
    expect(found()).toEqual({ status: 0, found: [] });
    configure({ overrides: [{ files: ['b/*'], rules: { 'unmappable-memory': 'warning' } }] });
    expect(found()).toEqual({ status: 1, found: ['warning[unmappable-memory] b/b.c:6:20 in send'] });
    configure({ rules: { 'unmappable-memory': 'error' } });
    const both = ['error[unmappable-memory] a.c:6:20 in send', 'error[unmappable-memory] b/b.c:6:20 in send'];
    expect(found()).toEqual({ status: 1, found: both });
    expect(found('--no-config', '--rule', 'unmappable-memory')).toEqual({ status: 1, found: both });
    // What the baseline knows is not gone because fewer rules are asked today.
    work.dmaAudit('check', '--baseline', 'known.json', '--update-baseline');
    expect(work.dmaAudit('check', '--no-config', '--baseline', 'known.json').stderr).not.toContain('gone');
  });

  it('extends others inside its folder, and never what lies outside', () => {
    work.put({
      'p/a.c': FAULTY,
      'outside.json': '{}',
      'p/ci/base.json': '{ "rules": { "direction-mismatch": "off" } }',
    });
    symlinkSync('../../outside.json', join(work.folder, 'p/ci/link.json'));
    const check = (...names: readonly string[]) => {
      work.put({ 'p/dma-audit.json': JSON.stringify({ extends: names }) });
      return work.dmaAudit('check', '--root', 'p', 'p');
    };
    expect(check('ci/base.json').status).toBe(0);
    for (const name of ['../outside.json', join(work.folder, 'outside.json'), 'ci/link.json'])
      expect(check(name)).toMatchObject({ status: 3, stderr: expect.stringContaining('lies outside of p') });
    expect(check('dma-audit.json')).toMatchObject({ status: 3, stderr: expect.stringContaining('leads back here') });
    expect(check('ci/none.json')).toMatchObject({ status: 3, stderr: expect.stringContaining('no such file') });
  });

  it('is refused with the place of each fault', () => {
    work.put({ 'a.c': CLEAN, 'dma-audit.json': '{\n  "rulez": {},\n  "failOn": "errors"\n}\n' });
    expect(work.dmaAudit('check')).toMatchObject({
      status: 3,
      stderr:
        'dma-audit: dma-audit.json:2:3: unknown property "rulez"; did you mean "rules"?\n' +
        'dma-audit.json:3:13: "errors" is not one of "error", "warning", "never"\n',
    });
  });

  it('brings API models of its own', () => {
    const wrapper = FAULTY.replace(
      'dma_unmap_single(dev, addr, len, DMA_FROM_DEVICE)',
      'my_unmap(dev, addr, len, DMA_FROM_DEVICE)',
    );
    work.put({ 'a.c': wrapper, 'models/own.json': '{ "functions": [{ "name": 1 }] }' });
    configure({ models: ['models/own.json'] });
    expect(work.dmaAudit('check')).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/models\/own\.json:1:\d+: /),
    });
  });
});

it('platforms of the other dialect only are wrong usage', () => {
  work.put({ 'a.c': CLEAN });
  expect(work.dmaAudit('check', '--platforms', 'root-bridge-4g')).toMatchObject({
    status: 4,
    stderr: expect.stringContaining('is for the dialect of these files'),
  });
});

it('explain shows the page of a rule', () => {
  expect(work.dmaAudit('explain', 'mapping-leak')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('Why is this bad?'),
  });
  expect(work.dmaAudit('explain', 'mapping-leek')).toMatchObject({ status: 4 });
});
