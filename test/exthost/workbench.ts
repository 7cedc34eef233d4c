/** Runs `--extensionTestsPath` in the extension host of the workbench, in a browser; ends with the status of the tests. */
import { startBrowser } from '../e2e/browser.ts';
import { startWorkbench } from '../e2e/workbench.ts';

const TIMEOUT = 180_000;

const option = (name: string): string => {
  const [, value] = process.argv.map((one) => one.split(`--${name}=`)).find((parts) => parts.length === 2) ?? [];
  if (value === undefined) throw new Error(`--${name} is missing`);
  return value;
};
const folder = process.argv.slice(2).find((one) => !one.startsWith('-'));
if (folder === undefined) throw new Error('no folder to open');

// The extension host inherits the server's environment.
const workbench = await startWorkbench({ folder, automation: true });
const browser = await startBrowser();
try {
  const page = await (await browser.newContext()).newPage();
  const ended = new Promise<number>((resolve) => {
    const timer = setTimeout(() => resolve(124), TIMEOUT);
    // The workbench calls these two when it runs tests.
    void page.exposeFunction('codeAutomationLog', () => undefined);
    void page.exposeFunction('codeAutomationExit', (code: number) => {
      clearTimeout(timer);
      resolve(code);
    });
  });
  const payload = [
    ['extensionDevelopmentPath', workbench.remote(option('extensionDevelopmentPath'))],
    ['extensionTestsPath', workbench.remote(option('extensionTestsPath'))],
    ['skipWelcome', 'true'],
  ] as const;
  await page.goto(workbench.url(payload), { waitUntil: 'commit' });
  process.exitCode = await ended;
} finally {
  await browser.close();
  await workbench.stop();
}
