import { gotoName, labelName, labels } from './bail-out.ts';
import { failureTest } from './check-mapping.ts';
import {
  indentAt,
  insertAfter,
  lineBreak,
  lineEnd,
  lineStart,
  negated,
  removeStatement,
  replaceStatement,
} from './edit.ts';
import type { Fix, FixProvider, FixRequest, TextEdit } from './fix.ts';
import { childAt, type FunctionText, type Statement } from './function-text.ts';
import { isWithin, makingCall, oneLine } from './release.ts';

/** Takes away, moves or guards a release of what is not there. */
export const needlessRelease: FixProvider = (request) => {
  const { fault, code } = request;
  // What a helper does is right for others who call it.
  if (!isWithin(code, fault.place) || fault.exploration.function !== fault.place.function) return [];
  const second = code.statement(fault.place);
  if (second?.node.kind !== 'expression_statement') return [];
  const verb = /free/.test(fault.violation.kind) ? 'free' : 'unmap';
  const first = earlierRelease(request);
  // The same statement once more, in the next turn of a loop: nothing tells which of them is wrong.
  if (first?.node === second.node) return [];
  const remove = removal(code, second, first ? `Remove the second ${verb}` : `Remove this ${verb}`);
  const isUnset = ['null', 'uninitialised'].includes(fault.violation.detail.state ?? '');
  return [
    invertedGuard(code, second, verb),
    ...(isUnset ? guards(request, second, verb) : []),
    remove,
    first && removal(code, first, `Remove the first ${verb}`),
    intoBlock(code, second, verb),
    labelBelow(code, second, verb),
    ...otherLabels(request, second, verb),
    ...(isUnset ? [] : guards(request, second, verb)),
  ].filter((fix) => fix !== null);
};

function removal(code: FunctionText, statement: Statement, title: string): Fix | null {
  const edits = removeStatement(code, statement);
  return edits.length > 0 ? { title, edits, safe: false } : null;
}

/** The release that came first, itself or the call of a function that has it. */
function earlierRelease({ fault, code }: FixRequest): Statement | null {
  const { violation, path, exploration } = fault;
  const related = violation.related.find(({ role }) => role === 'released');
  const operation = related && path.program.operations[related.index];
  if (!related || !operation) return null;
  const place = exploration.place(operation.site);
  const own = isWithin(code, place)
    ? place
    : path.steps.findLast((step) => step.what === 'call' && step.before <= related.index && isWithin(code, step.place))
        ?.place;
  const statement = own ? code.statement(own) : null;
  return statement?.node.kind === 'expression_statement' ? statement : null;
}

/** `if (Mapping == NULL) Unmap (Mapping)`: the other way round. */
function invertedGuard(code: FunctionText, { node, ancestors }: Statement, verb: string): Fix | null {
  const owner = ancestors.findLast(({ kind }) => kind === 'if_statement');
  const condition = owner && childAt(owner, 'condition');
  if (!condition || childAt(owner, 'alternative')) return null;
  const text = code.slice(condition);
  const tested = /^\(\s*(?:!\s*([\w.>-]+)|([\w.>-]+)\s*==\s*(?:NULL|0))\s*\)$/.exec(text);
  const name = tested?.[1] ?? tested?.[2];
  if (name === undefined || !code.slice(node).includes(name)) return null;
  const right = code.dialect === 'edk2' ? `(${name} != NULL)` : `(${name})`;
  return {
    title: `${verb === 'free' ? 'Free' : 'Unmap'} where there is something to ${verb}`,
    edits: [{ start: condition.start, end: condition.end, text: right }],
    safe: false,
  };
}

/** `if (!ret) start (); unmap;` → `if (!ret) { start (); unmap; }`: undone where it was made. */
function intoBlock(code: FunctionText, release: Statement, verb: string): Fix | null {
  const list = release.ancestors.at(-1);
  const owner = list?.children[list.children.indexOf(release.node) - 1];
  const side = owner && childAt(owner, 'consequence');
  if (!list || owner?.kind !== 'if_statement' || !side || childAt(owner, 'alternative')) return null;
  const last = side.kind === 'compound_statement' ? side.children.at(-2) : side;
  if (last?.kind !== 'expression_statement') return null;
  const block = side.kind === 'compound_statement' ? [side] : [];
  const at: Statement = { node: last, ancestors: [...release.ancestors, owner, ...block] };
  const inserted = insertAfter(code, at, [oneLine(code.slice(release.node))]);
  const removed = removeStatement(code, release);
  if (inserted.length === 0 || removed.length === 0) return null;
  const title = `${verb === 'free' ? 'Free' : 'Unmap'} within the block before, where there is something to ${verb}`;
  return { title, edits: [...inserted, ...removed], safe: false };
}

/** `out: unmap;` → `unmap; out:`: those who jump there have nothing to undo. */
function labelBelow(code: FunctionText, { node, ancestors }: Statement, verb: string): Fix | null {
  const label = ancestors.at(-1);
  const name = label?.kind === 'labeled_statement' ? childAt(label, 'label') : undefined;
  if (!label || !name) return null;
  const line = code.text.slice(label.start, node.start);
  const start = lineStart(code.text, label.start);
  const from = lineStart(code.text, node.start);
  if (from <= label.start) return null;
  const end = lineEnd(code.text, node.end);
  const eol = lineBreak(code);
  // EDK2 sets a label apart.
  const gap = /\n\r?\n$/.test(code.text.slice(0, start)) ? eol : '';
  const moved = `${eol}${gap}${indentAt(code, label.start)}${line.trimEnd()}`;
  return {
    title: `Move "${code.slice(name)}:" below the ${verb}`,
    edits: [
      { start: gap === '' ? start : start - eol.length, end: from, text: '' },
      { start: end, end, text: moved },
    ],
    safe: false,
  };
}

/** The jump by which the path came here goes further down the ladder, to a new label if there is none. */
function otherLabels({ fault, code }: FixRequest, { node, ancestors }: Statement, verb: string): readonly Fix[] {
  const list = ancestors.at(-1)?.kind === 'labeled_statement' ? ancestors.at(-2) : ancestors.at(-1);
  if (list !== code.body) return [];
  const jump = fault.path.steps
    .toReversed()
    .filter((step) => step.before <= fault.violation.index && isWithin(code, step.place) && step.what === 'true')
    .flatMap((step) => {
      const owner = code.statement(step.place)?.node;
      const side = owner?.kind === 'if_statement' ? childAt(owner, 'consequence') : undefined;
      return code
        .statements('goto_statement')
        .filter((one) => side && side.start <= one.node.start && one.node.end <= side.end);
    })[0];
  const target = jump && childAt(jump.node, 'label');
  if (!target) return [];
  const go = (label: string): TextEdit => ({ start: target.start, end: target.end, text: label });
  const below = labels(code)
    .filter((one) => one.node.start > node.end)
    .map((one) => labelName(code, one));
  const existing = below.map((label): Fix => ({ title: `Go to ${label}`, edits: [go(label)], safe: false }));
  const rest = code.body.children.filter((one) => one.start > node.end && one.kind !== '}' && one.kind !== 'comment');
  const [next] = rest;
  if (!next || next.kind === 'labeled_statement') return existing;
  // Nothing is left to be undone: leave at once.
  if (next.kind === 'return_statement') {
    const edits = replaceStatement(code, jump, [code.slice(next)]);
    return [...existing, { title: `Return without the ${verb}`, edits, safe: false }];
  }
  const name = code.dialect === 'edk2' ? `${gotoName(code, jump.node)}Rest` : `skip_${gotoName(code, jump.node)}`;
  if (new RegExp(`\\b${name}\\b`).test(code.slice(code.body))) return existing;
  const end = lineEnd(code.text, node.end);
  const label = `${lineBreak(code)}${code.dialect === 'edk2' ? lineBreak(code) : ''}${name}:`;
  return [
    ...existing,
    { title: `Go to a new label below the ${verb}`, edits: [go(name), { start: end, end, text: label }], safe: false },
  ];
}

/** Releases only where there is something: by the condition under which it was made, or by the test of the call. */
function guards({ fault, code }: FixRequest, second: Statement, verb: string): readonly Fix[] {
  const conditions = new Set<string>();
  const release = oneLine(code.slice(second.node));
  if (fault.violation.detail.state === 'null') for (const handle of handlesOf(code, second)) conditions.add(handle);
  for (const { program } of fault.exploration.paths)
    for (const operation of program.operations) {
      if (operation.op !== 'map' && operation.op !== 'allocate') continue;
      const call = makingCall(code, fault, operation);
      if (!call || call.node.start > second.node.start) continue;
      const out = call.args.map((arg) => code.slice(arg).replace(/^&\s*/, ''));
      const isSame = [call.target, ...out].some((name) => name !== null && /^\w/.test(name) && release.includes(name));
      if (!isSame) continue;
      const failed = call.target === null ? null : failureTest(code, call, call.target)?.condition;
      if (failed) conditions.add(negated(failed));
      const owner = call.statement.ancestors.findLast(({ kind }) => kind === 'if_statement');
      const condition = owner && childAt(owner, 'condition');
      if (condition) conditions.add(code.slice(condition).slice(1, -1).trim());
    }
  return [...conditions].flatMap((condition): Fix[] => {
    if (!code.isMeaningfulAt(condition, second.node.start)) return [];
    const edits = guarded(code, second, condition);
    const title = `${verb === 'free' ? 'Free' : 'Unmap'} only if ${condition}`;
    return edits.length > 0 ? [{ title, edits, safe: false }] : [];
  });
}

/** Tests that what a release names is there. */
function handlesOf(code: FunctionText, { node }: Statement): readonly string[] {
  const call = code.call(node.children[0] ?? node);
  const roles = ['mapping', 'device-address', 'cpu-address'] as const;
  return roles.flatMap((role) => {
    const argument = call && code.argument(call, role);
    const handle = argument ? oneLine(code.slice(argument)) : '';
    if (!/^[\w>.*-]+$/.test(handle)) return [];
    return code.dialect === 'edk2' ? `${handle} != NULL` : handle;
  });
}

function guarded(code: FunctionText, statement: Statement, condition: string): readonly TextEdit[] {
  const inside = oneLine(code.slice(statement.node));
  const [edit, ...others] = replaceStatement(code, statement, [{ condition, body: [inside] }]);
  if (!edit) return [];
  if (others.length > 0 || code.dialect !== 'edk2') return [edit, ...others];
  const next = code.text.slice(edit.end);
  const eol = lineBreak(code);
  return /^\r?\n\s*(\r?\n|\})/.test(next) ? [edit] : [{ ...edit, text: edit.text + eol }];
}
