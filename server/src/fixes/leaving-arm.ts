import type { SyntaxNode } from '../syntax/index.ts';
import { failureValue, gotoName, labelName, labels, returnedAfter, returnText, returnValue } from './bail-out.ts';
import { insertBefore, type NewCode, negated, replaceStatement } from './edit.ts';
import { areDisjoint, type Fault, type Fix, type FixProvider, type TextEdit } from './fix.ts';
import { childAt, descendants, type FunctionText, type Statement } from './function-text.ts';
import { handleText, helperCall, isWithin, type Making, makingCall, oneLine, releaseStatement } from './release.ts';

/** Releases what a path leaves behind: by another label of the ladder, or on the arm itself. */
export const leavingArm: FixProvider = ({ fault, ways, code }) => {
  const making = leftBehind(fault);
  if (!making) return [];
  const shown = distinct(ways.flatMap((way) => armOf(code, way) ?? []));
  const earlier = distinct(ways.flatMap((way) => jumpsAfter(code, way, making)));
  return [shown, ...earlier.map((arm) => [arm])].flatMap((arms) => fixesOn(code, fault, making, arms));
};

function fixesOn(code: FunctionText, fault: Fault, making: Making, arms: readonly Statement[]): readonly Fix[] {
  if (arms.length === 0) return [];
  const what = making.op === 'map' ? 'Unmap' : 'Free';
  const place = arms.length > 1 ? 'on these paths' : 'on this path';
  const names = labels(code).map((label) => labelName(code, label));
  // A label that undoes the call is wrong for those who come because it failed.
  const isMixed = arms.some((arm) => guardOn(code, fault, making, arm) !== null);
  const byLabel = (isMixed ? [] : names.toReversed()).map((label): Fix | null => {
    const edits = together(arms.map((arm) => jumpTo(code, arm, label)));
    return edits && { title: `${what} ${place} by going to ${label}`, edits, safe: false };
  });
  const onArm = (cleared: boolean): Fix | null => {
    const edits = together(arms.map((arm) => releaseOn(code, fault, making, arm, cleared)));
    return edits && { title: `${what} ${place}${cleared ? ', and clear the handle' : ''}`, edits, safe: false };
  };
  return [...byLabel, onArm(false), onArm(true)].filter((fix) => fix !== null);
}

function leftBehind({ violation, path }: Fault): Making | null {
  const related = violation.related.find(({ role }) => role === 'mapped' || role === 'allocated');
  const making = related && path.program.operations[related.index];
  return making?.op === 'map' || making?.op === 'allocate' ? making : null;
}

/** The statement by which a path leaves: a jump, or where nothing jumps the end of the function. */
function armOf(code: FunctionText, fault: Fault): Statement | null {
  const { place, path, violation, exploration } = fault;
  if (!isWithin(code, place)) return null;
  const statement = code.statement(place);
  if (!statement) return null;
  const { node } = statement;
  const at = path.program.operations[violation.index];
  const isRelease = at?.op === 'free' || at?.op === 'unmap';
  if (isRelease) return jumpBefore(code, fault, statement);
  if (node.kind === 'return_statement') return statement;
  // A path that ends without a return is reported where it began.
  const isMaking = violation.related.some(
    ({ index }) => exploration.place(path.program.operations[index]?.site ?? -1).start === place.start,
  );
  if (isMaking) return null;
  const step = path.steps.findLast((one) => one.place.start === place.start && one.place.end === place.end);
  return step && (step.what === 'true' || step.what === 'false')
    ? jumpBelow(code, statement, step.what === 'true')
    : null;
}

/** The jump that ends one side of an `if`. */
function jumpBelow(code: FunctionText, { node, ancestors }: Statement, isTrue: boolean): Statement | null {
  const side = childAt(node, isTrue ? 'consequence' : 'alternative');
  if (node.kind !== 'if_statement' || !side) return null;
  const jump = [...descendants(side)].findLast(({ kind }) => /^(goto|return|continue|break)_statement$/.test(kind));
  return jump && jump.end >= side.end - 8 ? (code.statement(jump) ?? { node: jump, ancestors }) : null;
}

/** The jumps that a path takes after it has made something, the last first: one of them may pass by the release. */
function jumpsAfter(code: FunctionText, { path }: Fault, making: Making): readonly Statement[] {
  const index = path.program.operations.indexOf(making);
  return path.steps.toReversed().flatMap((step) => {
    if (step.before <= index || !isWithin(code, step.place) || (step.what !== 'true' && step.what !== 'false'))
      return [];
    const statement = code.statement(step.place);
    return (statement && jumpBelow(code, statement, step.what === 'true')) ?? [];
  });
}

/** Where a path comes to a release too early: the jump that it came by, or the release itself where it stands on an arm. */
function jumpBefore(code: FunctionText, { path, violation }: Fault, release: Statement): Statement | null {
  const isOnArm = release.ancestors.some(({ kind }) => kind === 'if_statement');
  if (isOnArm) return release;
  for (const step of path.steps.toReversed()) {
    if (step.before > violation.index || !isWithin(code, step.place)) continue;
    if (step.what !== 'true' && step.what !== 'false') continue;
    const statement = code.statement(step.place);
    const jump = statement && jumpBelow(code, statement, step.what === 'true');
    if (jump) return jump;
  }
  return null;
}

function distinct(arms: readonly Statement[]): readonly Statement[] {
  return [...new Map(arms.map((arm) => [arm.node.start, arm])).values()];
}

function together(parts: readonly (readonly TextEdit[])[]): readonly TextEdit[] | null {
  const edits = parts.flat();
  return parts.some((part) => part.length === 0) || !areDisjoint(edits) ? null : edits;
}

/** The arm jumps to another label instead. */
function jumpTo(code: FunctionText, arm: Statement, label: string): readonly TextEdit[] {
  const { node } = arm;
  const target = labels(code).find((one) => labelName(code, one) === label);
  if (!target || target.node.start < node.end) return [];
  // A label to which only later steps jump undoes what is not done yet.
  const gotos = code.statements('goto_statement').filter((one) => gotoName(code, one.node) === label);
  if (gotos.length > 0 && gotos.every((one) => one.node.start > node.start)) return [];
  if (node.kind === 'goto_statement') {
    const name = childAt(node, 'label');
    return !name || gotoName(code, node) === label ? [] : [{ start: name.start, end: name.end, text: label }];
  }
  if (node.kind !== 'return_statement') return [];
  const value = returnValue(code, node);
  const returned = returnedAfter(code, label);
  const jump = `goto ${label};`;
  if (value === returned) return replaceStatement(code, arm, [jump]);
  if (returned === null || !/^[A-Za-z_]\w*$/.test(returned) || /^[A-Z0-9_]+$/.test(returned)) return [];
  return replaceStatement(code, arm, [`${returned} = ${value};`, jump]);
}

/** The arm releases it before it leaves, and before it frees what the release may look at. */
function releaseOn(
  code: FunctionText,
  fault: Fault,
  making: Making,
  arm: Statement,
  isCleared: boolean,
): readonly TextEdit[] {
  const release = releaseStatement(code, fault, making, arm.node.start);
  const handle = isCleared ? clearable(code, fault, making) : null;
  if (release === null || (isCleared && handle === null)) return [];
  const lines = handle === null ? [release] : [release, `${handle} = NULL;`];
  const guard = guardOn(code, fault, making, arm);
  const parts: readonly NewCode[] = guard === null ? lines : [{ condition: guard, body: lines }];
  const { node } = arm;
  // A call in the return comes first: it may use what is released.
  if (node.kind === 'return_statement' && hasCall(code, node)) {
    const status = statusVariable(code);
    return status
      ? replaceStatement(code, arm, [`${status} = ${returnValue(code, node)};`, ...parts, returnText(status)])
      : [];
  }
  return insertBefore(code, beginning(code, arm, guard !== null), parts);
}

/** A token or pointer that others can reach: they release it once more, unless it says that there is nothing. */
function clearable(code: FunctionText, fault: Fault, making: Making): string | null {
  const call = makingCall(code, fault, making);
  const handle = call && (handleText(code, call, 'mapping') ?? handleText(code, call, 'cpu-address'));
  return handle && /->|\.|^\*/.test(handle) ? handle : null;
}

/** The first statement of the arm that releases something; where something is tested, that changes something. */
function beginning(code: FunctionText, arm: Statement, isTested: boolean): Statement {
  const list = arm.ancestors.at(-1);
  if (list?.kind !== 'compound_statement' || list === code.body) return arm;
  const first = list.children.find(
    (one) =>
      one.start < arm.node.start &&
      one.kind === 'expression_statement' &&
      (RELEASES.test(code.slice(one)) || (isTested && one.children[0]?.kind === 'assignment_expression')),
  );
  return first ? { node: first, ancestors: arm.ancestors } : arm;
}

const RELEASES = /^[\w>.-]*(free|release|put|unmap|destroy|del)\w*\s*\(/i;

/** Where the arm is taken as well when the call failed: a test that it did not. */
function guardOn(code: FunctionText, fault: Fault, making: Making, arm: Statement): string | null {
  const call = makingCall(code, fault, making) ?? helperCall(code, fault, making);
  if (!call?.target) return null;
  const failed = new RegExp(`(?<![\\w>.])${literally(call.target)}(?!\\w)`);
  for (const { kind, start, children } of arm.ancestors) {
    const condition = kind === 'if_statement' && start > call.node.start ? children.find(isCondition) : undefined;
    const either = condition && firstOfEither(code, condition);
    if (either && failed.test(either)) return negated(either);
  }
  return null;
}

const isCondition = ({ field }: SyntaxNode): boolean => field === 'condition';

const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** `a` of `(a || b || c)`; null where there is no choice. */
function firstOfEither(code: FunctionText, condition: SyntaxNode): string | null {
  let node = condition.children.find(({ kind }) => kind === 'binary_expression');
  let left: SyntaxNode | undefined;
  while (node?.kind === 'binary_expression' && node.children.some(({ kind }) => kind === '||')) {
    left = childAt(node, 'left');
    node = left;
  }
  return left ? oneLine(code.slice(left)).replace(/^\(([^()]*)\)$/, '$1') : null;
}

function statusVariable(code: FunctionText): string | null {
  const names = code.dialect === 'edk2' ? ['Status'] : ['ret', 'err', 'rc', 'error', 'retval', 'status'];
  return (failureValue(code, null) ?? '') === '' ? null : (names.find((name) => code.declares(name)) ?? null);
}

/** Macros in capitals are no calls. */
const hasCall = (code: FunctionText, node: SyntaxNode): boolean =>
  [...descendants(node)].some(
    ({ kind, children }) => kind === 'call_expression' && children[0] && !/^[A-Z0-9_]+$/.test(code.slice(children[0])),
  );
