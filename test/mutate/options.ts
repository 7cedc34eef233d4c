import { parseArgs } from 'node:util';
import { OPERATORS, type Operator } from './mutant.ts';

export interface Options {
  readonly directories: readonly string[];
  readonly limit: number;
  readonly seed: string;
  readonly operators: readonly Operator[];
  /** File that the survivors are written to; null = none. */
  readonly survivors: string | null;
}

export const USAGE = `usage: npm run mutate [-- [options] [DIR...]]
  Puts faults into functions that hold both ends of a mapping, and counts those that are found.
  Without DIR: the fixtures of the rules.
  --limit N          mutants that are judged, drawn at random (default 4000)
  --seed TEXT        of the draw (default "1")
  --operator NAME    one operator only; may be given several times
                     ${OPERATORS.join(', ')}
  --survivors FILE   where those are listed that were not found by default, with the rules
                     that find them otherwise`;

export function parseOptions(args: readonly string[]): Options | { readonly error: string } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        limit: { type: 'string', default: '4000' },
        seed: { type: 'string', default: '1' },
        operator: { type: 'string', multiple: true, default: [] },
        survivors: { type: 'string' },
      },
    });
    const operators = OPERATORS.filter((one) => !values.operator.length || values.operator.includes(one));
    const unknown = values.operator.find((name) => !OPERATORS.some((one) => one === name));
    if (unknown !== undefined) return { error: `unknown operator ${unknown}` };
    const limit = Number(values.limit);
    if (!Number.isSafeInteger(limit) || limit < 1) return { error: `--limit ${values.limit} is no positive number` };
    return { directories: positionals, limit, seed: values.seed, operators, survivors: values.survivors ?? null };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
