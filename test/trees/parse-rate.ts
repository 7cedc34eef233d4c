/**
 * Measures how many functions of real trees parse without an error node, among files that mention a DMA API, and prints
 * the most common causes of the others.
 *
 *     node test/run.mjs test/trees/parse-rate.ts DIR...
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Dialect, detectDialect, LineIndex, maskSource, sliceTopLevel } from '../../server/src/source/index.ts';
import { createParser, type Parser, type SyntaxNode } from '../../server/src/syntax/index.ts';

const DMA: Readonly<Record<Dialect, RegExp>> = {
  edk2: /->(Map|Unmap|AllocateBuffer|FreeBuffer|SetAttribute|AllocateSharedPages|MapSharedBuffer)\s*\(|DmaMap|DmaAllocateBuffer|IoMmu/,
  linux:
    /\b(dma_(map|unmap|alloc|free|sync|pool|set_mask|mapping)|dmam_|pci_(alloc_consistent|map_)|scsi_dma_map|ib_dma_|usb_alloc_coherent|page_pool_|swiotlb_|iommu_(un)?map|set_memory_(en|de)crypted|skb_frag_dma_map)/,
};

const EXAMPLES = 3;
const CAUSES = 40;

interface Cause {
  count: number;
  readonly examples: string[];
}

interface Tally {
  files: number;
  functions: number;
  broken: number;
  maskedBytes: number;
  parsedBytes: number;
  maskMs: number;
  sliceMs: number;
  parseMs: number;
  readonly causes: Map<string, Cause>;
}

function* sourceFiles(directory: string): Generator<string> {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* sourceFiles(path);
    else if (entry.isFile() && /\.[ch]$/.test(entry.name)) yield path;
  }
}

function firstError(root: SyntaxNode): SyntaxNode {
  let node = root;
  for (;;) {
    const child: SyntaxNode | undefined = node.kind === 'ERROR' ? undefined : node.children.find((c) => c.hasError);
    if (child === undefined) return node;
    node = child;
  }
}

/** The line of the error with names and numbers taken out, so that equal shapes fall together. */
function shapeOf(line: string): string {
  return line
    .replaceAll(/"(?:\\.|[^"\\])*"/g, 'S')
    .replaceAll(/\b(?!if|else|for|while|return|struct|const|case|int|void|char|unsigned)[A-Za-z_]\w*/g, 'n')
    .replaceAll(/\b\d\w*/g, '0')
    .replaceAll(/\s+/g, '')
    .slice(0, 60);
}

function note(tally: Tally, root: SyntaxNode, masked: string, text: string, file: string): void {
  const error = firstError(root);
  const lines = new LineIndex(text);
  const { line } = lines.position(error.start);
  const start = lines.offset({ line, column: 1 });
  const end = lines.offset({ line: line + 1, column: 1 });
  const shape = `${error.kind === 'ERROR' ? 'ERROR' : `MISSING ${error.kind}`} ${shapeOf(masked.slice(start, end))}`;
  const cause = tally.causes.get(shape) ?? { count: 0, examples: [] };
  cause.count++;
  if (cause.examples.length < EXAMPLES) cause.examples.push(`${file}:${line}: ${text.slice(start, end).trim()}`);
  tally.causes.set(shape, cause);
}

function measure(tally: Tally, parser: Parser, file: string, text: string, dialect: Dialect): void {
  const started = performance.now();
  const masked = maskSource(text, dialect);
  const maskedAt = performance.now();
  const items = sliceTopLevel(text, masked);
  const slicedAt = performance.now();
  tally.files++;
  tally.maskedBytes += text.length;
  for (const item of items) {
    if (item.kind !== 'function') continue;
    const root = parser.parse(masked.slice(item.start, item.end), item.start);
    tally.functions++;
    tally.parsedBytes += item.end - item.start;
    if (!root.hasError) continue;
    tally.broken++;
    note(tally, root, masked, text, file);
  }
  tally.maskMs += maskedAt - started;
  tally.sliceMs += slicedAt - maskedAt;
  tally.parseMs += performance.now() - slicedAt;
}

function report(directory: string, dialect: Dialect, tally: Tally): void {
  const share = ((100 * tally.broken) / Math.max(1, tally.functions)).toFixed(2);
  const rate = (bytes: number, ms: number): string => `${(bytes / 1e6).toFixed(1)} MB in ${(ms / 1000).toFixed(1)} s`;
  console.log(
    `${directory} (${dialect}): ${tally.files} files, ${tally.functions} functions, ${tally.broken} with errors (${share} %)`,
  );
  console.log(
    `  masked ${rate(tally.maskedBytes, tally.maskMs)}, sliced in ${(tally.sliceMs / 1000).toFixed(1)} s, parsed ${rate(tally.parsedBytes, tally.parseMs)}`,
  );
  const causes = [...tally.causes].sort(([, a], [, b]) => b.count - a.count).slice(0, CAUSES);
  for (const [shape, cause] of causes) {
    console.log(`  ${cause.count} × ${shape}`);
    for (const example of cause.examples) console.log(`      ${example}`);
  }
}

const parser = await createParser();
for (const directory of process.argv.slice(2)) {
  const tallies = new Map<Dialect, Tally>();
  for (const path of sourceFiles(directory)) {
    const text = readFileSync(path, 'utf8');
    const dialect = detectDialect(path, text);
    if (!DMA[dialect].test(text)) continue;
    let tally = tallies.get(dialect);
    if (tally === undefined) {
      tally = {
        files: 0,
        functions: 0,
        broken: 0,
        maskedBytes: 0,
        parsedBytes: 0,
        maskMs: 0,
        sliceMs: 0,
        parseMs: 0,
        causes: new Map(),
      };
      tallies.set(dialect, tally);
    }
    measure(tally, parser, relative(directory, path), text, dialect);
    // Native trees are freed from the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const [dialect, tally] of tallies) report(directory, dialect, tally);
}
