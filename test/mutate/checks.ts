import type { SyntaxNode } from '../../server/src/syntax/index.ts';
import type { FunctionText } from './function-text.ts';
import { type Change, replace } from './mutant.ts';
import type { Pair } from './pairs.ts';

/** Statements behind a map in which its test is looked for. */
const NEAR = 2;

/** Tests of the result of a map, made false. */
export function* deletedChecks(code: FunctionText, { begin, deviceAddress }: Pair): Iterable<Change> {
  const { failure, action } = begin.model;
  if (action !== 'map' || failure === 'never' || failure === 'silent') return;
  if (failure === 'mapping-error') {
    for (const call of code.calls) {
      const tested = call.model.action === 'check-mapping' ? code.argument(call, 'device-address') : null;
      if (tested && call.node.start > begin.node.start && code.plain(tested) === deviceAddress)
        yield replace(code, call.node, '0');
    }
    return;
  }
  const inCondition = testAround(code, begin.node);
  if (inCondition) {
    yield replace(code, inCondition, `(${code.text(begin.node)}, 0)`);
    return;
  }
  const target = code.target(begin.node);
  const test = target === null ? null : nextTest(code, begin.node, target);
  if (test) yield replace(code, test, '0');
}

/** `!dma_map_sg (…)`, `dma_map_sg (…) == 0` within the condition of an `if`. */
function testAround(code: FunctionText, call: SyntaxNode): SyntaxNode | null {
  let inner: SyntaxNode = call;
  for (const outer of code.around(call)) {
    if (outer.kind === 'if_statement') return inner.field === 'condition' ? testIn(code, inner, call) : null;
    if (/statement|declaration|definition|assignment/.test(outer.kind)) return null;
    inner = outer;
  }
  return null;
}

/** The test of a variable in the next `if` behind its assignment. */
function nextTest(code: FunctionText, call: SyntaxNode, target: string): SyntaxNode | null {
  let statement: SyntaxNode = call;
  for (const outer of code.around(call)) {
    if (/^(?:compound_statement|case_statement)$/.test(outer.kind)) {
      const at = outer.children.indexOf(statement);
      for (const next of outer.children.slice(at + 1, at + 1 + NEAR)) {
        const condition = next.kind === 'if_statement' ? next.children.find((c) => c.field === 'condition') : undefined;
        const used =
          condition && [...code.nodes(condition)].find((n) => code.plain(n) === target && n.children.length === 0);
        if (condition && used) return testIn(code, condition, used);
      }
      return null;
    }
    statement = outer;
  }
  return null;
}

/** The operand of the condition's outermost `&&` and `||` that holds `node`. */
function testIn(code: FunctionText, condition: SyntaxNode, node: SyntaxNode): SyntaxNode | null {
  let inner: SyntaxNode = node;
  for (const outer of code.around(node)) {
    const operator = outer.children.find((c) => c.field === 'operator')?.kind;
    if (outer === condition || operator === '&&' || operator === '||') {
      // The parentheses belong to the statement.
      return inner === node && inner.kind === 'call_expression' ? null : inner;
    }
    inner = outer;
  }
  return null;
}
