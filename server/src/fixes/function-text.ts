import type { ApiModel, Dialect, Models, Role } from '../models/index.ts';
import type { SyntaxNode } from '../syntax/index.ts';

interface Span {
  readonly start: number;
  readonly end: number;
}

/** A statement with what it stands in, the innermost last. */
export interface Statement {
  readonly node: SyntaxNode;
  readonly ancestors: readonly SyntaxNode[];
}

/** A call as the source writes it. */
export interface Call {
  readonly node: SyntaxNode;
  /** `dma_map_single`, `Disk->PciIo->Map`. */
  readonly callee: SyntaxNode;
  readonly args: readonly SyntaxNode[];
  readonly model: ApiModel | null;
  /** What its result is stored in, as written; null when it is stored nowhere or not as it is. */
  readonly target: string | null;
  readonly statement: Statement;
}

const SIMPLE = new Set([
  'expression_statement',
  'declaration',
  'return_statement',
  'goto_statement',
  'break_statement',
  'continue_statement',
]);
const CONTROL = new Set(['if_statement', 'for_statement', 'while_statement', 'do_statement', 'switch_statement']);

/** One function: the text of its file, and its tree, whose offsets are those of the file. */
export class FunctionText {
  /** As places name it. */
  readonly file: string;
  readonly text: string;
  readonly tree: SyntaxNode;
  /** As written, one blank between its words; pointers end with `*`. */
  readonly returnType: string;
  readonly dialect: Dialect;
  readonly models: Models;
  readonly body: SyntaxNode;

  constructor(file: string, text: string, tree: SyntaxNode, returnType: string, dialect: Dialect, models: Models) {
    this.file = file;
    this.text = text;
    this.tree = tree;
    this.returnType = returnType;
    this.dialect = dialect;
    this.models = models;
    this.body = [...descendants(tree)].find(({ kind }) => kind === 'compound_statement') ?? tree;
  }

  /** Names of the parameters, in order. */
  get parameters(): readonly string[] {
    const list = [...descendants(this.tree)].find(({ kind }) => kind === 'parameter_list');
    return (list?.children ?? [])
      .filter(({ kind }) => kind === 'parameter_declaration')
      .map((one) => declaredName(this, childAt(one, 'declarator') ?? one));
  }

  slice({ start, end }: Span): string {
    return this.text.slice(start, end);
  }

  /** Nodes that hold the span, the innermost last. */
  chain({ start, end }: Span): readonly SyntaxNode[] {
    const nodes: SyntaxNode[] = [];
    for (let node: SyntaxNode | undefined = this.tree; node; ) {
      nodes.push(node);
      node = node.children.find((child) => child.start <= start && end <= child.end && child.end > child.start);
    }
    return nodes;
  }

  /** The innermost statement that holds the span; conditions belong to their `if`. */
  statement(at: Span): Statement | null {
    const nodes = this.chain(at);
    const index = nodes.findLastIndex(({ kind }) => SIMPLE.has(kind) || CONTROL.has(kind));
    const node = nodes[index];
    return node ? { node, ancestors: nodes.slice(0, index) } : null;
  }

  /** All statements of some kinds, in order. */
  statements(...kinds: readonly string[]): readonly Statement[] {
    const found: Statement[] = [];
    const visit = (node: SyntaxNode, ancestors: readonly SyntaxNode[]): void => {
      if (kinds.includes(node.kind)) found.push({ node, ancestors });
      for (const child of node.children) visit(child, [...ancestors, node]);
    };
    visit(this.tree, []);
    return found;
  }

  /** The call at a place, or around it. */
  call(at: Span): Call | null {
    const nodes = this.chain(at);
    const index = nodes.findLastIndex(({ kind }) => kind === 'call_expression');
    const node = nodes[index];
    const statement = this.statement(at);
    const [callee, list] = node ? [childAt(node, 'function'), childAt(node, 'arguments')] : [];
    if (!node || !statement || !callee || !list) return null;
    const args = list.children.filter(({ kind }) => !['(', ')', ',', 'comment'].includes(kind));
    const model = this.#model(this.slice(callee), args.length);
    return { node, callee, args, model, target: this.#target(nodes.slice(0, index)), statement };
  }

  /** The argument that plays this part. */
  argument({ args, model }: Call, role: Role): SyntaxNode | null {
    return args[model?.args.indexOf(role) ?? -1] ?? null;
  }

  /** Names declared in the function, with the statement list that they hold in. */
  #declarations(): readonly { readonly name: string; readonly at: SyntaxNode; readonly scope: SyntaxNode }[] {
    return this.statements('declaration').flatMap(({ node, ancestors }) => {
      const scope = ancestors.findLast(({ kind }) => kind === 'compound_statement' || kind === 'for_statement');
      if (!scope) return [];
      return node.children
        .filter(({ field }) => field === 'declarator')
        .map((declarator) => ({ name: declaredName(this, declarator), at: node, scope }));
    });
  }

  /** Whether all names in a piece of text mean something at an offset. */
  isMeaningfulAt(code: string, offset: number): boolean {
    const names = new Set(code.match(/(?<!->\s*|\.\s*|[\w])[A-Za-z_]\w*/g));
    const declared = this.#declarations();
    for (const name of names) {
      const own = declared.filter((one) => one.name === name);
      if (
        own.length > 0 &&
        !own.some(({ at, scope }) => at.end <= offset && scope.start < offset && offset < scope.end)
      )
        return false;
    }
    return true;
  }

  /** Whether the function declares a variable of this name. */
  declares(name: string): boolean {
    return this.#declarations().some((one) => one.name === name);
  }

  #model(callee: string, count: number): ApiModel | null {
    const plain = callee.replace(/\s+/g, '');
    const member = /^(.*?)(?:->|\.)((?:Mem|Io|Pci)\.\w+|\w+)$/.exec(plain);
    const model = member
      ? this.models.member(member[2] ?? '', count, this.dialect, member[1] ?? '')
      : this.models.function(plain, this.dialect);
    return model ?? null;
  }

  #target(around: readonly SyntaxNode[]): string | null {
    const outer = around.findLast(({ kind }) => kind !== 'cast_expression' && kind !== 'parenthesized_expression');
    if (outer?.kind === 'init_declarator') return declaredName(this, outer);
    const left = outer?.kind === 'assignment_expression' ? childAt(outer, 'left') : undefined;
    const isPlain = outer?.children.some(({ kind }) => kind === '=') ?? false;
    return left && isPlain ? this.slice(left) : null;
  }
}

export const childAt = (node: SyntaxNode, field: string): SyntaxNode | undefined =>
  node.children.find((child) => child.field === field);

export function* descendants(node: SyntaxNode): Iterable<SyntaxNode> {
  yield node;
  for (const child of node.children) yield* descendants(child);
}

function declaredName(code: FunctionText, declarator: SyntaxNode): string {
  for (const node of descendants(declarator)) if (node.kind === 'identifier') return code.slice(node);
  return '';
}
