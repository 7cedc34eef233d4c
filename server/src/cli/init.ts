import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Config, nameIn, readSource, replaceFile } from '../audit/index.ts';
import { builtinModels, createModels, type Dialect } from '../models/index.ts';
import { detectDialect } from '../source/index.ts';
import { CONFIG_NAME } from './config-files.ts';
import { EXIT, Failure, reasonOf } from './failure.ts';
import { writeOutput } from './output.ts';
import { tell } from './terminal.ts';
import { walk } from './walk.ts';

/** Folders that usually hold what somebody else maintains. */
const FOREIGN = /^(third[-_]?party|vendor|external|submodules?|contrib)$/i;

/** Writes dma-audit.json after a look at the tree. Throws a Failure when there is one already, unless `force`. */
export async function init(directory: string, force: boolean): Promise<void> {
  const root = resolve(directory);
  const files = await walk(root, []);
  const names = files.map((file) => nameIn(root, file));
  const found = await dialectsOf(files);
  const [only] = found.size === 1 ? found.keys() : [];
  const config: Config = {
    ...(only === undefined ? {} : { dialect: only }),
    failOn: 'warning',
    rules: {},
    exclude: foreignFolders(names).map((folder) => `${folder}/**`),
  };
  const path = join(root, CONFIG_NAME);
  try {
    const text = `${JSON.stringify(config, null, 2)}\n`;
    await (force ? replaceFile(path, text) : writeFile(path, text, { flag: 'wx' }));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
      throw new Failure(EXIT.fatal, `${path} is there already; --force overwrites it`);
    throw new Failure(EXIT.fatal, `${path}: ${reasonOf(error)}`);
  }
  const summaryOf = [...found].map(([dialect, n]) => `${n} that use ${dialect === 'linux' ? 'Linux' : 'EDK2'} DMA`);
  tell(`${names.length} C sources, ${summaryOf.join(', ') || 'none that uses DMA'}\n`);
  await writeOutput(null, `${path}\n`);
}

/** Files that name a DMA API, by dialect. */
async function dialectsOf(files: readonly string[]): Promise<ReadonlyMap<Dialect, number>> {
  const models = createModels(builtinModels);
  const triggers = { linux: models.triggerPattern('linux'), edk2: models.triggerPattern('edk2') };
  const counts = new Map<Dialect, number>();
  for (const file of files) {
    const source = await readSource(file);
    if (!source.ok) continue;
    const dialect = detectDialect(file, source.text);
    if (triggers[dialect].test(source.text)) counts.set(dialect, (counts.get(dialect) ?? 0) + 1);
  }
  return counts;
}

/** The topmost folders with such a name. */
function foreignFolders(names: readonly string[]): readonly string[] {
  const folders = names.flatMap((name) => {
    const parts = name.split('/');
    const at = parts.slice(0, -1).findIndex((part) => FOREIGN.test(part));
    return at < 0 ? [] : [parts.slice(0, at + 1).join('/')];
  });
  return [...new Set(folders)].sort();
}
