import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Entry } from './snapshot.ts';

export interface Found extends Entry {
  readonly line: number;
  readonly message: string;
}

/** Everything that the checker of this checkout finds below a directory, what is doubtful too. Throws where it fails. */
export function check(directory: string): readonly Found[] {
  const folder = mkdtempSync(join(tmpdir(), 'dma-audit-corpus-'));
  const report = join(folder, 'report.json');
  try {
    const options = ['--no-config', '--all', '--fail-on', 'never', '--quiet', '--root', directory];
    const { status, error } = spawnSync(
      process.execPath,
      [join('server', 'bin', 'dma-audit.js'), 'check', ...options, '--output', `json=${report}`, directory],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    if (error) throw error;
    if (status !== 0) throw new Error(`the checker ended with status ${status}`);
    const { diagnostics }: { readonly diagnostics: readonly (Found & { readonly doubt?: string | null })[] } =
      JSON.parse(readFileSync(report, 'utf8'));
    return diagnostics.map(({ rule, file, function: name, fingerprint, doubt, line, message }) => {
      return { rule, file, function: name, fingerprint, doubt: doubt ?? null, line, message };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
