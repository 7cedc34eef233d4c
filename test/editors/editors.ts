import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** The block of a language in docs/editors.md that follows some words. */
export function documented(words: string, language: string): string {
  const page = readFileSync(join(root, 'docs/editors.md'), 'utf8');
  const at = page.indexOf(words);
  const block = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page.slice(at))?.[1];
  if (at < 0 || block === undefined) throw new Error(`docs/editors.md has no ${language} behind '${words}'`);
  return block;
}

/** First line of what `command --version` says; null when it is not installed. */
export function versionOf(command: string): string | null {
  const { status, stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  return status === 0 ? (stdout.split('\n')[0] ?? '') : null;
}

/** A folder with a faulty driver, and `dma-audit` of this checkout on the path of `environment`. */
export function workspace(): {
  readonly folder: string;
  readonly source: string;
  readonly environment: NodeJS.ProcessEnv;
} {
  const folder = mkdtempSync(join(tmpdir(), 'editors-'));
  const source = join(folder, 'nic.c');
  writeFileSync(source, readFileSync(join(root, 'examples/linux/mailbox_nic.c'), 'utf8'));
  const command = join(folder, 'dma-audit');
  const quoted = [process.execPath, join(root, 'server/bin/dma-audit.js')].map((word) => `'${word}'`).join(' ');
  writeFileSync(command, `#!/bin/sh\nexec ${quoted} "$@"\n`);
  chmodSync(command, 0o755);
  const environment = {
    ...process.env,
    PATH: `${folder}${delimiter}${process.env.PATH ?? ''}`,
    HOME: folder,
    XDG_CONFIG_HOME: folder,
    XDG_DATA_HOME: folder,
    XDG_STATE_HOME: folder,
    XDG_CACHE_HOME: folder,
  };
  return { folder, source, environment };
}

/** Milliseconds in which an editor has to be done; it is ended then. */
const PATIENCE = 60_000;

export function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8', timeout: PATIENCE });
  return { status, output: `${stdout}${stderr}` };
}
