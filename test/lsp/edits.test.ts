import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Diagnostic, Position } from 'vscode-languageserver/node';
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

/** No position of the protocol lies between the two characters of a line break. */
const outsideOfBreak = (text: string, at: number): number => (text[at - 1] === '\r' && text[at] === '\n' ? at + 1 : at);

function positionIn(text: string, at: number): Position {
  const lines = text.slice(0, at).split(/\r\n|\r|\n/);
  return { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 };
}

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
      let text = nicText;
      await client.open(uri, text);
      for (const one of edits) {
        const start = outsideOfBreak(text, one.from % (text.length + 1));
        const end = outsideOfBreak(text, Math.min(start + one.length, text.length));
        const before = text;
        text = text.slice(0, start) + one.text + text.slice(end);
        const range = { start: positionIn(before, start), end: positionIn(before, end) };
        await client.change(uri, [{ range, text: one.text }]);
        if (!one.undone) continue;
        text = before;
        await client.change(uri, [{ text }]);
      }
      const edited = await client.settled(uri);
      const fresh = `untitled:fresh-${name}`;
      await client.open(fresh, text);
      expect(brief(edited)).toEqual(brief(await client.settled(fresh)));
      await client.close(fresh);
      await client.close(uri);
      const found = edited.filter(({ code }) => code !== 'suppression');
      const places = found.map(({ code, range: { start } }) => `${code} ${start.line}:${start.character}`);
      expect(places.sort()).toEqual(await headless(name, text));
      rmSync(join(folder, name));
    }),
    { numRuns: RUNS, seed: 1, endOnFailure: true },
  );
});
