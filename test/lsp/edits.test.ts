import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Diagnostic } from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { audit, DEFAULT_CHECK, settle, severities } from '../../server/src/audit/index.ts';
import { Client } from './client.ts';
import { nicText, sendOf } from './sources.ts';

let client: Client;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lsp-'));
  client = await new Client().start();
});
afterAll(async () => {
  await client.stop();
  rmSync(folder, { recursive: true });
});

/** What people type, paste and delete, and what no compiler would take. */
const PIECES = [
  '\n',
  '}',
  '{',
  '/*',
  '*/',
  '"',
  '#if 0\n',
  '#endif\n',
  '\r\n',
  ' ä🚀 ',
  'return 0;\n',
  'if (dma_mapping_error(nic->dev, addr))\n\t\treturn -ENOMEM;\n',
  'dma_unmap_single(nic->dev, addr, size, DMA_TO_DEVICE);\n',
  'dma_unmap_single(nic->dev, addr, size, DMA_FROM_DEVICE);\n',
  sendOf('pasted'),
  sendOf('nic_send'),
  '// dma-audit: ignore[unchecked-mapping] -- because\n',
];

/** An edit of some text, wherever that ends: `from` and `length` are taken modulo. */
const edit = fc.record({
  from: fc.nat(10_000),
  length: fc.oneof(fc.constant(0), fc.nat(4), fc.nat(200)),
  text: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...PIECES) }, { weight: 1, arbitrary: fc.constant('') }),
  /** Takes it back at once: people type and undo. */
  undone: fc.boolean(),
});

const RUNS = 25;
const EDITS = 40;

const brief = (diagnostics: readonly Diagnostic[]): readonly string[] =>
  diagnostics.map(({ code, range, message }) => JSON.stringify([code, range, message])).sort();

/** What the checker finds, without any editor. */
async function headless(name: string, text: string): Promise<readonly string[]> {
  writeFileSync(join(folder, name), text);
  const audited = await audit({
    ...{ root: folder, files: [join(folder, name)], options: DEFAULT_CHECK, dialect: null, models: [] },
    ...{ jobs: 1, worker: null, shard: null, cache: null },
  });
  const policy = { severityOf: severities({}, 'default'), baseline: null, scope: 'root' } as const;
  const { diagnostics } = settle(audited, policy);
  return diagnostics.map(({ rule, line, column }) => `${rule} ${line - 1}:${column - 1}`).sort();
}

it('after any edits the diagnostics are those of a fresh analysis of the text', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: EDITS, maxLength: EDITS }), async (edits) => {
      const name = `run-${run++}.c`;
      const uri = `untitled:${name}`;
      let document = TextDocument.create(uri, 'c', 1, nicText);
      await client.open(uri, nicText);
      for (const { from, length, text, undone } of edits) {
        const start = from % (document.getText().length + 1);
        const end = Math.min(start + length, document.getText().length);
        const changes = [{ range: { start: document.positionAt(start), end: document.positionAt(end) }, text }];
        const before = document.getText();
        document = TextDocument.update(document, changes, document.version + 1);
        await client.change(uri, changes);
        if (!undone) continue;
        document = TextDocument.update(document, [{ text: before }], document.version + 1);
        await client.change(uri, [{ text: before }]);
      }
      const edited = await client.settled(uri);
      const fresh = `untitled:fresh-${name}`;
      await client.open(fresh, document.getText());
      expect(brief(edited)).toEqual(brief(await client.settled(fresh)));
      await client.close(fresh);
      await client.close(uri);
      const found = edited.filter(({ code }) => code !== 'suppression');
      const places = found.map(({ code, range: { start } }) => `${code} ${start.line}:${start.character}`);
      expect(places.sort()).toEqual(await headless(name, document.getText()));
      rmSync(join(folder, name));
    }),
    { numRuns: RUNS, seed: 1, endOnFailure: true },
  );
});
