/**
 * `npm run corpus -- [--update] DIR...`: checks real trees and prints what has changed since the snapshot that is stored
 * under the name of the directory. Exit 0: nothing; 1: something; 2: there is no snapshot, or the checker failed.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { check, type Found } from './check.ts';
import { compare, type Entry, parse, render } from './snapshot.ts';

const args = process.argv.slice(2);
const isUpdate = args.includes('--update');
const directories = args.filter((arg) => arg !== '--update');
if (!directories.length || directories.some((arg) => arg.startsWith('-'))) {
  console.error('usage: npm run corpus -- [--update] DIR...');
  process.exit(2);
}
for (const directory of directories) {
  const tree = basename(resolve(directory));
  const path = join('test', 'corpus', `${tree}.json`);
  try {
    const found = check(resolve(directory));
    const before = existsSync(path) ? parse(readFileSync(path, 'utf8')).entries : null;
    if (before) print(tree, before, found);
    else console.log(`${tree}: ${found.length} findings, no snapshot${isUpdate ? ' yet' : ''}`);
    if (isUpdate) writeFileSync(path, render({ tree, entries: found }));
    else if (!before) process.exitCode = 2;
  } catch (error) {
    console.error(`corpus: ${tree}: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 2;
  }
}

function print(tree: string, before: readonly Entry[], found: readonly Found[]): void {
  const { added, removed } = compare(before, found);
  const doubt = (entry: Entry): string => (entry.doubt === null ? '' : ` (${entry.doubt})`);
  for (const one of removed) console.log(`- ${one.file} ${one.function}: ${one.rule}${doubt(one)}`);
  for (const one of added)
    console.log(`+ ${one.file}:${one.line} ${one.function}: ${one.rule}${doubt(one)}: ${one.message}`);
  console.log(`${tree}: ${found.length} findings, ${added.length} added, ${removed.length} removed`);
  if (added.length + removed.length > 0 && !isUpdate) process.exitCode ||= 1;
}
