import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const biome = join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');

type Case = readonly [folder: string, code: string];

/** Which of these files are against the arrows of docs/architecture.md, as biome.json states them? */
function forbidden(cases: readonly Case[]): ReadonlySet<number> {
  const folder = mkdtempSync(join(tmpdir(), 'arrows-'));
  try {
    const config = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'));
    writeFileSync(join(folder, 'biome.json'), JSON.stringify({ ...config, vcs: { enabled: false } }));
    cases.forEach(([room, code], i) => {
      const path = join(folder, room, `case-${i}.ts`);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${code}\n`);
    });
    const rules = ['--only=style/noRestrictedImports', '--only=correctness/noProcessGlobal'];
    const args = [biome, 'lint', ...rules, '--reporter=github', '--max-diagnostics=none', '.'];
    const lint = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    expect(lint.error).toBeUndefined();
    return new Set([...lint.stdout.matchAll(/case-(\d+)\.ts/g)].map(([, i]) => Number(i)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const AGAINST: readonly Case[] = [
  ['server/src/source', "import { createParser } from '../syntax/index.ts';\ncreateParser();"],
  ['server/src/syntax', "import type { Unit } from '../audit/index.ts';\nexport type X = Unit;"],
  ['server/src/flow', "import { createModels } from '../models/index.ts';\ncreateModels([]);"],
  ['server/src/models', "import { sequences } from '../sequence/index.ts';\nsequences();"],
  ['server/src/sequence', "import { run } from '@dma-audit/simulator';\nrun();"],
  ['server/src/sequence', "import { RULES } from '../rules/registry.ts';\nRULES.length;"],
  ['server/src/rules', "import { createParser } from '../syntax/index.ts';\ncreateParser();"],
  ['server/src/rules', "import { proposedFixes } from '../fixes/index.ts';\nproposedFixes();"],
  ['server/src/fixes', "import { mend } from '../audit/index.ts';\nmend();"],
  ['server/src/fixes', "import { CodeAction } from 'vscode-languageserver';\nCodeAction.create();"],
  ['server/src/audit', "import { walk } from '../cli/walk.ts';\nwalk();"],
  ['server/src/audit', 'process.exit();'],
  ['server/src/sequence', "import { readFileSync } from 'node:fs';\nreadFileSync('x');"],
  ['server/src/lsp', "import { readFile } from 'node:fs/promises';\nreadFile('x');"],
  ['server/src/cli', "import { start } from '../lsp/index.ts';\nstart();"],
  ['server/src/cli', "import { Diagnostic } from 'vscode-languageserver';\nDiagnostic.create();"],
  ['simulator/src/program', "import { run } from '../machine/index.ts';\nrun();"],
  ['simulator/src/memory', "import { Swiotlb } from '../bounce/swiotlb/index.ts';\nSwiotlb();"],
  ['simulator/src/machine', "import { readFileSync } from 'node:fs';\nreadFileSync('x');"],
];

const ALONG: readonly Case[] = [
  ['server/src/flow', "import type { SyntaxNode } from '../syntax/index.ts';\nexport type X = SyntaxNode;"],
  ['server/src/sequence', "import type { Operation } from '@dma-audit/simulator';\nexport type X = Operation;"],
  ['server/src/fixes', "import { sequences } from '../sequence/index.ts';\nsequences();"],
  ['server/src/audit', "import { run } from '@dma-audit/simulator';\nrun();"],
  ['server/src/cli', "import process from 'node:process';\nprocess.exitCode = 1;"],
  ['simulator/src/bounce', "import { PAGE } from '../memory/page.ts';\nPAGE;"],
];

describe('data flows from left to right', () => {
  const found = forbidden([...AGAINST, ...ALONG]);

  it.each(AGAINST.map((one, i) => [...one, i] as const))('not in %s: %s', (_, __, i) => {
    expect(found).toContain(i);
  });

  it.each(ALONG.map((one, i) => [...one, i] as const))('as in %s: %s', (_, __, i) => {
    expect(found).not.toContain(AGAINST.length + i);
  });
});
