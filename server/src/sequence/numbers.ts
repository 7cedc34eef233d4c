import type { Expression, FunctionGraph, Instruction } from '../flow/index.ts';
import { type Domain, join, single } from './domain.ts';

/** Numbers that variables and results of calls are known to be. */
export type Known = ReadonlyMap<string, number>;

/** What is known of a place that is no variable with a number. */
export type Ask = (e: Expression) => number | null;

const nobody: Ask = () => null;

/** The name under which a value is known; null for a place that is not a variable. */
export function keyOf(e: Expression): string | null {
  return e.kind === 'name' ? e.name : e.kind === 'temporary' ? `#${e.index}` : null;
}

/** The value of an expression of numbers that are known; null where it cannot be told. `ask` is asked for places. */
export function compute(known: Known, e: Expression, ask: Ask = nobody): number | null {
  switch (e.kind) {
    case 'name':
      return known.get(e.name) ?? (e.name === 'NULL' ? 0 : ask(e));
    case 'temporary':
      return known.get(`#${e.index}`) ?? null;
    case 'number':
      return e.value;
    case 'cast':
      return compute(known, e.operand, ask);
    case 'unary': {
      const value = compute(known, e.operand, ask);
      if (value === null) return null;
      return e.operator === '!' ? Number(value === 0) : e.operator === '-' ? -value : null;
    }
    case 'binary': {
      const [a, b] = [compute(known, e.left, ask), compute(known, e.right, ask)];
      if (e.operator === '&&') return a === 0 || b === 0 ? 0 : a !== null && b !== null ? 1 : null;
      if (e.operator === '||') return a || b ? 1 : a === 0 && b === 0 ? 0 : null;
      if (a === null || b === null) return null;
      switch (e.operator) {
        case '==':
          return Number(a === b);
        case '!=':
          return Number(a !== b);
        case '<':
          return Number(a < b);
        case '<=':
          return Number(a <= b);
        case '>':
          return Number(a > b);
        case '>=':
          return Number(a >= b);
        default:
          return null;
      }
    }
    default:
      return ask(e);
  }
}

/** After `target = value`: what is known of the target. */
export function learnSet(
  known: Map<string, number>,
  { target, value }: Instruction & { kind: 'set' },
  ask?: Ask,
): void {
  const key = keyOf(target);
  if (key === null) return;
  const number = compute(known, value, ask);
  if (number === null) known.delete(key);
  else known.set(key, number);
}

/**
 * What a function returns that is not entered: the number that its arguments decide, or else any that it returns, if it returns
 * nothing but numbers. Null where that cannot be told.
 */
export function returnedNumbers(graph: FunctionGraph, values: readonly (number | null)[]): Domain | null {
  const decided = decidedReturn(graph, values);
  return decided === null ? anyReturned(graph) : single(decided);
}

/** Follows the branches as far as they are decided by the arguments. */
function decidedReturn(graph: FunctionGraph, values: readonly (number | null)[]): number | null {
  const known = new Map<string, number>();
  graph.parameters.forEach(({ name }, i) => {
    const value = values[i];
    if (value !== null && value !== undefined) known.set(name, value);
  });
  if (!known.size) return null;
  let at = 0;
  for (let turns = 0; turns < graph.blocks.length; turns++) {
    const { instructions, end } = graph.blocks[at] ?? { instructions: [], end: null };
    for (const instruction of instructions) if (instruction.kind === 'set') learnSet(known, instruction);
    if (end?.kind === 'return') return end.value ? compute(known, end.value) : null;
    if (end?.kind === 'goto') at = end.to;
    else if (end?.kind === 'branch') {
      const truth = compute(known, end.condition);
      if (truth === null) return null;
      at = truth ? end.whenTrue : end.whenFalse;
    } else return null;
  }
  return null;
}

const RETURNED = new WeakMap<FunctionGraph, Domain | null>();
const NOTHING: Known = new Map();

function anyReturned(graph: FunctionGraph): Domain | null {
  const known = RETURNED.get(graph);
  if (known !== undefined) return known;
  const values = graph.blocks.flatMap(({ end }) =>
    end.kind === 'return' ? [end.value ? compute(NOTHING, end.value) : null] : [],
  );
  const domain = values.reduce<Domain | null>((all, value, i) => {
    if (value === null || (i > 0 && all === null)) return null;
    return all ? join(all, single(value)) : single(value);
  }, null);
  RETURNED.set(graph, domain);
  return domain;
}
