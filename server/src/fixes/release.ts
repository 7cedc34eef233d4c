import type { Allocate, MapOperation, Operation } from '@dma-audit/simulator';
import type { ApiModel, Role } from '../models/index.ts';
import type { SourcePlace } from '../sequence/index.ts';
import { callText } from './edit.ts';
import type { Fault } from './fix.ts';
import type { Call, FunctionText } from './function-text.ts';

/** An operation that makes what must be released. */
export type Making = MapOperation | Allocate;

const idOf = (making: Making): number => (making.op === 'map' ? making.mapping : making.buffer);

/** What the path has made and not released before the operation with this index, in order. */
export function heldBefore({ path }: Fault, index: number): readonly Making[] {
  const held = new Map<string, Making>();
  for (const operation of path.program.operations.slice(0, index)) {
    if (operation.op === 'map' || operation.op === 'allocate') {
      if (operation.outcome !== 'failed' && !operation.managed)
        held.set(`${operation.op} ${idOf(operation)}`, operation);
    } else if (operation.op === 'unmap' || operation.op === 'free' || operation.op === 'hand-over') {
      const { target } = operation;
      if (target.to === 'mapping' || target.to === 'buffer')
        held.delete(`${target.to === 'mapping' ? 'map' : 'allocate'} ${target.id}`);
    }
  }
  return [...held.values()];
}

/**
 * The statement that releases what `making` made, as it can stand at an offset: as the function itself releases it elsewhere,
 * or else made from the call. Null when neither can be done.
 */
export function releaseStatement(code: FunctionText, fault: Fault, making: Making, offset: number): string | null {
  return releaseElsewhere(code, fault, making, offset) ?? releaseByCall(code, fault, making, offset);
}

/** As the function itself does it elsewhere. */
export function releaseElsewhere(code: FunctionText, fault: Fault, making: Making, offset: number): string | null {
  const found = releasesOf(code, fault, making)
    .filter((text) => code.isMeaningfulAt(text.code, offset))
    .sort((a, b) => Math.abs(a.start - offset) - Math.abs(b.start - offset));
  return found[0]?.code ?? null;
}

function releaseByCall(code: FunctionText, fault: Fault, making: Making, offset: number): string | null {
  const call = makingCall(code, fault, making);
  const text = call && releaseCall(code, call, making, new Map());
  return text && code.isMeaningfulAt(text, offset) ? `${text};` : null;
}

/** The call that makes it, where that is in this function. */
export function makingCall(code: FunctionText, { exploration }: Fault, making: Operation): Call | null {
  const place = exploration.place(making.site);
  return isWithin(code, place) ? code.call(place) : null;
}

/** The call of the function that makes it, where this function only calls one that does. */
export function helperCall(code: FunctionText, { exploration, path }: Fault, making: Operation): Call | null {
  if (isWithin(code, exploration.place(making.site))) return null;
  const index = path.program.operations.indexOf(making);
  const step = path.steps.findLast((one) => one.what === 'call' && one.before <= index && isWithin(code, one.place));
  return step ? code.call(step.place) : null;
}

interface ReleaseText {
  readonly code: string;
  readonly start: number;
}

/** Statements of the function that release it on some path, itself or by calling a function that does. */
function releasesOf(code: FunctionText, { exploration }: Fault, making: Making): readonly ReleaseText[] {
  const found = new Map<number, string>();
  for (const { program, steps } of exploration.paths)
    program.operations.forEach((operation, index) => {
      if (!isReleaseOf(operation, making)) return;
      const place = exploration.place(operation.site);
      const own = isWithin(code, place)
        ? place
        : steps.findLast((step) => step.what === 'call' && step.before <= index && isWithin(code, step.place))?.place;
      const statement = own && code.statement(own);
      const inner = statement?.node.children[0];
      if (statement?.node.kind !== 'expression_statement' || inner?.kind !== 'call_expression') return;
      // What is released in a loop is one of many.
      if (statement.ancestors.some(({ kind }) => /^(for|while|do)_statement$/.test(kind))) return;
      found.set(statement.node.start, oneLine(code.slice(statement.node)));
    });
  return [...found].map(([start, text]) => ({ start, code: text }));
}

function isReleaseOf(operation: Operation, making: Making): boolean {
  if (operation.op !== 'unmap' && operation.op !== 'free') return false;
  const { target } = operation;
  return target.to === (making.op === 'map' ? 'mapping' : 'buffer') && target.id === idOf(making);
}

export const isWithin = ({ file, tree }: FunctionText, place: SourcePlace): boolean =>
  place.file === file && tree.start <= place.start && place.end <= tree.end;

/** The call that releases what `call` made; `given` has arguments that are known by their part already. */
export function releaseCall(
  code: FunctionText,
  call: Call,
  { op, releasedBy }: Making,
  given: ReadonlyMap<Role, string>,
): string | null {
  const values = new Map([...valuesOf(code, call), ...given]);
  const action = op === 'map' ? 'unmap' : 'free';
  const callee = code.slice(call.callee);
  const receiver = /^(.*(?:->|\.))\s*\w+$/s.exec(callee)?.[1];
  const fits = ({ action: does, dialects, family = '', args, call: kind, counted }: ApiModel): boolean =>
    (does === action || (op === 'allocate' && does === 'free-memory')) &&
    counted !== true &&
    dialects.includes(code.dialect) &&
    releasedBy.includes(does === 'free-memory' ? 'memory' : family) &&
    (kind === 'member') === (receiver !== undefined) &&
    args.every((role) => values.has(role));
  const wanted = mirrored(callee);
  const [model] = code.models.entries
    .filter(fits)
    .sort(
      (a, b) =>
        Number(b.name === wanted) - Number(a.name === wanted) ||
        Number(b.family === call.model?.family) - Number(a.family === call.model?.family) ||
        a.name.length - b.name.length,
    );
  if (!model) return null;
  const args = model.args.map((role) => values.get(role) ?? '');
  return callText(code, (receiver ?? '') + model.name, args);
}

/** `dma_map_single` → `dma_unmap_single`. */
const mirrored = (callee: string): string =>
  callee
    .replace(/^.*(?:->|\.)\s*/s, '')
    .replace('map_', 'unmap_')
    .replace(/^Map/, 'Unmap')
    .replace(/z?alloc(?!at)/, 'free')
    .replace(/^Allocate/, 'Free');

/** What is known after the call by the parts that it plays. */
function valuesOf(code: FunctionText, call: Call): ReadonlyMap<Role, string> {
  const values = new Map<Role, string>();
  call.model?.args.forEach((role, i) => {
    const arg = call.args[i];
    if (!arg) return;
    const text = oneLine(code.slice(arg));
    if (role === 'mapping-out') values.set('mapping', pointee(text));
    else if (role === 'device-address-out') values.set('device-address', pointee(text));
    else if (role === 'cpu-address-out') values.set('cpu-address', pointee(text));
    else values.set(role, text);
  });
  const { result } = call.model ?? {};
  if (call.target !== null && (result === 'device-address' || result === 'cpu-address'))
    values.set(result, call.target);
  if (call.target !== null && result === 'pointer') values.set('cpu-address', call.target).set('value', call.target);
  return values;
}

/** What the handle of a mapping is called after the call that made it. */
export function handleText(code: FunctionText, call: Call, role: Role): string | null {
  return valuesOf(code, call).get(role) ?? null;
}

/** `&Mapping` → `Mapping`, `Mapping` → `*Mapping`. */
function pointee(text: string): string {
  const bare = text.replace(/^\((?:const\s+)?\w+\s*\*+\)\s*/, '');
  return /^&\s*[\w(]/.test(bare) ? bare.replace(/^&\s*/, '') : `*${bare}`;
}

export const oneLine = (text: string): string =>
  text.replace(/\s+/g, ' ').replace(/\( /g, '(').replace(/ \)/g, ')').trim();
