import type { Dialect, Models } from '../models/index.ts';
import { DEFAULT_BUDGET } from '../sequence/index.ts';
import type { DataFacts } from './data-facts.ts';
import type { Macros } from './macros.ts';

/** Constants that are defined by each other are followed so far. */
const MAX_RESOLVING = 100;

/** Numbers that the macros and enumerators of some files stand for. */
export class Constants {
  readonly #macros: Macros;
  readonly #data: DataFacts;
  readonly #models: Models;
  readonly #dialect: Dialect;
  /** By file and name. */
  readonly #known = new Map<string, Map<string, number | null>>();
  #resolving = 0;

  private constructor(macros: Macros, data: DataFacts, models: Models, dialect: Dialect) {
    this.#macros = macros;
    this.#data = data;
    this.#models = models;
    this.#dialect = dialect;
  }

  /** `before` itself, if nothing has changed. */
  static of(macros: Macros, data: DataFacts, models: Models, dialect: Dialect, before?: Constants): Constants {
    return before?.isOf(macros, data, dialect) ? before : new Constants(macros, data, models, dialect);
  }

  private isOf(macros: Macros, data: DataFacts, dialect: Dialect): boolean {
    return this.#data === data && this.#dialect === dialect && this.#macros.definesTheSame(macros);
  }

  /** The number that a name stands for where a file uses it. */
  find(name: string, file: string): number | null {
    const value = this.#numberOf(name, file);
    // A few turns of a loop stand for all. As long as the name stands for their number, what is counted elsewhere agrees with it.
    return value !== null && value > DEFAULT_BUDGET.iterations && this.#data.counts.has(name) ? null : value;
  }

  #numberOf(name: string, file: string): number | null {
    const inFile = this.#known.get(file) ?? new Map<string, number | null>();
    this.#known.set(file, inFile);
    const known = inFile.get(name);
    if (known !== undefined) return known;
    if (this.#resolving > MAX_RESOLVING) return null;
    this.#resolving++;
    // What refers to itself has no value.
    inFile.set(name, null);
    const value = this.#macros.numberOf(
      name,
      file,
      (other) => this.#models.constant(other, this.#dialect)?.value ?? this.#numberOf(other, file),
    );
    inFile.set(name, value);
    this.#resolving--;
    return value;
  }
}
