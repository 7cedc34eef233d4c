import { createHash } from 'node:crypto';

/**
 * Identity of a finding that survives moved lines, reformatting and renamed locals: rule, function, and the texts at fault
 * with their local names replaced by order of appearance. Findings of one file that have the same one are told apart by
 * `withPlaces`.
 */
export function fingerprint(rule: string, functionName: string, texts: readonly string[]): string {
  const names = new Map<string, string>();
  const hash = createHash('sha256');
  for (const part of [rule, functionName, ...texts.map((text) => normalise(text, names))])
    hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 24);
}

const TOKENS = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[A-Za-z_]\w*|\d[\w.]*|->|\S/g;

/** Names that cannot be local stay: what is called, fields, constants in capitals. */
function normalise(text: string, names: Map<string, string>): string {
  const tokens = (text.match(TOKENS) ?? []).filter((token) => !/^\/[/*]/.test(token));
  const parts = tokens.map((token, i) => {
    if (!/^[A-Za-z_]/.test(token) || !/[a-z]/.test(token)) return token;
    if (tokens[i + 1] === '(' || tokens[i - 1] === '->' || tokens[i - 1] === '.') return token;
    const name = names.get(token) ?? `$${names.size}`;
    names.set(token, name);
    return name;
  });
  return parts.join(' ');
}

/** Numbers, from 2, the second and further findings of a file with one fingerprint; they must be in the order of the file. */
export function withPlaces<T extends { readonly file: string; readonly fingerprint: string }>(
  sorted: readonly T[],
): T[] {
  const seen = new Map<string, number>();
  return sorted.map((one) => {
    const key = `${one.file}\0${one.fingerprint}`;
    const place = (seen.get(key) ?? 0) + 1;
    seen.set(key, place);
    return place === 1 ? one : { ...one, fingerprint: `${one.fingerprint}.${place}` };
  });
}
