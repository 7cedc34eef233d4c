import type { ApiModel } from '../models/index.ts';
import type { SyntaxNode } from '../syntax/index.ts';
import { bailOuts, labelName, labels } from './bail-out.ts';
import {
  callText,
  indentAt,
  insertAfter,
  isListed,
  lineBreak,
  lineEnd,
  type NewCode,
  replaceStatement,
} from './edit.ts';
import type { Fault, Fix, FixProvider, TextEdit } from './fix.ts';
import { type Call, childAt, type FunctionText, type Statement } from './function-text.ts';
import { heldBefore, type Making, makingCall, oneLine, releaseElsewhere, releaseStatement } from './release.ts';

/** Puts the test that the API defines behind a map call, and what undoes what was done so far. */
export const checkMapping: FixProvider = ({ fault, code }) => {
  const call = code.call(fault.place);
  if (!call?.model) return [];
  const stored = storedResult(code, call);
  if (!stored) return [];
  const { condition, status, edits, test, use, isTest = false } = stored;
  const offset = call.statement.node.end;
  const held = heldBefore(fault, fault.violation.index);
  const isOurs = (making: Making): boolean => isOwnMemory(code, fault, making, offset);
  const released = held
    .flatMap((making) =>
      isOurs(making)
        ? (releaseStatement(code, fault, making, offset) ?? [])
        : (releaseElsewhere(code, fault, making, offset) ?? []),
    )
    .reverse();
  const all = held.flatMap((making) => releaseStatement(code, fault, making, offset) ?? []).reverse();
  const after = labelThatReleases(code, fault);
  const ways = [released, ...(all.length > released.length ? [all] : [])].flatMap((releases) =>
    bailOuts(code, { offset, releases, status, after }),
  );
  return ways.flatMap(({ lines, words }): Fix[] => {
    const parts = [{ condition, body: lines }, ...(use === undefined ? [] : [use])];
    const inserted = isTest ? replaceStatement(code, call.statement, parts) : insertCheck(code, call.statement, parts);
    return inserted.length > 0
      ? [
          {
            title: `Test the mapping${isTest ? '' : ` with ${test}`} and ${words}`,
            edits: [...edits, ...inserted],
            safe: false,
          },
        ]
      : [];
  });
};

/** Ordinary memory that nobody but a local variable knows. */
function isOwnMemory(code: FunctionText, fault: Fault, making: Making, offset: number): boolean {
  const call = makingCall(code, fault, making);
  if (making.op !== 'allocate' || making.memory === 'dma' || !call?.target || !/^\w+$/.test(call.target)) return false;
  if (!code.declares(call.target)) return false;
  const name = call.target;
  const between = code.text.slice(call.statement.node.end, offset);
  const isStored = new RegExp(`=\\s*(\\([^()]*\\)\\s*)?${name}\\s*[;,]`).test(between);
  const calls = [...between.matchAll(new RegExp(`\\b(\\w+)\\s*\\(([^();]*[,\\s])?&?${name}\\s*[,)]`, 'g'))];
  return (
    !isStored &&
    calls.every(([, callee]) => /^(if|unlikely|likely|IS_ERR\w*|mem\w+|sizeof|ZeroMem|CopyMem)$/.test(callee ?? ''))
  );
}

interface StoredResult {
  /** True when the call has failed. */
  readonly condition: string;
  /** How people call the test. */
  readonly test: string;
  /** The variable that holds the error when it has. */
  readonly status: string | null;
  /** What must be changed so that the result can be tested. */
  readonly edits: readonly TextEdit[];
  /** What comes behind the test: the statement that the call was a part of. */
  readonly use?: string;
  /** The call itself is in the condition: the test takes its place. */
  readonly isTest?: boolean;
}

function storedResult(code: FunctionText, call: Call): StoredResult | null {
  const { model, target, statement } = call;
  if (!model) return null;
  if (target !== null) {
    const condition = failureTest(code, call, target);
    const isStatus = ['efi-error', 'nonzero', 'negative', 'not-positive'].includes(model.failure ?? '');
    return condition && { ...condition, status: isStatus && model.result !== 'count' ? target : null, edits: [] };
  }
  // Nothing looks at the result yet: it needs a place first.
  if (statement.node.kind !== 'expression_statement') return null;
  if (model.result === 'device-address') return inOwnVariable(code, call);
  if (statement.node.children[0] !== call.node) return null;
  if (model.failure !== 'efi-error') {
    const direct = failureTest(code, call, oneLine(code.slice(call.node)));
    return direct && { ...direct, status: null, edits: [], isTest: true };
  }
  const status = 'Status';
  const edits = [{ start: call.node.start, end: call.node.start, text: `${status} = ` }];
  if (!code.declares(status)) edits.unshift(...declaration(code, 'EFI_STATUS', status));
  return { condition: `EFI_ERROR (${status})`, test: 'EFI_ERROR ()', status, edits };
}

/** `post(ring, dma_map_single(…))`: the address goes into a variable of its own, and what used it comes behind the test. */
function inOwnVariable(code: FunctionText, call: Call): StoredResult | null {
  const body = code.slice(code.body);
  const name = ['addr', 'dma', 'dma_addr', 'mapping'].find((one) => !new RegExp(`(?<![>.])\\b${one}\\b`).test(body));
  const condition = name === undefined ? null : failureTest(code, call, name);
  const declared = name === undefined ? [] : declaration(code, 'dma_addr_t', name);
  if (name === undefined || !condition || declared.length === 0 || !isListed(call.statement)) return null;
  const { node } = call.statement;
  const use = code.text.slice(node.start, call.node.start) + name + code.text.slice(call.node.end, node.end);
  return {
    ...condition,
    status: null,
    edits: [...declared, ...replaceStatement(code, call.statement, [`${name} = ${oneLine(code.slice(call.node))};`])],
    use: oneLine(use),
  };
}

/** A test that is true when the call failed whose result is in `target`. */
export function failureTest(
  code: FunctionText,
  call: Call,
  target: string,
): { readonly condition: string; readonly test: string } | null {
  const direct = (condition: string): { readonly condition: string; readonly test: string } => ({
    condition,
    test: `"${condition}"`,
  });
  switch (call.model?.failure) {
    case 'mapping-error': {
      const check = mappingCheck(code, call);
      const device = code.argument(call, 'device');
      if (!check || !device) return null;
      const args = [oneLine(code.slice(device)), target];
      return { condition: callText(code, check.name, args), test: `${check.name} ()` };
    }
    case 'zero':
      return direct(`!${target}`);
    case 'null':
      return direct(code.dialect === 'edk2' ? `${target} == NULL` : `!${target}`);
    case 'nonzero':
      return direct(target);
    case 'negative':
      return direct(`${target} < 0`);
    case 'not-positive':
      return direct(`${target} <= 0`);
    case 'err-pointer':
      return direct(`IS_ERR(${target})`);
    case 'err-pointer-or-null':
      return direct(`IS_ERR_OR_NULL(${target})`);
    case 'efi-error':
      return { condition: `EFI_ERROR (${target})`, test: 'EFI_ERROR ()' };
    default:
      return null;
  }
}

/** `ib_dma_map_single` is tested by `ib_dma_mapping_error`. */
function mappingCheck(code: FunctionText, call: Call): ApiModel | null {
  const prefix = /^(.*?)dma_map_/.exec(code.slice(call.callee))?.[1] ?? '';
  const checks = code.models.entries.filter(
    ({ action, dialects, args }) =>
      action === 'check-mapping' && dialects.includes(code.dialect) && args.join() === 'device,device-address',
  );
  const named = (name: string): ApiModel | undefined => checks.find((one) => one.name === name);
  return named(`${prefix}dma_mapping_error`) ?? named('dma_mapping_error') ?? null;
}

/** The label behind which the mapping of this fault is released first: there it must exist already. */
function labelThatReleases(code: FunctionText, fault: Fault): string | null {
  const making = fault.path.program.operations[fault.violation.index];
  if (making?.op !== 'map') return null;
  const release = releaseElsewhere(code, fault, making, code.body.end);
  if (release === null) return null;
  const found = labels(code).find(({ node }) => {
    const statement = node.children.at(-1);
    return statement !== undefined && oneLine(code.slice(statement)) === release;
  });
  return found ? labelName(code, found) : null;
}

/** Behind the statement; behind the last declaration, where it is one. */
function insertCheck(code: FunctionText, statement: Statement, parts: readonly NewCode[]): readonly TextEdit[] {
  if (statement.node.kind !== 'declaration') return insertAfter(code, statement, parts);
  const list = statement.ancestors.at(-1)?.children ?? [];
  const following = list.slice(list.indexOf(statement.node) + 1);
  const count = following.findIndex(({ kind }) => kind !== 'declaration' && kind !== 'comment');
  const declarations = following
    .slice(0, count < 0 ? following.length : count)
    .filter(({ kind }) => kind !== 'comment');
  const last = declarations.at(-1) ?? statement.node;
  const split = declarations.flatMap((one) => splitDeclaration(code, one) ?? []);
  const end = lineEnd(code.text, last.end);
  const eol = lineBreak(code);
  const isBlankNext = /^\r?\n[ \t]*\r?\n/.test(code.text.slice(end));
  const at: Statement = { node: last, ancestors: statement.ancestors };
  const [inserted, ...others] = insertAfter(code, at, [...parts, ...split.map(({ assignment }) => assignment)]);
  if (!inserted || others.length > 0 || !isListed(at)) return [];
  const removed = split.map(({ edit }) => edit);
  // The empty line that ends the declarations goes before the test.
  return [...removed, { ...inserted, text: isBlankNext ? eol + inserted.text : eol + inserted.text }];
}

/** `int ret = start(p);` → `int ret;` and `ret = start(p);`: the call must wait for the test. */
function splitDeclaration(
  code: FunctionText,
  node: SyntaxNode,
): { readonly edit: TextEdit; readonly assignment: string } | null {
  const declarators = node.children.filter(({ field }) => field === 'declarator');
  const [declarator] = declarators;
  const value = declarator && childAt(declarator, 'value');
  const name = declarator && childAt(declarator, 'declarator');
  if (declarators.length !== 1 || !value || name?.kind !== 'identifier' || value.kind !== 'call_expression')
    return null;
  const isConstant = /\bconst\b/.test(code.slice({ start: node.start, end: name.start }));
  if (isConstant) return null;
  return {
    edit: { start: name.end, end: value.end, text: '' },
    assignment: `${code.slice(name)} = ${code.slice(value)};`,
  };
}

/** A new local variable, below the others; in EDK2 with its name below theirs. */
function declaration(code: FunctionText, type: string, name: string): readonly TextEdit[] {
  const [first] = code.body.children;
  const last = code.body.children
    .filter(({ kind, end }) => kind === 'declaration' && !/^\s*#/m.test(code.text.slice(first?.start, end)))
    .at(-1);
  if (!last) return [];
  const declarator = last.children.find(({ field }) => field === 'declarator');
  const width =
    code.dialect === 'edk2' ? Math.max(type.length + 2, (declarator?.start ?? 0) - last.start) : type.length + 1;
  const end = lineEnd(code.text, last.end);
  return [{ start: end, end, text: `${lineBreak(code)}${indentAt(code, last.start)}${type.padEnd(width)}${name};` }];
}
