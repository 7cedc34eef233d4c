import type { Unit, UnitFunction } from '../../server/src/audit/unit.ts';
import type { ApiModel, Models, Role } from '../../server/src/models/index.ts';
import type { Parser, SyntaxNode } from '../../server/src/syntax/index.ts';

/** A call whose API the models know. */
export interface ApiCall {
  readonly node: SyntaxNode;
  readonly model: ApiModel;
  /** As it is called: `PciIo->Unmap`. */
  readonly name: string;
  readonly args: readonly SyntaxNode[];
}

/** A function as text and tree. Offsets are those of the file. */
export class FunctionText {
  readonly unit: Unit;
  readonly name: string;
  readonly root: SyntaxNode;
  readonly calls: readonly ApiCall[];
  readonly #parents = new Map<SyntaxNode, SyntaxNode>();

  constructor(unit: Unit, { name, item, content }: UnitFunction, models: Models, parser: Parser) {
    this.unit = unit;
    this.name = name;
    this.root = parser.parse(content.masked, item.start);
    const calls: ApiCall[] = [];
    for (const node of this.nodes()) {
      for (const child of node.children) this.#parents.set(child, node);
      const call = node.kind === 'call_expression' ? this.#apiCall(node, models) : null;
      if (call) calls.push(call);
    }
    this.calls = calls;
  }

  /** In the order of the text. */
  *nodes(top: SyntaxNode = this.root): Iterable<SyntaxNode> {
    const waiting = [top];
    for (let node = waiting.pop(); node; node = waiting.pop()) {
      yield node;
      waiting.push(...node.children.toReversed());
    }
  }

  parent(node: SyntaxNode): SyntaxNode | null {
    return this.#parents.get(node) ?? null;
  }

  /** From the inside out, without the node itself. */
  *around(node: SyntaxNode): Iterable<SyntaxNode> {
    for (let outer = this.parent(node); outer; outer = this.parent(outer)) yield outer;
  }

  text({ start, end }: { readonly start: number; readonly end: number }): string {
    return this.unit.text.slice(start, end);
  }

  /** What is spelt in one way by everybody: without comments, blanks, outer parentheses and casts. */
  plain(node: SyntaxNode): string {
    let text = flat(this.text(node)).replace(/\s+/g, '');
    for (;;) {
      const shorter = text
        .replace(/^\((?:const)?(?:struct|union)?[A-Za-z_]\w*\*+\)/, '')
        .replace(/^\(([^()]*)\)$/, '$1');
      if (shorter === text) return text;
      text = shorter;
    }
  }

  argument(call: ApiCall, role: Role): SyntaxNode | null {
    return call.args[call.model.args.indexOf(role)] ?? null;
  }

  /** The statement that consists of this call, its result assigned to something perhaps. */
  statement(call: ApiCall): SyntaxNode | null {
    for (const outer of this.around(call.node)) {
      if (outer.kind === 'expression_statement') return outer;
      if (!TRANSPARENT.has(outer.kind) && outer.kind !== 'assignment_expression') return null;
    }
    return null;
  }

  /** The place that receives the result of an expression, as `plain` text. */
  target(node: SyntaxNode): string | null {
    let inner = node;
    for (const outer of this.around(node)) {
      if (outer.kind === 'assignment_expression' && inner.field === 'right') {
        const left = outer.children.find((c) => c.field === 'left');
        return left ? this.plain(left) : null;
      }
      if (outer.kind === 'init_declarator' && inner.field === 'value') {
        const declared = outer.children.find((c) => c.field === 'declarator');
        return declared ? this.plain(declared).replace(/^\*+/, '') : null;
      }
      if (!TRANSPARENT.has(outer.kind)) return null;
      inner = outer;
    }
    return null;
  }

  #apiCall(node: SyntaxNode, models: Models): ApiCall | null {
    const callee = node.children.find((c) => c.field === 'function');
    const list = node.children.find((c) => c.field === 'arguments');
    if (!callee || !list) return null;
    const args = list.children.filter(({ kind }) => !PUNCTUATION.has(kind));
    const name = this.text(callee);
    const { dialect } = this.unit;
    if (callee.kind === 'identifier') {
      const model = models.function(name, dialect);
      return model ? { node, model, name, args } : null;
    }
    if (callee.kind !== 'field_expression') return null;
    const member = callee.children.find((c) => c.field === 'field');
    const receiver = callee.children.find((c) => c.field === 'argument');
    if (!member || !receiver) return null;
    const model = models.member(this.text(member), args.length, dialect, this.text(receiver));
    return model ? { node, model, name, args } : null;
  }
}

const TRANSPARENT: ReadonlySet<string> = new Set(['cast_expression', 'parenthesized_expression']);
const PUNCTUATION: ReadonlySet<string> = new Set(['(', ')', ',', 'comment']);

/** Text on one line, without comments. */
export function flat(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, ' ').replace(/\s*\n\s*/g, ' ');
}
