import type { Diagnostic } from './diagnostic.ts';

/** A finding that was there when the baseline was taken. `line` and `message` are for people: nothing compares them. */
export interface BaselineEntry {
  readonly fingerprint: string;
  readonly rule: string;
  readonly file: string;
  readonly function: string;
  readonly message: string;
}

export interface Baseline {
  readonly entries: readonly BaselineEntry[];
}

const FORMAT = 1;

export type BaselineResult =
  | { readonly ok: true; readonly baseline: Baseline }
  | { readonly ok: false; readonly reason: string };

/** Reads a baseline file. */
export function parseBaseline(text: string): BaselineResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, reason: `no JSON: ${error instanceof Error ? error.message : error}` };
  }
  if (!isRecord(value) || !Array.isArray(value.findings)) return { ok: false, reason: 'this is no baseline' };
  if (value.baseline !== FORMAT) return { ok: false, reason: `baseline format ${value.baseline} is not known` };
  const { findings }: { readonly findings?: readonly unknown[] } = value;
  const entries = (findings ?? []).filter(isEntry);
  const wrong = (findings ?? []).findIndex((one) => !isEntry(one));
  return wrong < 0 ? { ok: true, baseline: { entries } } : { ok: false, reason: `findings[${wrong}] is incomplete` };
}

/** The text of a baseline file: one finding per line, sorted, so that version control shows what came and what went. */
export function renderBaseline({ entries }: Baseline): string {
  const lines = [...entries].sort(inOrder).map((entry) => `    ${JSON.stringify(entry)}`);
  const findings = lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n  ]`;
  return `{\n  "baseline": ${FORMAT},\n  "findings": ${findings}\n}\n`;
}

/** The baseline after a run: what was found now, and what is known of files that were not checked. */
export function updatedBaseline(
  old: Baseline | null,
  diagnostics: readonly Diagnostic[],
  isChecked: (file: string) => boolean,
): Baseline {
  const found = diagnostics.map(({ fingerprint, rule, file, function: name, message }) => ({
    fingerprint,
    rule,
    file,
    function: name,
    message,
  }));
  const keys = new Set(found.map(keyOf));
  const elsewhere = (old?.entries ?? []).filter((entry) => !isChecked(entry.file) && !keys.has(keyOf(entry)));
  return { entries: [...found, ...elsewhere] };
}

/**
 * Tells known findings from new ones. An entry stands for one finding of its file; an entry that is left over stands for one
 * in another file as well, since files are renamed.
 */
export function compareWithBaseline(
  diagnostics: readonly Diagnostic[],
  { entries }: Baseline,
): {
  readonly fresh: readonly Diagnostic[];
  readonly known: readonly Diagnostic[];
  readonly gone: readonly BaselineEntry[];
} {
  const present = new Set(diagnostics.map(keyOf));
  const exact = new Set(entries.map(keyOf));
  const movable = new Map<string, BaselineEntry[]>();
  for (const entry of entries.filter((one) => !present.has(keyOf(one))))
    movable.set(entry.fingerprint, [...(movable.get(entry.fingerprint) ?? []), entry]);
  const moved = new Set<BaselineEntry>();
  const fresh: Diagnostic[] = [];
  const known: Diagnostic[] = [];
  for (const diagnostic of diagnostics) {
    const entry = exact.has(keyOf(diagnostic)) ? null : movable.get(diagnostic.fingerprint)?.pop();
    if (entry) moved.add(entry);
    (entry === undefined ? fresh : known).push(diagnostic);
  }
  const gone = entries.filter((entry) => !present.has(keyOf(entry)) && !moved.has(entry));
  return { fresh, known, gone };
}

const keyOf = ({ file, fingerprint }: { readonly file: string; readonly fingerprint: string }): string =>
  `${file}\0${fingerprint}`;

function inOrder(a: BaselineEntry, b: BaselineEntry): number {
  const [left, right] = [
    [a.file, a.rule, a.function, a.fingerprint].join('\0'),
    [b.file, b.rule, b.function, b.fingerprint].join('\0'),
  ];
  return left < right ? -1 : left > right ? 1 : 0;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isEntry = (value: unknown): value is BaselineEntry =>
  isRecord(value) &&
  ['fingerprint', 'rule', 'file', 'function', 'message'].every((name) => typeof value[name] === 'string');
