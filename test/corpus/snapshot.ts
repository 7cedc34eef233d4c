/** What was found in a tree: facts, no text of it. */
export interface Entry {
  readonly rule: string;
  readonly file: string;
  readonly function: string;
  readonly fingerprint: string;
  /** Why it is not reported by default; null = it is. */
  readonly doubt: string | null;
}

export interface Snapshot {
  readonly tree: string;
  readonly entries: readonly Entry[];
}

export interface Difference<T extends Entry = Entry> {
  readonly added: readonly T[];
  readonly removed: readonly Entry[];
}

const keyOf = ({ rule, file, function: name, fingerprint, doubt }: Entry): string =>
  [file, name, rule, fingerprint, doubt ?? ''].join('\t');

/** One line for each entry, sorted, so that a change of the snapshot reads like the change of the findings. */
export function render({ tree, entries }: Snapshot): string {
  const rows = entries.map(({ rule, file, function: name, fingerprint, doubt }) =>
    JSON.stringify({ file, function: name, rule, fingerprint, doubt }),
  );
  return `{ "tree": ${JSON.stringify(tree)}, "entries": [\n${rows.sort().join(',\n')}\n] }\n`;
}

/** Throws on text that `render` did not write. */
export function parse(text: string): Snapshot {
  const { tree, entries }: Snapshot = JSON.parse(text);
  return { tree, entries };
}

export function compare<T extends Entry>(before: readonly Entry[], now: readonly T[]): Difference<T> {
  const known = new Set(before.map(keyOf));
  const found = new Set(now.map(keyOf));
  return {
    added: now.filter((entry) => !known.has(keyOf(entry))),
    removed: before.filter((entry) => !found.has(keyOf(entry))),
  };
}
