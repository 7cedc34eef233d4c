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

/** A workload as data: what it is, whose claim it reproduces, what can be changed, and how its rows are made. */
export interface Workload {
  readonly name: string;
  readonly title: string;
  readonly claim: string;
  readonly source: string;
  /** Defaults; every one can be overridden. The title says the unit. */
  readonly parameters: Readonly<Record<string, { readonly title: string; readonly value: number }>>;
  readonly columns: readonly Column[];
  /** Same parameters, same rows. */
  run(overrides?: Readonly<Record<string, number>>): readonly Row[];
}

/** Looks a parameter up: the override, or the default. */
export function parametersOf<K extends string>(
  defaults: Readonly<Record<K, { readonly title: string; readonly value: number }>>,
  overrides: Readonly<Record<string, number>> = {},
): (name: K) => number {
  return (name) => overrides[name] ?? defaults[name].value;
}

/** A linear congruential generator (Numerical Recipes): integers from 0 to `below` - 1, the same for the same seed. */
export function randomIntegers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
