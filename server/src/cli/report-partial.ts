import { readFile } from 'node:fs/promises';
import type { AuditResult, RuleChoice, Scope, Shard } from '../audit/index.ts';
import { EXIT, Failure, reasonOf } from './failure.ts';
import { jsonText } from './terminal.ts';
import { NAME, VERSION } from './version.ts';

/** Everything that one machine of several found, for `dma-audit merge`. */
export interface Partial {
  readonly partial: typeof FORMAT;
  readonly tool: { readonly name: string; readonly version: string };
  readonly shard: Shard;
  /** Which rules were asked for on the command line. */
  readonly choice: 'default' | 'all' | readonly string[];
  /** What all shards together check. */
  readonly scope: Scope;
  readonly result: AuditResult;
}

const FORMAT = 1;

export function partialReport(
  result: AuditResult,
  { shard, choice, scope }: { readonly shard: Shard | null; readonly choice: RuleChoice; readonly scope: Scope },
): string {
  const partial: Partial = {
    partial: FORMAT,
    tool: { name: NAME, version: VERSION },
    shard: shard ?? { index: 1, count: 1 },
    choice: typeof choice === 'string' ? choice : [...choice].sort(),
    scope,
    result,
  };
  return jsonText(partial, 0);
}

/** Reads what shards have written. Throws a Failure unless there is each of them, once, from one version. */
export async function readPartials(files: readonly string[]): Promise<readonly Partial[]> {
  const partials = await Promise.all(files.map(readPartial));
  const [first] = partials;
  if (!first) throw new Failure(EXIT.usage, 'which partial results?');
  const { count } = first.shard;
  const indices = new Set(partials.map(({ shard }) => shard.index));
  const [file] = files.filter((_, i) => partials[i]?.shard.count !== count);
  if (file !== undefined) throw new Failure(EXIT.fatal, `${file}: this is not one of ${count} shards`);
  if (new Set(partials.map(({ choice, scope }) => JSON.stringify([choice, scope]))).size > 1)
    throw new Failure(EXIT.fatal, 'the shards were checked with different rules or paths');
  const missing = Array.from({ length: count }, (_, i) => i + 1).filter((i) => !indices.has(i));
  if (missing.length > 0) throw new Failure(EXIT.fatal, `missing: shard ${missing.join(', ')} of ${count}`);
  if (partials.length > count) throw new Failure(EXIT.fatal, `there are ${partials.length} results of ${count} shards`);
  return partials;
}

async function readPartial(file: string): Promise<Partial> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Failure(EXIT.fatal, `${file}: ${reasonOf(error)}`);
  });
  try {
    const value: Partial = JSON.parse(text);
    if (value.partial === FORMAT && value.tool.version === VERSION && isWhole(value)) return value;
    if (value.partial === FORMAT && value.tool.version !== VERSION)
      throw new Failure(EXIT.fatal, `${file}: written by version ${value.tool.version}`);
  } catch (error) {
    if (error instanceof Failure) throw error;
  }
  throw new Failure(EXIT.fatal, `${file}: no result of --output partial`);
}

/** Written by this version, it is as the types say, unless it was cut or edited. */
function isWhole({ shard, choice, scope, result }: Partial): boolean {
  const lists = [result.checked, result.incomplete, result.skippedFiles, result.diagnostics, result.suppressions];
  return (
    Number.isInteger(shard.index) &&
    Number.isInteger(shard.count) &&
    (typeof choice === 'string' || Array.isArray(choice)) &&
    typeof scope === 'string' &&
    typeof result.functions.analysed === 'number' &&
    lists.every(Array.isArray)
  );
}
