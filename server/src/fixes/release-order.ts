import { indentAt, insertAfter, removeStatement } from './edit.ts';
import type { FixProvider } from './fix.ts';
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
  if (free && behind && free.ancestors.at(-1) === behind.ancestors.at(-1)) {
    const text = indentAt(code, free.node.start) === indentAt(code, behind.node.start) ? code.slice(free.node) : '';
    const removed = removeStatement(code, free);
    const inserted = insertAfter(code, behind, [text || oneLine(code.slice(free.node))]);
    if (removed.length > 0 && inserted.length > 0)
      return [{ title: 'Free after the unmap', edits: [...removed, ...inserted], safe: false }];
  }
  return leavingArm(request);
};
