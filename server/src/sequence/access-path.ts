import type { Expression, FunctionGraph, Instruction } from '../flow/index.ts';
import type { Frame } from './frame.ts';
import type { State } from './state.ts';
import { rootSymbol, type Symbols, type Value } from './values.ts';

/**
 * How C reaches a place: a variable (`G:` = of file scope), then fields, elements `[i]` and what functions answer of it
 * (`netdev_priv()`). A pointer and what it points to are one: only one of them can have a field.
 */
export type AccessPath = readonly string[];

/** What a function puts into its variables, and what it calls. */
interface Definitions {
  readonly values: ReadonlyMap<string, readonly Expression[]>;
  readonly calls: ReadonlyMap<number, Instruction & { readonly kind: 'call' }>;
}

const DEFINITIONS = new WeakMap<FunctionGraph, Definitions>();

function definitionsOf(graph: FunctionGraph): Definitions {
  const known = DEFINITIONS.get(graph);
  if (known) return known;
  const values = new Map<string, Expression[]>();
  const calls = new Map<number, Instruction & { readonly kind: 'call' }>();
  for (const { instructions } of graph.blocks)
    for (const i of instructions) {
      if (i.kind === 'call') calls.set(i.result, i);
      if (i.kind !== 'set' || i.target.kind !== 'name') continue;
      const others = values.get(i.target.name);
      if (others) others.push(i.value);
      else values.set(i.target.name, [i.value]);
    }
  const found = { values, calls };
  DEFINITIONS.set(graph, found);
  return found;
}

/** What is put into a variable of this name. */
export const assignments = (graph: FunctionGraph, name: string): readonly Expression[] =>
  definitionsOf(graph).values.get(name) ?? [];

/** Is something put into a variable of this name? */
export const isAssigned = (graph: FunctionGraph, name: string): boolean => assignments(graph, name).length > 0;

/** The call whose result is the temporary of this number. */
export const callOf = (
  graph: FunctionGraph,
  temporary: number,
): (Instruction & { readonly kind: 'call' }) | undefined => definitionsOf(graph).calls.get(temporary);

/** The value of a variable that is assigned once, and is no parameter. */
export function onlyValue(graph: FunctionGraph, name: string): Expression | null {
  const [value, ...others] = assignments(graph, name);
  const isParameter = graph.parameters.some((one) => one.name === name);
  return value && others.length === 0 && !isParameter ? value : null;
}

const MAX_HOPS = 8;

/** The path of what an expression names, in the function's own variables; null = it names no place. */
export function accessPath(frame: Frame, e: Expression, hops = 0): AccessPath | null {
  if (hops > MAX_HOPS) return null;
  const inner = (of: Expression): AccessPath | null => accessPath(frame, of, hops + 1);
  const and = (of: Expression, step: string): AccessPath | null => {
    const path = inner(of);
    return path && [...path, step];
  };
  switch (e.kind) {
    case 'name': {
      if (!frame.locals.has(e.name)) return [`G:${e.name}`];
      const value = onlyValue(frame.graph, e.name);
      return (value && inner(value)) ?? [e.name];
    }
    case 'temporary': {
      const call = callOf(frame.graph, e.index);
      const [argument, ...others] = call?.arguments ?? [];
      if (!argument || others.length > 0 || call?.callee.kind !== 'name') return null;
      return and(argument, `${call.callee.name}()`);
    }
    case 'member':
      return and(e.object, e.field);
    case 'index':
      return and(e.object, elementStep(e.index));
    case 'binary':
      return e.operator === '+' ? and(e.left, elementStep(e.right)) : null;
    case 'dereference':
    case 'address-of':
      return inner(e.object);
    case 'cast':
      return inner(e.operand);
    default:
      return null;
  }
}

const elementStep = (index: Expression): string =>
  index.kind === 'number' ? `[${index.value}]` : index.kind === 'name' ? `[${index.name}]` : '[?]';

/** The path of a place on a path of the analysed function, in its parameters; null = it is not reached from these. */
export function pathOfPlace(symbols: Symbols, location: string, hops = 0): AccessPath | null {
  if (hops > MAX_HOPS) return null;
  const parameter = /^P:(\w+)$/.exec(location)?.[1];
  if (parameter !== undefined) return [parameter];
  const root = rootSymbol(location);
  const start = root === null ? /^G:\w+/.exec(location)?.[0] : `*${root}`;
  const from = root === null ? start && [start] : pathOfSymbol(symbols, root, hops + 1);
  if (!from || start === undefined) return null;
  const steps: string[] = [];
  for (const [, field, index, number] of location.slice(start.length).matchAll(/\.(\w+)|\[([^\]]*)\]|\+(-?\d+)/g)) {
    if (field !== undefined) steps.push(field);
    else if (number !== undefined) steps.push(`[${number}]`);
    else steps.push(`[${indexName(symbols, index ?? '', hops) ?? '?'}]`);
  }
  return [...from, ...steps];
}

/** The path of the object that a mapping is found by: a list, a table. */
export function pathOfKey(symbols: Symbols, key: string): AccessPath | null {
  const symbol = /^s(\d+)$/.exec(key)?.[1];
  if (symbol !== undefined) return pathOfSymbol(symbols, Number(symbol));
  return key.startsWith('&') ? pathOfPlace(symbols, key.slice(1)) : null;
}

/** The path by which a value came. */
export function pathOfSymbol(symbols: Symbols, symbol: number, hops = 0): AccessPath | null {
  const { loadedFrom, key } = symbols.info(symbol);
  if (loadedFrom !== undefined) return pathOfPlace(symbols, loadedFrom, hops + 1);
  const [, name, argument] = /^(\w+)\(s(\d+)\)$/.exec(key) ?? [];
  const of = argument === undefined ? null : pathOfSymbol(symbols, Number(argument), hops + 1);
  return of && [...of, `${name}()`];
}

function indexName(symbols: Symbols, index: string, hops: number): string | null {
  const symbol = /^s(\d+)$/.exec(index)?.[1];
  const path = symbol === undefined ? null : pathOfSymbol(symbols, Number(symbol), hops + 1);
  return path?.length === 1 ? (path[0] ?? null) : null;
}

/** Stands for every pointer that is valid. */
export const POINTER = 2 ** 40;

/** Numbers that places have, which others than the function reach. */
export function numbersIn(symbols: Symbols, state: State): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  for (const [location, value] of state.locations()) {
    if (!/^[*G]/.test(location)) continue;
    const number = value.kind === 'number' ? value.value : isValid(symbols, state, value) ? POINTER : null;
    const path = number === null ? null : pathOfPlace(symbols, location);
    if (path && number !== null) numbers.set(keyOfPath(path), number);
  }
  return numbers;
}

/** Is it a handle of something that was made? */
function isValid(symbols: Symbols, state: State, value: Value): boolean {
  if (value.kind !== 'symbol') return false;
  const { resource, role } = symbols.info(value.symbol);
  const isHandle = role === 'cpu-address' || role === 'device-address' || role === 'mapping' || role === 'channel';
  return isHandle && resource !== undefined && state.resource(resource)?.outcome === 'ok';
}

export const keyOfPath = (path: AccessPath): string => path.join('/');
