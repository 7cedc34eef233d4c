import type { Dialect, Models } from '../models/index.ts';
import { triggerOf } from './unit.ts';

/** The text of a file, before anybody has decided whether it must be sliced. */
export class SourceFile {
  /** As in reports. */
  readonly name: string;
  readonly text: string;
  readonly dialect: Dialect;
  /** Most files never name a DMA API: they cost one search. */
  readonly namesApi: boolean;
  #calls: ReadonlySet<string> | null = null;

  constructor(name: string, text: string, dialect: Dialect, models: Models) {
    this.name = name;
    this.text = text;
    this.dialect = dialect;
    this.namesApi = triggerOf(models, this.dialect).test(text);
  }

  get isHeader(): boolean {
    return this.name.endsWith('.h');
  }

  /** Whether it may call one of these functions. */
  callsOneOf(names: ReadonlySet<string>): boolean {
    if (names.size === 0) return false;
    this.#calls ??= calledNames(this.text);
    for (const name of this.#calls) if (names.has(name)) return true;
    return false;
  }
}

function calledNames(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [, name] of text.matchAll(/\b([A-Za-z_]\w*)\s*\(/g)) if (name !== undefined) names.add(name);
  return names;
}
