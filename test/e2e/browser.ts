/** A browser on the workbench, and what people do in it. */
import { type Browser, chromium, type FrameLocator, type Locator, type Page } from 'playwright-core';

const ARGUMENTS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  // Every name but the loopback fails at once: nothing waits for a network that is not there.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];

/** `CHROMIUM` is its executable. */
export const startBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGUMENTS });

/** A window of its own, when its status bar is drawn. */
export async function openWindow(browser: Browser, url: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, deviceScaleFactor: 1 });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  await page.goto(url, { waitUntil: 'commit' });
  await page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: 60_000 });
  return page;
}

const quickInput = (page: Page): Locator => page.locator('.quick-input-widget .quick-input-box input');

/** A row of what the quick pick offers. */
export const pick = (page: Page, text: string | RegExp): Locator =>
  page.locator('.quick-input-widget .monaco-list-row').filter({ hasText: text }).first();

/** Opens the quick input by a key, writes into it and takes a row; again when something else has closed it meanwhile. */
async function ask(page: Page, key: string, text: string, take: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await page.keyboard.press(key);
      await quickInput(page).waitFor({ state: 'visible', timeout: 2_000 });
      await quickInput(page).fill(text, { timeout: 2_000 });
      return await take();
    } catch (error) {
      if (attempt === 5) throw error;
      await page.keyboard.press('Escape');
    }
  }
}

/** By its title, from the command palette. */
export const runCommand = (page: Page, title: string): Promise<void> =>
  ask(page, 'F1', `>${title}`, () => pick(page, title).click({ timeout: 3_000 }));

/** By its path in the workspace. */
export async function openFile(page: Page, path: string): Promise<void> {
  const name = path.slice(path.lastIndexOf('/') + 1);
  await ask(page, 'Control+P', path, () => pick(page, name).click({ timeout: 3_000 }));
  await page.locator('.editor-group-container.active .tab.active', { hasText: name }).waitFor();
}

/** From 1. */
export async function goToLine(page: Page, line: number, column = 1): Promise<void> {
  await ask(page, 'Control+G', `:${line},${column}`, () => page.keyboard.press('Enter'));
  await quickInput(page).waitFor({ state: 'hidden' });
}

/** The document inside a webview: an iframe in an iframe. */
export const webview = (page: Page): FrameLocator =>
  page.frameLocator('iframe.webview.ready').frameLocator('#active-frame');

/**
 * Opens the quick fix menu at the cursor and takes a fix; gives how many attempts that took. Any change of the editor closes the
 * menu, and at first it swallows the mouse: so by keyboard, and again when it did not come up or went away.
 */
export async function quickFix(
  page: Page,
  line: number,
  title: string | RegExp,
  seen: () => Promise<void>,
): Promise<number> {
  const row = page.locator('.action-widget .monaco-list-row', { hasText: title }).first();
  for (let attempt = 1; ; attempt++) {
    try {
      await goToLine(page, line);
      await page.keyboard.press('F8');
      await page.keyboard.press('Escape');
      await page.keyboard.press('Control+.');
      await row.waitFor({ timeout: 5_000 });
      await seen();
      for (let i = 0; i < 20 && !(await isFocused(row)); i++) await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await row.waitFor({ state: 'detached', timeout: 3_000 });
      return attempt;
    } catch (error) {
      if (attempt === 5) throw error;
      await page.keyboard.press('Escape');
    }
  }
}

const isFocused = async (row: Locator): Promise<boolean> =>
  (await row.getAttribute('class'))?.split(' ').includes('focused') ?? false;
