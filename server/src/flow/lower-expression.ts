import type { SyntaxNode } from '../syntax/index.ts';
import type { GraphBuilder } from './builder.ts';
import { type HiddenCast, hiddenCast } from './casts.ts';
import type { AggregatePart, Expression, Span } from './ir.ts';

/** What lowering needs to know of its surroundings. */
export interface LoweringContext {
  readonly graph: GraphBuilder;
  /** The file's original text: masking may have replaced names, offsets are the same. */
  readonly text: string;
  /** Functions and macros that give back their (boolean) argument: `likely (x)`. */
  readonly transparent: ReadonlySet<string>;
}

const child = (node: SyntaxNode, field: string): SyntaxNode | undefined => node.children.find((c) => c.field === field);

const isNamed = (node: SyntaxNode): boolean => /^[A-Za-z_]/.test(node.kind) && node.kind !== 'comment';

const textOf = (context: LoweringContext, node: Span): string => context.text.slice(node.start, node.end);

const opaque = (at: Span): Expression => ({ kind: 'opaque', start: at.start, end: at.end });

const number = (value: number, at: Span): Expression => ({
  kind: 'number',
  value,
  text: String(value),
  start: at.start,
  end: at.end,
});

/** Value of a C integer or character literal, or null. The grammar takes the sign of `return -1` for a part of the literal. */
export function literalValue(text: string): number | null {
  if (/^[-+]/.test(text)) {
    const magnitude = literalValue(text.slice(1));
    return magnitude === null || text.startsWith('+') ? magnitude : 0 - magnitude;
  }
  const plain = text.replace(/[uUlLzZ]+$/, '');
  if (/^(0[xX][0-9a-fA-F]+|0[bB][01]+|[1-9]\d*|0)$/.test(plain)) {
    const value = Number(plain);
    return Number.isSafeInteger(value) ? value : null;
  }
  if (/^0[0-7]+$/.test(plain)) return Number.parseInt(plain, 8);
  const character = /^L?'(.)'$/.exec(text);
  return character?.[1] ? character[1].charCodeAt(0) : null;
}

/** Makes `node` a pure expression; its effects are emitted into the graph before. */
export function lowerExpression(context: LoweringContext, node: SyntaxNode): Expression {
  const at = { start: node.start, end: node.end };
  const lower = (n: SyntaxNode | undefined): Expression => (n ? lowerExpression(context, n) : opaque(at));
  switch (node.kind) {
    case 'identifier':
    case 'field_identifier':
    case 'type_identifier':
      return { kind: 'name', name: textOf(context, node), ...at };
    case 'number_literal':
    case 'char_literal': {
      const text = textOf(context, node);
      return { kind: 'number', value: literalValue(text), text, ...at };
    }
    case 'true':
    case 'false':
      return number(node.kind === 'true' ? 1 : 0, at);
    case 'null':
      return number(0, at);
    case 'string_literal':
    case 'concatenated_string':
      return { kind: 'string', ...at };
    case 'parenthesized_expression': {
      const inner = node.children.filter(isNamed);
      return inner.length === 1 && inner[0]?.kind !== 'compound_statement' ? lower(inner[0]) : opaque(at);
    }
    case 'field_expression':
      return {
        kind: 'member',
        object: lower(child(node, 'argument')),
        field: textOf(context, child(node, 'field') ?? at),
        arrow: node.children.some((c) => c.kind === '->'),
        ...at,
      };
    case 'subscript_expression':
      return { kind: 'index', object: lower(child(node, 'argument')), index: lower(child(node, 'index')), ...at };
    case 'pointer_expression': {
      return prefixed(textOf(context, child(node, 'operator') ?? at), lower(child(node, 'argument')), at);
    }
    case 'unary_expression': {
      const operator = textOf(context, child(node, 'operator') ?? at);
      return prefixed(operator, lower(child(node, 'argument')), at);
    }
    case 'binary_expression': {
      const cast = hiddenCast(node, (n) => textOf(context, n));
      if (cast) return lowerCast(context, cast, at);
      const operator = textOf(context, child(node, 'operator') ?? at);
      const right = child(node, 'right');
      if ((operator === '&&' || operator === '||') && right && hasEffect(right)) return lowerBoolean(context, node);
      return { kind: 'binary', operator, left: lower(child(node, 'left')), right: lower(right), ...at };
    }
    case 'cast_expression': {
      const operand = lower(child(node, 'value'));
      return { kind: 'cast', type: textOf(context, child(node, 'type') ?? at), operand, ...at };
    }
    case 'compound_literal_expression':
      return lower(child(node, 'value'));
    case 'initializer_list':
      return { kind: 'aggregate', parts: aggregateParts(context, node), ...at };
    case 'sizeof_expression':
    case 'alignof_expression':
    case 'offsetof_expression':
      return { kind: 'sizeof', text: textOf(context, node).replace(/\s+/g, ''), ...at };
    case 'assignment_expression':
      return lowerAssignment(context, node);
    case 'update_expression':
      return lowerUpdate(context, node);
    case 'comma_expression': {
      const left = child(node, 'left');
      if (left) lowerForEffect(context, left);
      return lower(child(node, 'right'));
    }
    case 'conditional_expression':
      return lowerConditional(context, node);
    case 'call_expression': {
      const cast = hiddenCast(node, (n) => textOf(context, n));
      return cast ? lowerCast(context, cast, at) : lowerCall(context, node);
    }
    default:
      if (node.hasError) context.graph.problems.push('syntax error');
      return opaque(at);
  }
}

/** An operator in front of its only operand. */
function prefixed(operator: string, operand: Expression, at: Span): Expression {
  switch (operator) {
    case '*':
      return { kind: 'dereference', object: operand, ...at };
    case '&':
      // &*p is p
      return operand.kind === 'dereference' ? operand.object : { kind: 'address-of', object: operand, ...at };
    case '+':
      return operand;
    case '-':
      if (operand.kind === 'number' && operand.value !== null) return number(-operand.value, at);
  }
  return { kind: 'unary', operator, operand, ...at };
}

function lowerCast(context: LoweringContext, { types, operator, operand }: HiddenCast, at: Span): Expression {
  const lowered = lowerExpression(context, operand);
  const value = operator === null ? lowered : prefixed(operator, lowered, at);
  return types.reduceRight((inner, type): Expression => ({ kind: 'cast', type, operand: inner, ...at }), value);
}

/** Lowers an expression statement: the value itself is not wanted. */
export function lowerForEffect(context: LoweringContext, node: SyntaxNode): void {
  const value = lowerExpression(context, node);
  if (
    value.kind !== 'temporary' &&
    value.kind !== 'opaque' &&
    node.kind !== 'assignment_expression' &&
    node.kind !== 'update_expression'
  )
    context.graph.emit({ kind: 'evaluate', value, start: node.start, end: node.end });
}

/** Control goes to `whenTrue` or `whenFalse`; no block is open afterwards. */
export function lowerCondition(context: LoweringContext, node: SyntaxNode, whenTrue: number, whenFalse: number): void {
  const { graph } = context;
  const at = { start: node.start, end: node.end };
  if (node.kind === 'parenthesized_expression') {
    const inner = node.children.filter(isNamed);
    if (inner.length === 1 && inner[0] && inner[0].kind !== 'compound_statement')
      return lowerCondition(context, inner[0], whenTrue, whenFalse);
  }
  if (node.kind === 'unary_expression' && child(node, 'operator')?.kind === '!') {
    const operand = child(node, 'argument');
    if (operand) return lowerCondition(context, operand, whenFalse, whenTrue);
  }
  if (node.kind === 'comma_expression') {
    const left = child(node, 'left');
    const right = child(node, 'right');
    if (left && right) {
      lowerForEffect(context, left);
      return lowerCondition(context, right, whenTrue, whenFalse);
    }
  }
  if (node.kind === 'binary_expression') {
    const operator = child(node, 'operator')?.kind;
    const left = child(node, 'left');
    const right = child(node, 'right');
    if (left && right && (operator === '&&' || operator === '||')) {
      const second = graph.reserve();
      if (operator === '&&') lowerCondition(context, left, second, whenFalse);
      else lowerCondition(context, left, whenTrue, second);
      graph.start(second, right);
      return lowerCondition(context, right, whenTrue, whenFalse);
    }
  }
  if (node.kind === 'call_expression') {
    const callee = child(node, 'function');
    const argumentNodes = child(node, 'arguments')?.children.filter(isNamed) ?? [];
    if (callee?.kind === 'identifier' && context.transparent.has(textOf(context, callee)) && argumentNodes[0])
      return lowerCondition(context, argumentNodes[0], whenTrue, whenFalse);
  }
  const condition = lowerExpression(context, node);
  graph.finish({ kind: 'branch', condition, whenTrue, whenFalse, ...at });
}

function lowerBoolean(context: LoweringContext, node: SyntaxNode): Expression {
  const { graph } = context;
  const result = graph.temporary(node);
  const [whenTrue, whenFalse, join] = [graph.reserve(), graph.reserve(), graph.reserve()];
  lowerCondition(context, node, whenTrue, whenFalse);
  for (const [block, value] of [
    [whenTrue, 1],
    [whenFalse, 0],
  ] as const) {
    graph.start(block, node);
    graph.emit({ kind: 'set', target: result, value: number(value, node), start: node.start, end: node.end });
    graph.finish({ kind: 'goto', to: join, start: node.start, end: node.end });
  }
  graph.start(join, node);
  return result;
}

function lowerConditional(context: LoweringContext, node: SyntaxNode): Expression {
  const { graph } = context;
  const result = graph.temporary(node);
  const [whenTrue, whenFalse, join] = [graph.reserve(), graph.reserve(), graph.reserve()];
  const condition = child(node, 'condition');
  // a ?: b gives back a, which is evaluated once.
  const tested = condition && !child(node, 'consequence') ? lowerExpression(context, condition) : null;
  if (tested)
    graph.finish({ kind: 'branch', condition: tested, whenTrue, whenFalse, start: node.start, end: node.end });
  else if (condition) lowerCondition(context, condition, whenTrue, whenFalse);
  for (const [block, field] of [
    [whenTrue, 'consequence'],
    [whenFalse, 'alternative'],
  ] as const) {
    graph.start(block, node);
    const arm = child(node, field);
    const value = arm ? lowerExpression(context, arm) : (tested ?? opaque(node));
    graph.emit({ kind: 'set', target: result, value, start: node.start, end: node.end });
    graph.finish({ kind: 'goto', to: join, start: node.start, end: node.end });
  }
  graph.start(join, node);
  return result;
}

function lowerAssignment(context: LoweringContext, node: SyntaxNode): Expression {
  const at = { start: node.start, end: node.end };
  const left = child(node, 'left');
  const right = child(node, 'right');
  if (!left || !right) return opaque(at);
  const operator = textOf(context, child(node, 'operator') ?? at);
  const value = lowerExpression(context, right);
  const target = lowerTarget(context, left);
  const result: Expression =
    operator === '=' ? value : { kind: 'binary', operator: operator.slice(0, -1), left: target, right: value, ...at };
  context.graph.emit({ kind: 'set', target, value: result, ...at });
  return target;
}

/** `sg_dma_address (sg) = x`: a macro that names a field of what its argument points to. */
function lowerTarget(context: LoweringContext, node: SyntaxNode): Expression {
  const callee = child(node, 'function');
  const first = child(node, 'arguments')?.children.find(isNamed);
  if (node.kind !== 'call_expression' || callee?.kind !== 'identifier' || !first) return lowerExpression(context, node);
  return {
    kind: 'member',
    object: lowerExpression(context, first),
    field: textOf(context, callee),
    arrow: true,
    start: node.start,
    end: node.end,
  };
}

function lowerUpdate(context: LoweringContext, node: SyntaxNode): Expression {
  const at = { start: node.start, end: node.end };
  const argument = child(node, 'argument');
  if (!argument) return opaque(at);
  const target = lowerExpression(context, argument);
  const operator = textOf(context, child(node, 'operator') ?? at) === '--' ? '-' : '+';
  const isPrefix = node.children[0]?.field === 'operator';
  let result: Expression = target;
  if (!isPrefix) {
    result = context.graph.temporary(at);
    context.graph.emit({ kind: 'set', target: result, value: target, ...at });
  }
  context.graph.emit({
    kind: 'set',
    target,
    value: { kind: 'binary', operator, left: target, right: number(1, at), ...at },
    ...at,
  });
  return result;
}

function lowerCall(context: LoweringContext, node: SyntaxNode): Expression {
  const at = { start: node.start, end: node.end };
  const calleeNode = child(node, 'function');
  const argumentNodes = child(node, 'arguments')?.children.filter(isNamed) ?? [];
  if (calleeNode?.kind === 'identifier' && context.transparent.has(textOf(context, calleeNode)) && argumentNodes[0])
    return lowerExpression(context, argumentNodes[0]);
  const callee = calleeNode ? lowerExpression(context, calleeNode) : opaque(at);
  const lowered = argumentNodes.map((argument) => lowerExpression(context, argument));
  const result = context.graph.temporary(at);
  context.graph.emit({ kind: 'call', result: result.index, callee, arguments: lowered, ...at });
  return result;
}

function aggregateParts(context: LoweringContext, list: SyntaxNode): AggregatePart[] {
  const parts: AggregatePart[] = [];
  for (const item of list.children.filter(isNamed)) {
    if (item.kind !== 'initializer_pair') {
      parts.push({ path: null, value: lowerExpression(context, item) });
      continue;
    }
    const value = child(item, 'value');
    const designators = item.children.filter((c) => c.field === 'designator');
    const path = designators.map((d) => textOf(context, d).replace(/\s+/g, '')).join('');
    if (value) parts.push({ path, value: lowerExpression(context, value) });
  }
  return parts;
}

const EFFECTS = new Set(['call_expression', 'assignment_expression', 'update_expression']);

function hasEffect(node: SyntaxNode): boolean {
  return EFFECTS.has(node.kind) || node.children.some(hasEffect);
}
