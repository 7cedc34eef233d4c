import { createHash } from 'node:crypto';

/** Identity of a finding that survives moved lines and reformatting: rule, function, and the texts at fault without white space. */
export function fingerprint(rule: string, functionName: string, texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of [rule, functionName, ...texts.map((t) => t.replace(/\s+/g, ''))]) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 24);
}
