import type { CostEstimate } from '../platforms/cost-estimate.ts';

/** What a column holds; `time` cells are estimates in ns. */
export type Unit = 'text' | 'count' | 'ratio' | 'Gbit/s' | 'ns' | 'time';

export interface Column {
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
}

/** null = does not apply. */
export type Cell = string | number | CostEstimate | null;
export type Row = Readonly<Record<string, Cell>>;

/** Something that can be changed: a whole number from `min` to `max`. The title says the unit. */
export interface Parameter {
  readonly title: string;
  readonly value: number;
  readonly min: number;
  /** Beyond it the workload has no sense or takes longer than anybody waits. */
  readonly max: number;
}

/** A workload as data: what it is, whose claim it reproduces, what can be changed, and how its rows are made. */
export interface Workload {
  readonly name: string;
  readonly title: string;
  readonly claim: string;
  readonly source: string;
  /** Every one can be overridden. */
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly columns: readonly Column[];
  /** Same parameters, same rows. Throws a RangeError for an override that is out of its range or does not go with the others. */
  run(overrides?: Readonly<Record<string, number>>): readonly Row[];
}

/** Looks a parameter up: the override, or the default. Throws a RangeError for an override that is out of range. */
export function parametersOf<K extends string>(
  defaults: Readonly<Record<K, Parameter>>,
  overrides: Readonly<Record<string, number>> = {},
): (name: K) => number {
  return (name) => {
    const { value, min, max } = defaults[name];
    const chosen = overrides[name] ?? value;
    if (!Number.isInteger(chosen) || chosen < min || chosen > max)
      throw new RangeError(`${name} must be a whole number from ${min} to ${max}`);
    return chosen;
  };
}

/** A linear congruential generator (Numerical Recipes): integers from 0 to `below` - 1, the same for the same seed. */
export function randomIntegers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
