import { readFileSync } from 'node:fs';
import process from 'node:process';

interface Finding {
  readonly rule: string;
  readonly file: string;
  readonly function: string;
  readonly message: string;
  readonly fingerprint: string;
}

/**
 * Of the findings that two versions of a tree share, how many keep their fingerprint? A finding counts as the same when rule,
 * file, function and message are, whatever its line: this is known without fingerprints.
 * Usage: node test/run.mjs test/ci/carry.ts OLD.json NEW.json, with two reports of `dma-audit check --format json`.
 */
export function carried(old: readonly Finding[], now: readonly Finding[]) {
  const same = ({ rule, file, function: name, message }: Finding): string =>
    JSON.stringify([rule, file, name, message]);
  const exact = (one: Finding): string => JSON.stringify([one.file, one.fingerprint]);
  const left = new Map<string, number>();
  for (const one of old) left.set(same(one), (left.get(same(one)) ?? 0) + 1);
  const shared = now.filter((one) => {
    const n = left.get(same(one)) ?? 0;
    left.set(same(one), n - 1);
    return n > 0;
  });
  const known = new Set(old.map(exact));
  return { shared: shared.length, lost: shared.filter((one) => !known.has(exact(one))) };
}

const findingsIn = (file: string | undefined): readonly Finding[] =>
  JSON.parse(readFileSync(file ?? '', 'utf8')).diagnostics;

if (process.argv.length === 4) {
  const { shared, lost } = carried(findingsIn(process.argv[2]), findingsIn(process.argv[3]));
  const share = shared === 0 ? 100 : (100 * (shared - lost.length)) / shared;
  console.log(
    `${shared - lost.length} of ${shared} findings that are still there keep their key: ${share.toFixed(1)} %`,
  );
  for (const one of lost) console.log(`  lost: ${one.file} ${one.function} ${one.rule}`);
}
