/**
 * By hand: what the built-in models miss on real source trees. Prints, for the files that hold a DMA call, the calls that look
 * like DMA and have no entry, the most frequent calls without an entry, and entries whose arguments are not as many as
 * callers pass.
 *
 *   node test/run.mjs test/models/coverage.ts linux|edk2 DIRECTORY…
 */
import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, stdout } from 'node:process';
import { builtinModels } from '../../server/src/models/builtin.ts';
import { createModels } from '../../server/src/models/registry.ts';
import type { Dialect } from '../../server/src/models/schema.ts';

const LOOKS_LIKE_DMA =
  /dma|scatter|sgl?_|_sgl?(?:_|$)|iommu|swiotlb|coherent|iova|page_pool|(?:un)?map_(?:single|page|sg|urb)|crypted|virt_to_|Map(?:ped)?$|Unmap|IoMmu|SharedBuffer|BusMaster/i;
const KEYWORDS = new Set(
  'if while for switch return sizeof do else defined case typeof __typeof__ IN OUT OPTIONAL EFIAPI'.split(' '),
);
const TOP = 80;

const [dialectName, ...roots] = argv.slice(2);
const dialect: Dialect = dialectName === 'edk2' ? 'edk2' : 'linux';
const models = createModels(builtinModels);
const trigger = models.triggerPattern(dialect);

const unknown = new Map<string, { calls: number; files: number }>();
const counts = new Map<string, Map<number, number>>();
const strangeMembers = new Map<string, { calls: number; files: number }>();
const memberNames = new Set(models.entries.filter(({ call }) => call === 'member').map(({ name }) => name));
let files = 0;
let calls = 0;
let known = 0;

for (const root of roots) for (const path of sources(root)) read(path);

stdout.write(`${files} files with DMA calls, ${calls} calls of functions from elsewhere, ${known} of them known\n`);
const byFiles = (list: typeof unknown) => [...list].toSorted(([, a], [, b]) => b.files - a.files || b.calls - a.calls);
const ranked = byFiles(unknown);
table(
  'look like DMA and have no entry',
  ranked.filter(([name]) => LOOKS_LIKE_DMA.test(name)),
);
table(
  'most frequent without an entry',
  ranked.filter(([name]) => !LOOKS_LIKE_DMA.test(name)),
);
table('members known with another number of arguments', byFiles(strangeMembers));
arityTable();

function* sources(directory: string): Generator<string> {
  for (const entry of readdirSync(directory, { withFileTypes: true }) as readonly Dirent[]) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else if (entry.isFile() && entry.name.endsWith('.c')) yield path;
  }
}

function read(path: string): void {
  const source = readFileSync(path, 'utf8');
  if (!trigger.test(source)) return;
  files++;
  const text = source.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, ' 0 ');
  const own = new Set(
    [...text.matchAll(/^(?:#\s*define\s+|[A-Za-z_][^\n;=(){}]*[\s*])?([A-Za-z_]\w*)\s*\(/gm)].map(([, name]) => name),
  );
  const seen = new Set<string>();
  for (const match of text.matchAll(/(->|\.)?\s*\b([A-Za-z_]\w*(?:\.(?:Read|Write))?)\s*\(/g)) {
    const [whole, arrow, name = ''] = match;
    const count = argumentCount(text, match.index + whole.length);
    if (arrow !== undefined) {
      if (memberNames.has(name) && models.member(name, count, dialect) === undefined)
        note(strangeMembers, `${name}/${count}`, seen);
      continue;
    }
    if (KEYWORDS.has(name) || own.has(name)) continue;
    calls++;
    if (models.function(name, dialect) === undefined && models.iterator(name, dialect) === undefined) {
      note(unknown, name, seen);
      continue;
    }
    known++;
    tally(name, count);
  }
}

function note(list: Map<string, { calls: number; files: number }>, name: string, seen: Set<string>): void {
  const entry = list.get(name) ?? { calls: 0, files: 0 };
  list.set(name, { calls: entry.calls + 1, files: entry.files + (seen.has(name) ? 0 : 1) });
  seen.add(name);
}

function tally(name: string, count: number): void {
  const found = counts.get(name) ?? new Map<number, number>();
  found.set(count, (found.get(count) ?? 0) + 1);
  counts.set(name, found);
}

/** Counts from just behind the opening parenthesis. */
function argumentCount(text: string, start: number): number {
  let depth = 0;
  let commas = 0;
  let empty = true;
  for (let at = start; at < text.length; at++) {
    const letter = text.charAt(at);
    if (letter === ')' && depth === 0) return empty ? 0 : commas + 1;
    if ('([{'.includes(letter)) depth++;
    else if (')]}'.includes(letter)) depth--;
    else if (letter === ',' && depth === 0) commas++;
    if (letter.trim() !== '') empty = false;
  }
  return -1;
}

function table(title: string, rows: readonly (readonly [string, { calls: number; files: number }])[]): void {
  stdout.write(`\n${title}: ${rows.length} names, ${rows.reduce((sum, [, { calls: n }]) => sum + n, 0)} calls\n`);
  for (const [name, found] of rows.slice(0, TOP))
    stdout.write(`  ${found.files} files, ${found.calls} calls: ${name}\n`);
}

/** A call may pass fewer arguments than an entry lists (older versions), and more where the tail is variadic. */
function arityTable(): void {
  stdout.write('\nentries that most callers call with another number of arguments\n');
  for (const [name, found] of [...counts].toSorted(([a], [b]) => a.localeCompare(b))) {
    const model = models.function(name, dialect);
    if (model === undefined || model.args.length === 0) continue;
    const [usual = 0, times = 0] = [...found].toSorted(([, a], [, b]) => b - a)[0] ?? [];
    if (usual !== model.args.length)
      stdout.write(`  ${name}: ${model.args.length} roles, ${usual} arguments in ${times} calls\n`);
  }
}
