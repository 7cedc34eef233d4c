import type { Expression, FunctionGraph } from '../flow/index.ts';

/** One activation of a function during exploration. */
export interface Frame {
  readonly graph: FunctionGraph;
  readonly file: string;
  /** Prefix of its locals' locations; unique for the chain of call sites that led here. */
  readonly id: string;
  readonly depth: number;
  /** Names that are variables here, with how they are declared. */
  readonly locals: ReadonlyMap<string, LocalVariable>;
  /** Place of the call in the analysed function that led here; null in that function itself. */
  readonly enteredAt: number | null;
  /** Names of the functions that are active, outermost first. */
  readonly callers: readonly string[];
}

export interface LocalVariable {
  readonly type: string;
  /** The name stands for a place, not for a value. */
  readonly isArray: boolean;
  readonly isStatic: boolean;
}

/** Variables of a function: parameters and every local declaration (block scopes are not told apart). */
export function localVariables(graph: FunctionGraph): Map<string, LocalVariable> {
  const locals = new Map<string, LocalVariable>();
  for (const { name, type } of graph.parameters) locals.set(name, { type, isArray: false, isStatic: false });
  for (const block of graph.blocks)
    for (const instruction of block.instructions)
      if (instruction.kind === 'local') {
        const { name, type, shape, isStatic } = instruction;
        if (!locals.has(name)) locals.set(name, { type, isArray: shape === 'array', isStatic });
      }
  return locals;
}

/** A function that is looked at by itself. */
export const frameOf = (graph: FunctionGraph, file: string): Frame => ({
  graph,
  file,
  id: '',
  depth: 0,
  locals: localVariables(graph),
  callers: [],
  enteredAt: null,
});

/** Text of an expression's shape, for names in messages: `ring->desc`, `buf`. */
export function expressionName(expression: Expression): string {
  switch (expression.kind) {
    case 'name':
      return expression.name;
    case 'member':
      return `${expressionName(expression.object)}${expression.arrow ? '->' : '.'}${expression.field}`;
    case 'index':
      return `${expressionName(expression.object)}[${expression.index.kind === 'number' ? expression.index.text : expressionName(expression.index)}]`;
    case 'dereference':
      return `*${expressionName(expression.object)}`;
    case 'address-of':
      return `&${expressionName(expression.object)}`;
    case 'cast':
      return expressionName(expression.operand);
    case 'number':
      return expression.text;
    default:
      return '…';
  }
}

const UNSIGNED =
  /\b(?:unsigned|size_t|u(?:int)?_?(?:8|16|32|64)(?:_t)?|__u(?:8|16|32|64)|bool|UINTN|UINT(?:8|16|32|64)|BOOLEAN)\b/;

/** Is a number of this type never negative? */
export const isUnsigned = (type: string): boolean => UNSIGNED.test(type) && !/[*[]/.test(type);

/** Names that stand in an expression. */
export function namesIn(expression: Expression): string[] {
  return expression.kind === 'name' ? [expression.name] : partsOf(expression).flatMap(namesIn);
}

/** Is a function of this name called? */
export const callsName = (graph: FunctionGraph, name: string): boolean =>
  graph.blocks.some(({ instructions }) =>
    instructions.some((i) => i.kind === 'call' && i.callee.kind === 'name' && i.callee.name === name),
  );

/** Does `name` stand in some expression of the function? */
export const usesName = (graph: FunctionGraph, name: string): boolean =>
  uses(graph, (e) => (e.kind === 'name' ? e.name === name : null));

/** The same, where its value matters: not where it is only assigned, or handed out by its address. */
export const readsName = (graph: FunctionGraph, name: string): boolean =>
  uses(graph, (e) => {
    if (e.kind === 'address-of' && e.object.kind === 'name') return false;
    return e.kind === 'name' ? e.name === name : null;
  });

/** Is the result of a call, which this number stands for, used? */
export const usesTemporary = (graph: FunctionGraph, index: number): boolean =>
  uses(graph, (e) => (e.kind === 'temporary' ? e.index === index : null));

/** Is there an expression of which `test` says so? `null`: its parts are asked. */
function uses(graph: FunctionGraph, test: (e: Expression) => boolean | null): boolean {
  const inside = (e: Expression): boolean => test(e) ?? partsOf(e).some(inside);
  return graph.blocks.some(
    ({ instructions, end }) =>
      instructions.some(
        (i) =>
          (i.kind === 'set' && inside(i.value)) ||
          (i.kind === 'evaluate' && !isDiscarded(i.value) && inside(i.value)) ||
          (i.kind === 'set' && i.target.kind !== 'name' && i.target.kind !== 'temporary' && inside(i.target)) ||
          (i.kind === 'call' && (i.arguments.some(inside) || inside(i.callee))),
      ) ||
      (end.kind === 'branch' && inside(end.condition)) ||
      (end.kind === 'switch' && inside(end.value)) ||
      (end.kind === 'return' && end.value !== null && inside(end.value)),
  );
}

/** `(void)call ()` */
const isDiscarded = (e: Expression): boolean => (e.kind === 'cast' ? isDiscarded(e.operand) : e.kind === 'temporary');

/** The expressions of which it is made; those of an aggregate are not looked at. */
export function partsOf(e: Expression): readonly Expression[] {
  switch (e.kind) {
    case 'member':
    case 'dereference':
    case 'address-of':
      return [e.object];
    case 'index':
      return [e.object, e.index];
    case 'unary':
    case 'cast':
      return [e.operand];
    case 'binary':
      return [e.left, e.right];
    default:
      return [];
  }
}

/** Is it written as a null pointer, and not a variable or field that turns out to hold one? */
export const isNull = (e: Expression): boolean =>
  e.kind === 'cast' ? isNull(e.operand) : e.kind === 'number' ? e.value === 0 : e.kind === 'name' && e.name === 'NULL';
