/** What the extension host runs: `run`. */
import { writeFileSync } from 'node:fs';
import { format } from 'node:util';
import { defineTests } from './extension.tests.ts';

/** The report goes to a file: the host's console is mixed with the workbench's own. */
export async function run(): Promise<void> {
  // Imported, because what require () makes of an ES module depends on the editor's Node.
  const { default: Mocha } = await import('mocha');
  const lines: string[] = [];
  Object.assign(Mocha.reporters.Base, { consoleLog: (...words: unknown[]) => lines.push(format(...words)) });
  const mocha = new Mocha({ ui: 'bdd', timeout: 60_000, reporter: 'spec', color: false });
  mocha.suite.emit('pre-require', globalThis, 'inline', mocha);
  defineTests((words) => lines.push(`  ${words}`));
  return new Promise((resolve, reject) => {
    mocha.run((failures) => {
      if (process.env.E2E_REPORT) writeFileSync(process.env.E2E_REPORT, `${lines.join('\n')}\n`);
      if (failures > 0) reject(new Error(`${failures} tests failed`));
      else resolve();
    });
  });
}
