/** The packed extension in the real workbench: node test/e2e/run.mjs browser */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { goToLine, openFile, openWindow, pick, quickFix, runCommand, startBrowser, webview } from './browser.ts';
import { startWorkbench, type Workbench } from './workbench.ts';

const root = process.cwd();
const SHOTS = process.env.E2E_SHOTS ?? join(root, 'test/e2e/shots');
const NIC = 'linux/mailbox_nic.c';
mkdirSync(SHOTS, { recursive: true });

let workbench: Workbench;
let browser: Browser;
let page: Page;

async function shot(name: string): Promise<void> {
  // No tooltip, unless that is what is shown.
  if (!name.includes('hover')) await page.mouse.move(700, 2);
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}
const squiggles = (): Locator => page.locator('.squiggly-error, .squiggly-warning');
const problems = (text: string | RegExp): Locator =>
  page.locator('.markers-panel .monaco-list-row').filter({ hasText: text });

const toast = (text: RegExp): Locator => page.locator('.notification-toast').filter({ hasText: text });
const lens = (text: RegExp): Locator => page.locator('.codelens-decoration a').filter({ hasText: text, visible: true });
const closeTab = (): Promise<void> => runCommand(page, 'View: Close Editor');
const focusEditor = (): Promise<void> => runCommand(page, 'View: Focus Active Editor Group');

const showProblems = (): Promise<void> => runCommand(page, 'Problems: Focus on Problems View');
const hideProblems = (): Promise<void> => runCommand(page, 'View: Hide Panel');

/** Until it holds. */
async function eventually(what: string, test: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await test()) return;
    await page.waitForTimeout(50);
  }
  assert.fail(`never: ${what}`);
}

describe('in the workbench', { timeout: 300_000 }, () => {
  before(async () => {
    workbench = await startWorkbench({
      extensions: [resolve(root, 'client/dist/dma-audit.vsix')],
      folder: resolve(root, 'examples'),
    });
    browser = await startBrowser();
    const file = workbench.remote(join(workbench.folder, NIC));
    page = await openWindow(browser, workbench.url([['openFile', file]]));
  });
  after(async () => {
    if (page) await shot('zz-last');
    await browser?.close();
    await workbench?.stop();
  });

  let failures = 0;
  afterEach(async (test) => {
    if (!('passed' in test) || !test.passed) await shot(`zz-failed-${++failures}`);
  });

  it('underlines faults', async () => {
    await goToLine(page, 44);
    await squiggles().first().waitFor({ timeout: 60_000 });
    await shot('01-squiggle');
  });

  it('lists them in the Problems view, whose rule opens its page', async () => {
    await showProblems();
    await problems('dma_map_single can fail').waitFor();
    assert.match(await problems('dma_map_single can fail').innerText(), /dma-audit\s+unchecked-mapping/);
    await shot('02-problems');
    await problems('dma_map_single can fail').locator('a', { hasText: 'unchecked-mapping' }).click();
    await page.locator('.tab.active', { hasText: 'Preview unchecked-mapping.md' }).waitFor();
    await webview(page).locator('h1', { hasText: 'unchecked-mapping' }).waitFor();
    await shot('03-rule');
    await closeTab();
    await hideProblems();
  });

  it('says what a call does on the chosen platform', async () => {
    await goToLine(page, 121, 12);
    await runCommand(page, 'Show or Focus Hover');
    const hover = page.locator('.monaco-hover:not(.hidden)', { hasText: /tdx/i });
    await hover.waitFor();
    await shot('04-hover');
    await page.keyboard.press('Escape');
  });

  it('shows what a function costs above it', async () => {
    await lens(/1 map · 1 finding · tdx: .*Simulate/)
      .first()
      .waitFor();
    await lens(/1 finding · tdx: .*Simulate/)
      .first()
      .click();
    await page.locator('.tab', { hasText: /DMA: nic_\w+/ }).waitFor();
  });

  it('simulates a function in a panel', async () => {
    await goToLine(page, 117);
    await runCommand(page, 'DMA Audit: Simulate Function');
    await page.locator('.tab', { hasText: 'DMA: nic_receive_wrong' }).waitFor();
    const panel = webview(page);
    await panel.locator('h1', { hasText: 'nic_receive_wrong' }).waitFor();
    await panel.locator('svg.chart').waitFor();
    await shot('05-panel-light');
  });

  it('steps through it', async () => {
    const panel = webview(page);
    const now = panel.locator('.state h2');
    assert.match(await now.innerText(), /^Step 1:/);
    await panel.getByRole('button', { name: 'Step forward' }).click();
    await eventually('the second step', async () => /^Step 2:/.test(await now.innerText()));
    await page.keyboard.press('End');
    await eventually('the last step', async () => !/^Step [12]:/.test(await now.innerText()));
    await shot('05-panel-fault');
    await page.keyboard.press('ArrowLeft');
  });

  it('goes from a step to its line, and from a line to its step', async () => {
    const panel = webview(page);
    await panel.getByRole('button', { name: 'mailbox_nic.c:126' }).first().click();
    await page
      .locator('.editor-status-position, #status\\.editor\\.selection', { hasText: 'Ln 126' })
      .first()
      .waitFor();
    await page.locator('.view-line', { hasText: 'writel(lower_32_bits(addr), nic->regs + 0x40)' }).last().click();
    await eventually('the step of the write', async () => /give/.test(await panel.locator('tr.chosen').innerText()));
    await shot('06-panel-line');
  });

  it('shows the same on another platform', async () => {
    const panel = webview(page);
    await panel.getByLabel('Platform').selectOption({ index: 1 });
    await panel.locator('.differs').first().waitFor();
    await shot('07-panel-platform');
  });

  it('is readable in dark and in high contrast', async () => {
    for (const [name, theme] of [
      ['dark', 'Default Dark Modern'],
      ['contrast', 'Default High Contrast'],
    ] as const) {
      workbench.set({ 'workbench.colorTheme': theme });
      await page.locator(name === 'dark' ? '.monaco-workbench.vs-dark' : '.monaco-workbench.hc-black').waitFor();
      await webview(page).locator('h1').scrollIntoViewIfNeeded();
      await page.waitForTimeout(500);
      await shot(`08-panel-${name}`);
    }
    workbench.set({});
    await page.locator('.monaco-workbench.vs').waitFor();
    await page.locator('.tab', { hasText: 'DMA: ' }).click();
    await closeTab();
  });

  it('tells platform and analysis in the language status', async () => {
    await focusEditor();
    await page.locator('#status\\.languageStatus').click();
    await page.locator('.hover-language-status', { hasText: '6 functions analysed' }).waitFor();
    await page.locator('.hover-language-status', { hasText: 'tdx' }).waitFor();
    await shot('09-status');
    await page.keyboard.press('Escape');
  });

  it('switches the platform', async () => {
    await runCommand(page, 'DMA Audit: Choose Platform');
    await pick(page, 'automatic').waitFor();
    await shot('10-platforms');
    await page.keyboard.type('vtd-strict');
    await pick(page, 'vtd-strict').click();
    await lens(/vtd-strict.*invalidation/)
      .first()
      .waitFor();
  });

  it('reports the cost of a file', async () => {
    await runCommand(page, 'DMA Audit: Show Cost Report');
    await webview(page).locator('table', { hasText: 'nic_receive_wrong' }).first().waitFor();
    await shot('20-cost');
    await closeTab();
  });

  it('applies a changed setting', async () => {
    workbench.set({ 'dmaAudit.rules': { 'unchecked-mapping': 'off' } });
    await showProblems();
    await problems('unchecked-mapping').waitFor({ state: 'detached' });
    await problems('mapping-leak').first().waitFor();
    workbench.set({});
    await problems('unchecked-mapping').first().waitFor();
    await hideProblems();
  });

  it('audits the whole workspace', async () => {
    await runCommand(page, 'DMA Audit: Audit Workspace');
    await toast(/DMA Audit: 6 findings in 12 functions of 2 files/).waitFor();
    await shot('11-audit');
    await toast(/6 findings/)
      .locator('.monaco-button', { hasText: 'Show Problems' })
      .click();
    await problems('BlockDma.c').first().waitFor();
    await shot('12-audit-problems');
    await hideProblems();
  });

  it('tells how far an audit has come, and can be cancelled', async () => {
    const copies = join(workbench.folder, 'copies');
    for (let i = 0; i < 300; i++) cpSync(join(workbench.folder, 'linux'), join(copies, `${i}`), { recursive: true });
    await runCommand(page, 'DMA Audit: Audit Workspace');
    const running = toast(/DMA Audit.*\d+ of \d+|DMA Audit.*files/);
    await running.waitFor();
    await page.waitForTimeout(700);
    await shot('13-audit-progress');
    await running.hover();
    await running.locator('.monaco-button', { hasText: 'Cancel' }).click();
    await running.waitFor({ state: 'detached' });
    rmSync(copies, { recursive: true });
    assert.equal(await toast(/\d+ findings in/).count(), 0);
  });

  it('mends a fault by a quick fix', async () => {
    await openFile(page, NIC);
    await quickFix(page, 126, 'DMA_FROM_DEVICE', () => shot('17-quickfix'));
    await squiggles().first().waitFor({ state: 'detached' });
    assert.equal(await page.locator('.view-line', { hasText: 'RX_BYTES, DMA_TO_DEVICE' }).count(), 0);
    await shot('18-fixed');
    await runCommand(page, 'File: Revert File');
    await squiggles().first().waitFor();
  });

  it('is quiet about what is suppressed with a reason', async () => {
    await openFile(page, NIC);
    await goToLine(page, 126);
    await quickFix(page, 126, 'Ignore direction-mismatch here', async () => undefined);
    await page.keyboard.type('the device never writes');
    await squiggles().first().waitFor({ state: 'detached' });
    await runCommand(page, 'File: Revert File');
    await squiggles().first().waitFor();
  });

  it('steps through a sequence in the debugger, stops at breakpoints and faults', async () => {
    await goToLine(page, 117);
    await runCommand(page, 'DMA Audit: Debug DMA Sequence of Function');
    await page.locator('.debug-toolbar').waitFor({ timeout: 30_000 });
    await runCommand(page, 'View: Show Run and Debug');
    const stack = page.locator('.debug-call-stack .monaco-list-row', { hasText: 'nic_receive_wrong' });
    await stack.first().waitFor({ timeout: 30_000 });
    const variable = (text: RegExp): Locator =>
      page.locator('.debug-variables .monaco-list-row').filter({ hasText: text }).first();
    // Opened by itself or not: that differs between versions.
    await variable(/^Memory/).waitFor();
    if ((await variable(/^Memory/).getAttribute('aria-expanded')) === 'false') await variable(/^Memory/).click();
    await variable(/buf.*cpu/).waitFor();
    await page.keyboard.press('F11');
    await variable(/buf.*device/).waitFor();
    await shot('15-debugger');
    await page.locator('.debug-toolbar a[aria-label^="Step Back"]').click();
    await variable(/buf.*cpu/).waitFor();
    await goToLine(page, 124);
    await page.keyboard.press('F9');
    await page.keyboard.press('F5');
    await stack.filter({ hasText: '124:' }).first().waitFor();
    await page.keyboard.press('F5');
    await stack.filter({ hasText: '126:' }).first().waitFor();
    await page.locator('.exception-widget', { hasText: 'direction-mismatch' }).waitFor();
    await page.locator('.repl', { hasText: 'direction-mismatch' }).waitFor();
    await shot('15-debugger-fault');
    await page.keyboard.press('Shift+F5');
    await page.locator('.debug-toolbar').waitFor({ state: 'hidden' });
  });

  it('begins with a walkthrough', async () => {
    await runCommand(page, 'DMA Audit: Open Walkthrough');
    await page
      .locator('.getting-started-category, .gettingStartedContainer', { hasText: 'Open a driver' })
      .first()
      .waitFor();
    await page.waitForTimeout(1_000);
    await shot('16-walkthrough');
    await closeTab();
  });

  it('colours .dmaseq and DMA calls in C', async () => {
    await openFile(page, 'nvme-queue.dmaseq');
    const look = (text: RegExp): Promise<string | null> =>
      page.locator('.view-line span span', { hasText: text }).first().getAttribute('class');
    const looks = await Promise.all([/^program$/, /^allocate$/, /^64K$/, /^#\s+The/].map(look));
    assert.equal(new Set(looks).size, 4, looks.join(' '));
    await shot('19-dmaseq');
    await closeTab();
    await goToLine(page, 30);
    assert.match((await look(/^dma_mapping_error$/)) ?? '', /mtkb/, 'DMA calls are bold');
    assert.doesNotMatch((await look(/^lower_32_bits$/)) ?? '', /mtkb/);
  });

  it('checks dma-audit.json against its schema', async () => {
    writeFileSync(join(workbench.folder, 'dma-audit.json'), '{\n  // Comments are fine.\n  "dialect": "fortran"\n}\n');
    await openFile(page, 'dma-audit.json');
    await squiggles().first().waitFor();
    await shot('14-configuration');
    await closeTab();
    rmSync(join(workbench.folder, 'dma-audit.json'));
  });
});
