import type { SyntaxNode } from '../syntax/index.ts';
import { insertAfter, removeStatement } from './edit.ts';
import type { FixProvider, TextEdit } from './fix.ts';
import type { FunctionText, Statement } from './function-text.ts';
import { leavingArm } from './leaving-arm.ts';
import { isWithin, oneLine } from './release.ts';

/** Frees memory behind the unmap that follows; where none follows, unmaps on the arm. */
export const releaseOrder: FixProvider = (request) => {
  const { fault, code } = request;
  const { violation, path, exploration } = fault;
  const mapped = violation.related.find(({ role }) => role === 'mapped');
  const making = mapped && path.program.operations[mapped.index];
  const free = code.statement(fault.place);
  const unmap = path.program.operations.find(
    (one, index) =>
      index > violation.index &&
      one.op === 'unmap' &&
      one.target.to === 'mapping' &&
      making?.op === 'map' &&
      one.target.id === making.mapping,
  );
  const place = unmap && exploration.place(unmap.site);
  const behind = place && isWithin(code, place) ? code.statement(place) : null;
  const edits = free && behind ? moved(code, free, behind) : [];
  return [...(edits.length > 0 ? [{ title: 'Free after the unmap', edits, safe: false }] : []), ...leavingArm(request)];
};

/** The first of two statements of one list goes behind the second. */
function moved(code: FunctionText, first: Statement, second: Statement): readonly TextEdit[] {
  const [list, other] = [listOf(first), listOf(second)];
  if (!list || list.node !== other?.node) return [];
  // Next to each other they change places, so that a label stays where it is.
  if (list.node.children[list.node.children.indexOf(list.child) + 1] === other.child)
    return [
      { start: first.node.start, end: first.node.end, text: code.slice(second.node) },
      { start: second.node.start, end: second.node.end, text: code.slice(first.node) },
    ];
  const removed = removeStatement(code, first);
  const inserted = insertAfter(code, second, [oneLine(code.slice(first.node))]);
  return removed.length > 0 && inserted.length > 0 ? [...removed, ...inserted] : [];
}

/** The list that a statement stands in, with the part of it that the statement is, label and all. */
function listOf({ node, ancestors }: Statement): { readonly node: SyntaxNode; readonly child: SyntaxNode } | null {
  const parent = ancestors.at(-1);
  const isLabelled = parent?.kind === 'labeled_statement';
  const list = isLabelled ? ancestors.at(-2) : parent;
  return list ? { node: list, child: isLabelled ? parent : node } : null;
}
