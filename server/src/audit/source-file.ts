import type { Dialect, Models } from '../models/index.ts';
import { RULES } from '../rules/index.ts';
import { maskSource, sliceTopLevel } from '../source/index.ts';
import { type FileSuppressions, suppressionsIn } from './suppress.ts';
import { triggerOf } from './unit.ts';

const RULE_IDS: ReadonlySet<string> = new Set(RULES.map(({ id }) => id));

/** The text of a file, before anybody has decided whether it must be sliced. */
export class SourceFile {
  /** As in reports. */
  readonly name: string;
  readonly text: string;
  readonly dialect: Dialect;
  /** Most files never name a DMA API: they cost one search. */
  readonly namesApi: boolean;
  #uses: ReadonlySet<string> | null = null;
  #suppressions: FileSuppressions | null | undefined;

  constructor(name: string, text: string, dialect: Dialect, models: Models) {
    this.name = name;
    this.text = text;
    this.dialect = dialect;
    this.namesApi = triggerOf(models, this.dialect).test(text);
  }

  get isHeader(): boolean {
    return this.name.endsWith('.h');
  }

  /** Null when it has none. */
  get suppressions(): FileSuppressions | null {
    if (this.#suppressions === undefined)
      this.#suppressions = suppressionsIn(this.name, this.text, RULE_IDS, () =>
        sliceTopLevel(this.text, maskSource(this.text, this.dialect)).filter(({ kind }) => kind === 'function'),
      );
    return this.#suppressions;
  }

  /** Whether it may call one of these functions, or put it into a table. */
  usesOneOf(names: ReadonlySet<string>): boolean {
    if (names.size === 0) return false;
    this.#uses ??= usedNames(this.text);
    for (const name of this.#uses) if (names.has(name)) return true;
    return false;
  }
}

function usedNames(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [, name] of text.matchAll(/\b([A-Za-z_]\w*)\s*\(/g)) if (name !== undefined) names.add(name);
  for (const [, name] of text.matchAll(/\.\w+\s*=\s*&?([A-Za-z_]\w*)\s*[,;}]/g))
    if (name !== undefined) names.add(name);
  return names;
}
