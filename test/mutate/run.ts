/** `npm run mutate [-- DIR...]`: puts faults into correct functions and counts those that are found. See docs/testing.md. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { builtinModels, createModels } from '../../server/src/models/index.ts';
import { createParser } from '../../server/src/syntax/index.ts';
import { type Found, search } from './find.ts';
import { Judge, type Verdict } from './judge.ts';
import { parseOptions, USAGE } from './options.ts';
import { survivors, tables } from './table.ts';

const FIXTURES = join('server', 'src', 'rules', 'fixtures');

const options = parseOptions(process.argv.slice(2));
if ('error' in options) {
  console.error(`mutate: ${options.error}\n${USAGE}`);
  process.exit(2);
}
const tools = { models: createModels(builtinModels), parser: await createParser() };
const roots = (options.directories.length ? options.directories : [FIXTURES]).map((path) => resolve(path));
const found = await search(roots, options.operators, tools, (files) => progress(`${files} files read`));
const drawn = draw(found.mutants, options.limit, options.seed);
const verdicts: Verdict[] = [];
for (const [directory, mutants] of byDirectory(drawn)) {
  const judge = await Judge.of(directory, mutants, tools);
  for (const mutant of mutants) {
    verdicts.push(await judge.judge(mutant));
    progress(`${verdicts.length} of ${drawn.length} mutants judged`);
  }
}
progress('');
for (const line of tables(found, verdicts)) console.log(line);
if (options.survivors !== null) writeFileSync(options.survivors, `${survivors(verdicts).join('\n')}\n`);
if (!drawn.length) {
  console.error('mutate: no function there holds both ends of a mapping');
  process.exitCode = 2;
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

/** By chance, but the same for the same seed, whatever else is there; in the order in which they were found. */
function draw(mutants: readonly Found[], limit: number, seed: string): readonly Found[] {
  const ranked = mutants.map((mutant, place) => {
    const { file, function: name, operator, edit } = mutant;
    const key = createHash('sha256')
      .update(JSON.stringify([seed, file, name, operator, edit]))
      .digest('hex');
    return { mutant, place, key };
  });
  const chosen = ranked.sort((a, b) => (a.key < b.key ? -1 : 1)).slice(0, limit);
  return chosen.sort((a, b) => a.place - b.place).map(({ mutant }) => mutant);
}

function byDirectory(mutants: readonly Found[]): ReadonlyMap<string, readonly Found[]> {
  const groups = new Map<string, Found[]>();
  for (const mutant of mutants) {
    const directory = join(mutant.root, dirname(mutant.file));
    const group = groups.get(directory);
    if (group) group.push(mutant);
    else groups.set(directory, [mutant]);
  }
  return groups;
}
