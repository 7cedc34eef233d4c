import type { SyntaxNode } from '../../server/src/syntax/index.ts';
import type { ApiCall, FunctionText } from './function-text.ts';
import { type Change, replace } from './mutant.ts';
import type { Pair } from './pairs.ts';

/** Uses of one mapping that are changed, at most. */
const MOST = 2;

const PRINTS = /print|trace|dbg|debug|_err|_warn|_info|log|WARN|BUG/i;

/** Places where the device is given the device address, given the host address. */
export function* hostAddresses(code: FunctionText, { begin, deviceAddress }: Pair): Iterable<Change> {
  const host = hostAddress(code, begin);
  if (deviceAddress === null || host === null) return;
  const begins = code.calls.filter(({ model: { action } }) => API.has(action));
  let changed = 0;
  for (const node of code.nodes()) {
    if (node.start < begin.node.end || !NAMES.has(node.kind) || code.plain(node) !== deviceAddress) continue;
    if (begins.some((call) => call.node.start <= node.start && node.end <= call.node.end)) continue;
    const use = useOf(code, node);
    if (use === null) continue;
    if (use.keeps) {
      yield { reason: 'the address is kept for the release, not given to the device' };
      continue;
    }
    yield replace(code, node, host);
    if (++changed === MOST) return;
  }
}

const NAMES: ReadonlySet<string> = new Set(['identifier', 'field_expression', 'pointer_expression']);
const API: ReadonlySet<string> = new Set([
  'map',
  'unmap',
  'sync',
  'check-mapping',
  'allocate',
  'free',
  'unmap-info-set',
]);

function hostAddress(code: FunctionText, begin: ApiCall): string | null {
  const buffer = code.argument(begin, 'buffer');
  const page = code.argument(begin, 'page');
  if (begin.model.action !== 'map') return null;
  if (code.unit.dialect === 'edk2') return buffer ? `(EFI_PHYSICAL_ADDRESS)(UINTN) (${code.text(buffer)})` : null;
  if (buffer) return `virt_to_phys(${code.text(buffer)})`;
  return page && begin.model.family === 'page' ? `page_to_phys(${code.text(page)})` : null;
}

/** null: no use as a value that could reach the device. */
function useOf(code: FunctionText, node: SyntaxNode): { readonly keeps: boolean } | null {
  let inner = node;
  for (const outer of code.around(node)) {
    if (outer.kind === 'argument_list') {
      const call = code.parent(outer);
      const callee = call?.children.find((c) => c.field === 'function');
      if (!call || !callee || PRINTS.test(code.text(callee))) return null;
    }
    if (outer.kind === 'assignment_expression') {
      const left = outer.children.find((c) => c.field === 'left');
      if (!left || inner === left) return null;
      return { keeps: isKept(code, code.plain(left)) };
    }
    if (outer.kind === 'init_declarator') return { keeps: true };
    if (
      outer.kind === 'field_expression' ||
      outer.kind === 'pointer_expression' ||
      outer.kind === 'subscript_expression'
    )
      return null;
    if (
      outer.kind === 'binary_expression' &&
      /[=<>!]=|[<>]|&&|\|\|/.test(outer.children.find((c) => c.field === 'operator')?.kind ?? '')
    )
      return null;
    if (outer.kind === 'expression_statement') return { keeps: false };
    if (/statement|declaration/.test(outer.kind)) return null;
    inner = outer;
  }
  return null;
}

/** A plain variable, or a field that some release of the file names. */
function isKept(code: FunctionText, left: string): boolean {
  const field = /(?:->|\.)(\w+)(?:\[[^\]]*\])*$/.exec(left)?.[1];
  if (field === undefined) return !left.startsWith('*') && !left.includes('[');
  return new RegExp(`(?:unmap|free|Unmap|Free)\\w*\\s*\\([^;]*\\b${field}\\b`).test(code.unit.text);
}
