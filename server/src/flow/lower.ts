import type { SyntaxNode } from '../syntax/index.ts';
import { GraphBuilder } from './builder.ts';
import type { Expression, FunctionGraph, Parameter, Shape, Span } from './ir.ts';
import { type LoweringContext, lowerCondition, lowerExpression, lowerForEffect } from './lower-expression.ts';
import { orderBlocks } from './order.ts';

export interface LoweringOptions {
  readonly transparent: ReadonlySet<string>;
  /** Functions that never come back: `panic ()`. */
  readonly noReturn: ReadonlySet<string>;
}

/** Where `break` and `continue` go. */
interface Targets {
  readonly onBreak: number | null;
  readonly onContinue: number | null;
}

interface SwitchArms {
  readonly cases: { value: Expression; to: number }[];
  otherwise: number | null;
}

/**
 * Lowers one function definition. `node` is a `function_definition` (or what was parsed in its place), offsets are those of the file.
 * Never fails: what is not understood becomes an opaque value and an entry in `problems`.
 */
export function lowerFunction(node: SyntaxNode, text: string, options: LoweringOptions): FunctionGraph {
  return new FunctionLowering(text, options).run(node);
}

class FunctionLowering {
  private readonly graph = new GraphBuilder();
  private readonly context: LoweringContext;
  private readonly labels = new Map<string, number>();
  private readonly returned = new Set<string>();
  private readonly noReturn: ReadonlySet<string>;

  constructor(text: string, options: LoweringOptions) {
    this.context = { graph: this.graph, text, transparent: options.transparent };
    this.noReturn = options.noReturn;
  }

  run(node: SyntaxNode): FunctionGraph {
    const body = find(node, 'compound_statement');
    const declarator = find(node, 'function_declarator');
    const name = declarator ? find(declarator, 'identifier') : undefined;
    if (node.hasError) this.graph.problems.push('syntax error');
    if (body) this.statement(body, { onBreak: null, onContinue: null }, null);
    const blocks = this.graph.done(node);
    const head = this.context.text.slice(node.start, name?.start ?? node.start);
    return {
      name: name ? this.text(name) : '',
      span: { start: node.start, end: node.end },
      returnType: head
        .replace(/\b(static|inline|STATIC|EFIAPI|__\w+)\b/g, ' ')
        .replace(/\s+/g, ' ')
        .trim(),
      isStatic: /\b(static|STATIC)\b/.test(head),
      parameters: declarator ? this.parameters(declarator) : [],
      blocks,
      ...orderBlocks(blocks),
      returned: this.returned,
      problems: this.graph.problems,
    };
  }

  private text(at: Span): string {
    return this.context.text.slice(at.start, at.end);
  }

  private parameters(declarator: SyntaxNode): Parameter[] {
    const list = declarator.children.find((c) => c.kind === 'parameter_list');
    const result: Parameter[] = [];
    for (const parameter of list?.children ?? []) {
      if (parameter.kind !== 'parameter_declaration') continue;
      const inner = parameter.children.find((c) => c.field === 'declarator');
      const { name, shape } = inner ? this.declared(inner) : { name: '', shape: 'plain' as Shape };
      // An array parameter is a pointer.
      if (name) result.push({ name, type: this.typeOf(parameter), shape: shape === 'array' ? 'pointer' : shape });
    }
    return result;
  }

  private typeOf(declaration: SyntaxNode): string {
    const type = declaration.children.find((c) => c.field === 'type');
    return type ? this.text(type).replace(/\s+/g, ' ') : '';
  }

  private declared(declarator: SyntaxNode): { name: string; shape: Shape } {
    let shape: Shape = 'plain';
    let node: SyntaxNode | undefined = declarator;
    while (node && node.kind !== 'identifier' && node.kind !== 'field_identifier') {
      if (node.kind === 'array_declarator') shape = 'array';
      else if (shape === 'plain' && (node.kind === 'pointer_declarator' || node.kind === 'function_declarator'))
        shape = 'pointer';
      node =
        node.children.find((c) => c.field === 'declarator') ??
        node.children.find((c) => /declarator$|^identifier$/.test(c.kind));
    }
    return { name: node ? this.text(node) : '', shape };
  }

  private label(name: string): number {
    const known = this.labels.get(name);
    if (known !== undefined) return known;
    const block = this.graph.reserve();
    this.labels.set(name, block);
    return block;
  }

  private statement(node: SyntaxNode, targets: Targets, arms: SwitchArms | null): void {
    const at = { start: node.start, end: node.end };
    const field = (name: string) => node.children.find((c) => c.field === name);
    switch (node.kind) {
      case 'compound_statement':
        for (const item of node.children) this.statement(item, targets, arms);
        return;
      case 'declaration':
        return this.declaration(node);
      case 'expression_statement':
        for (const item of node.children) if (item.kind !== ';' && item.kind !== 'comment') this.effect(item);
        return;
      case 'if_statement': {
        const [whenTrue, whenFalse, join] = [this.graph.reserve(), this.graph.reserve(), this.graph.reserve()];
        const condition = field('condition');
        if (condition) lowerCondition(this.context, condition, whenTrue, whenFalse);
        this.graph.start(whenTrue, node);
        const consequence = field('consequence');
        if (consequence) this.statement(consequence, targets, arms);
        this.graph.finish({ kind: 'goto', to: join, ...at });
        this.graph.start(whenFalse, node);
        const alternative = field('alternative');
        if (alternative) this.statement(alternative, targets, arms);
        this.graph.start(join, node);
        return;
      }
      case 'else_clause':
        for (const item of node.children) if (item.kind !== 'else') this.statement(item, targets, arms);
        return;
      case 'while_statement':
        return this.whileLoop(node);
      case 'do_statement': {
        const [body, test, exit] = [this.graph.reserve(), this.graph.reserve(), this.graph.reserve()];
        this.graph.start(body, node);
        const inner = field('body');
        if (inner) this.statement(inner, { onBreak: exit, onContinue: test }, null);
        this.graph.start(test, node);
        const condition = field('condition');
        const plain = condition ? this.text(condition).replace(/[\s()]/g, '') : '0';
        // do { … } while (0) is a block, not a loop
        if (plain === '0' || plain === 'false' || plain === 'FALSE')
          this.graph.finish({ kind: 'goto', to: exit, ...at });
        else if (condition) lowerCondition(this.context, condition, body, exit);
        this.graph.start(exit, node);
        return;
      }
      case 'for_statement':
        return this.forLoop(node);
      case 'switch_statement':
        return this.switchStatement(node, targets);
      case 'case_statement': {
        const block = this.graph.reserve();
        this.graph.start(block, node);
        const value = field('value');
        if (arms && value) arms.cases.push({ value: lowerExpression(this.context, value), to: block });
        else if (arms) arms.otherwise = block;
        const colon = node.children.findIndex((c) => c.kind === ':');
        for (const item of node.children.slice(colon + 1)) this.statement(item, targets, arms);
        return;
      }
      case 'labeled_statement': {
        const label = field('label');
        if (label) this.graph.start(this.label(this.text(label)), node);
        for (const item of node.children)
          if (item.field !== 'label' && item.kind !== ':') this.statement(item, targets, arms);
        return;
      }
      case 'goto_statement': {
        const label = field('label');
        if (label) this.graph.finish({ kind: 'goto', to: this.label(this.text(label)), ...at });
        return;
      }
      case 'break_statement':
        if (targets.onBreak !== null) this.graph.finish({ kind: 'goto', to: targets.onBreak, ...at });
        return;
      case 'continue_statement':
        if (targets.onContinue !== null) this.graph.finish({ kind: 'goto', to: targets.onContinue, ...at });
        return;
      case 'return_statement': {
        const valueNode = node.children.find((c) => c.kind !== 'return' && c.kind !== ';' && c.kind !== 'comment');
        const value = valueNode ? lowerExpression(this.context, valueNode) : null;
        if (value?.kind === 'name') this.returned.add(value.name);
        this.graph.finish({ kind: 'return', value, ...at });
        return;
      }
      case 'attributed_statement':
        for (const item of node.children) this.statement(item, targets, arms);
        return;
      case 'comment':
      case '{':
      case '}':
      case ';':
        return;
      default:
        if (/_expression$|^identifier$/.test(node.kind)) return this.effect(node);
        if (node.kind === 'ERROR') this.graph.problems.push('syntax error');
    }
  }

  private effect(node: SyntaxNode): void {
    lowerForEffect(this.context, node);
    const callee = node.kind === 'call_expression' ? node.children.find((c) => c.field === 'function') : undefined;
    if (!callee) return;
    const name = this.text(callee);
    const argument = this.text(node)
      .slice(name.length)
      .replace(/[\s()]/g, '');
    // ASSERT (FALSE) and the like end the path as surely as panic () does.
    if (this.noReturn.has(name) || (/^ASSERT/.test(name) && /^(FALSE|false|0)$/.test(argument)))
      this.graph.finish({ kind: 'stop', start: node.start, end: node.end });
  }

  private declaration(node: SyntaxNode): void {
    const type = this.typeOf(node);
    const isStatic = node.children.some(
      (c) => c.kind === 'storage_class_specifier' && /^(static|STATIC)$/.test(this.text(c)),
    );
    for (const item of node.children) {
      if (item.field !== 'declarator') continue;
      const at = { start: item.start, end: item.end };
      const inner = item.kind === 'init_declarator' ? item.children.find((c) => c.field === 'declarator') : item;
      if (!inner || inner.kind === 'function_declarator') continue;
      const { name, shape } = this.declared(inner);
      if (!name) continue;
      const value = item.kind === 'init_declarator' ? item.children.find((c) => c.field === 'value') : undefined;
      this.graph.emit({ kind: 'local', name, type, shape, isStatic, ...at });
      if (value && !isStatic) {
        const lowered = lowerExpression(this.context, value);
        this.graph.emit({
          kind: 'set',
          target: { kind: 'name', name, start: inner.start, end: inner.end },
          value: lowered,
          ...at,
        });
      }
    }
  }

  private whileLoop(node: SyntaxNode): void {
    const at = { start: node.start, end: node.end };
    const [header, body, exit] = [this.graph.reserve(), this.graph.reserve(), this.graph.reserve()];
    const condition = node.children.find((c) => c.field === 'condition');
    const macro = /^[A-Za-z_]\w*/.exec(this.context.text.slice(node.start, node.start + 80))?.[0] ?? 'while';
    if (macro !== 'while' && condition) {
      // An iterator macro that masking turned into `while (arguments)`.
      const values = commaOperands(condition).map((n) => lowerExpression(this.context, n));
      this.graph.start(header, node);
      this.graph.finish({ kind: 'iterate', macro, arguments: values, body, exit, ...at });
    } else {
      this.graph.start(header, node);
      if (condition) lowerCondition(this.context, condition, body, exit);
    }
    this.graph.start(body, node);
    const inner = node.children.find((c) => c.field === 'body');
    if (inner) this.statement(inner, { onBreak: exit, onContinue: header }, null);
    this.graph.finish({ kind: 'goto', to: header, ...at });
    this.graph.start(exit, node);
  }

  private forLoop(node: SyntaxNode): void {
    const at = { start: node.start, end: node.end };
    const field = (name: string) => node.children.find((c) => c.field === name);
    const initializer = field('initializer');
    if (initializer?.kind === 'declaration') this.declaration(initializer);
    else if (initializer) lowerForEffect(this.context, initializer);
    const [header, body, step, exit] = [
      this.graph.reserve(),
      this.graph.reserve(),
      this.graph.reserve(),
      this.graph.reserve(),
    ];
    this.graph.start(header, node);
    const condition = field('condition');
    if (condition) lowerCondition(this.context, condition, body, exit);
    else this.graph.finish({ kind: 'goto', to: body, ...at });
    this.graph.start(body, node);
    const inner = field('body');
    if (inner) this.statement(inner, { onBreak: exit, onContinue: step }, null);
    this.graph.start(step, node);
    const update = field('update');
    if (update) lowerForEffect(this.context, update);
    this.graph.finish({ kind: 'goto', to: header, ...at });
    this.graph.start(exit, node);
  }

  private switchStatement(node: SyntaxNode, targets: Targets): void {
    const at = { start: node.start, end: node.end };
    const condition = node.children.find((c) => c.field === 'condition');
    const body = node.children.find((c) => c.field === 'body');
    const value: Expression = condition ? lowerExpression(this.context, condition) : { kind: 'opaque', ...at };
    const [dispatch, exit, unreached] = [this.graph.reserve(), this.graph.reserve(), this.graph.reserve()];
    this.graph.finish({ kind: 'goto', to: dispatch, ...at });
    const arms: SwitchArms = { cases: [], otherwise: null };
    this.graph.start(unreached, node);
    if (body) this.statement(body, { onBreak: exit, onContinue: targets.onContinue }, arms);
    this.graph.finish({ kind: 'goto', to: exit, ...at });
    this.graph.start(dispatch, node);
    this.graph.finish({ kind: 'switch', value, cases: arms.cases, otherwise: arms.otherwise ?? exit, ...at });
    this.graph.start(exit, node);
  }
}

function find(node: SyntaxNode, kind: string): SyntaxNode | undefined {
  const queue: SyntaxNode[] = [node];
  for (let next = queue.shift(); next; next = queue.shift()) {
    if (next.kind === kind) return next;
    queue.push(...next.children);
  }
  return undefined;
}

function commaOperands(condition: SyntaxNode): SyntaxNode[] {
  const inner =
    condition.kind === 'parenthesized_expression'
      ? condition.children.find((c) => /^[A-Za-z_]/.test(c.kind))
      : condition;
  if (!inner) return [];
  if (inner.kind !== 'comma_expression') return [inner];
  const [left, right] = ['left', 'right'].map((f) => inner.children.find((c) => c.field === f));
  return [...(left ? commaOperands(left) : []), ...(right ? commaOperands(right) : [])];
}
