import { setImmediate } from 'node:timers/promises';
import type { Tools } from '../../server/src/audit/directory.ts';
import { readSource } from '../../server/src/audit/files.ts';
import { nameIn, Unit, walk } from '../../server/src/audit/index.ts';
import { type Dialect, detectDialect } from '../../server/src/source/index.ts';
import { FunctionText } from './function-text.ts';
import type { Equivalent, Mutant, Operator } from './mutant.ts';
import { mutantsOf } from './operators.ts';

/** A mutant and the directory, absolute, relative to which its file is named. */
export interface Found extends Mutant {
  readonly root: string;
}

export interface Search {
  readonly mutants: readonly Found[];
  readonly equivalent: readonly Equivalent[];
  readonly files: number;
  /** Functions that hold both ends of a mapping. */
  readonly functions: number;
}

/** Makes the mutants of all functions below some directories. */
export async function search(
  roots: readonly string[],
  operators: readonly Operator[],
  { models, parser }: Tools,
  progress: (files: number) => void,
): Promise<Search> {
  const mutants: Found[] = [];
  const equivalent: Equivalent[] = [];
  let files = 0;
  let functions = 0;
  const sieves = new Map<Dialect, readonly RegExp[]>();
  for (const dialect of ['linux', 'edk2'] as const)
    sieves.set(dialect, [models.triggerPattern(dialect, ['map']), models.triggerPattern(dialect, ['unmap'])]);
  for (const root of roots)
    for (const path of await walk(root, [])) {
      const source = await readSource(path);
      progress(++files);
      if (!source.ok) continue;
      const name = nameIn(root, path);
      const dialect = detectDialect(path, source.text);
      const sieve = sieves.get(dialect) ?? [];
      if (!sieve.every((pattern) => pattern.test(source.text))) continue;
      const unit = new Unit(name, source.text, models, dialect);
      for (const one of unit.functions.values()) {
        if (!sieve.every((pattern) => pattern.test(one.content.masked))) continue;
        const made = mutantsOf(new FunctionText(unit, one, models, parser), operators);
        if (made.mutants.length) functions++;
        for (const mutant of made.mutants) mutants.push({ ...mutant, root });
        equivalent.push(...made.equivalent);
      }
      // Native trees are freed from the event loop.
      await setImmediate();
    }
  return { mutants, equivalent, files, functions };
}
