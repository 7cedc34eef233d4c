import type { Direction } from '@dma-audit/simulator';
import type { Expression, FunctionGraph, Instruction } from '../flow/index.ts';
import { type ApiModel, familyOf, releasableAs } from '../models/index.ts';
import { accessPath, assignments, callOf, onlyValue } from './access-path.ts';
import { resolveCallee } from './calls.ts';
import type { Code, FunctionSource } from './code.ts';
import { expressionName, type Frame, frameOf, partsOf } from './frame.ts';
import type { SourcePlace } from './tables.ts';

/** What is known of a mapping whose handle a function finds in a field: some other function put it there. */
export interface MadeElsewhere {
  /** The call that made it; one of them, if there are several. */
  readonly place: SourcePlace;
  readonly api: string;
  readonly direction: Direction;
  readonly family: string;
  readonly releasedBy: readonly string[];
  /** The field beside that of the handle which tells its size; null where something else does. */
  readonly sizedBy: string | null;
}

/** What a call has to be to make such a handle. */
type Making = Pick<ApiModel, 'action' | 'result'>;

const MAPPING: Making = { action: 'map', result: 'device-address' };
const ALLOCATION: Making = { action: 'allocate', result: 'cpu-address' };

/** A field of a structure: only the type of the object that has it tells it from others of the same name. */
export interface TypedField {
  readonly type: string;
  readonly field: string;
}

/** More functions are not looked into. */
const MAX_WRITERS = 24;
const MAX_HOPS = 3;

/**
 * The calls that made what `handle` is loaded with: all that any function of this code puts into this field of this structure
 * are device addresses that were mapped alike. Null where something else is put there, or where that is not known.
 */
export function madeElsewhere(code: Code, frame: Frame, handle: Expression): MadeElsewhere | null {
  const wanted = fieldOf(frame, handle);
  return wanted && madeFor(code, wanted, MAPPING);
}

/** The same of memory that was allocated, found by its pointer. */
export function allocatedElsewhere(code: Code, frame: Frame, pointer: Expression): MadeElsewhere | null {
  const wanted = fieldOf(frame, pointer);
  return wanted && madeFor(code, wanted, ALLOCATION);
}

function madeFor(code: Code, wanted: TypedField, making: Making): MadeElsewhere | null {
  const writers = code.writersOf(wanted.field);
  if (writers.length > MAX_WRITERS) return null;
  const made: MadeElsewhere[] = [];
  for (const writer of writers) {
    const found = new Writer(code, writer, wanted, making).makers();
    if (!found) return null;
    made.push(...found);
  }
  const [first] = made;
  return first && made.every((one) => isAlike(one, first)) ? first : null;
}

const isAlike = (a: MadeElsewhere, b: MadeElsewhere): boolean =>
  a.direction === b.direction && a.sizedBy === b.sizedBy && a.releasedBy.join() === b.releasedBy.join();

class Writer {
  private readonly code: Code;
  private readonly frame: Frame;
  private readonly wanted: TypedField;
  private readonly making: Making;

  constructor(code: Code, { graph, file }: FunctionSource, wanted: TypedField, making: Making) {
    this.code = code;
    this.frame = frameOf(graph, file);
    this.wanted = wanted;
    this.making = making;
  }

  /** Null: something that no call mapped may be put into the field. */
  makers(): readonly MadeElsewhere[] | null {
    const made: MadeElsewhere[] = [];
    for (const { instructions } of this.frame.graph.blocks)
      for (const i of instructions) {
        const found = i.kind === 'set' ? this.stored(i) : i.kind === 'call' ? this.handedOut(i) : [];
        if (!found) return null;
        made.push(...found);
      }
    return made;
  }

  private stored({ target, value }: Instruction & { readonly kind: 'set' }): readonly MadeElsewhere[] | null {
    if (value.kind === 'aggregate')
      return value.parts.some(({ path }) => path?.endsWith(`.${this.wanted.field}`)) ? null : [];
    // Through a pointer to the field nothing is followed.
    if (namesAddressOf(value, this.wanted.field)) return null;
    const is = this.isWanted(target);
    return is === false ? [] : is === true ? this.madeBy(value, 0, target) : null;
  }

  /** A place that receives something from a call. */
  private handedOut(call: Instruction & { readonly kind: 'call' }): readonly MadeElsewhere[] | null {
    const given = call.arguments.filter((one) => one.kind === 'address-of' && this.isWanted(one.object) !== false);
    return given.length > 0 ? null : [];
  }

  /** Is it the field in question? Null where the structure is not known. */
  private isWanted(place: Expression): boolean | null {
    const of = place.kind === 'index' ? place.object : place;
    if (of.kind !== 'member' || of.field !== this.wanted.field) return false;
    const typed = fieldOf(this.frame, of);
    return typed && typed.type === this.wanted.type;
  }

  private madeBy(value: Expression, hops: number, into: Expression): readonly MadeElsewhere[] | null {
    if (hops > MAX_HOPS) return null;
    if (isNothing(this.code, value)) return [];
    if (value.kind === 'cast') return this.madeBy(value.operand, hops + 1, into);
    if (value.kind === 'name' && this.frame.locals.has(value.name)) {
      if (isHandedOut(this.frame.graph, value.name)) return null;
      const values = assignments(this.frame.graph, value.name).map((one) => this.madeBy(one, hops + 1, into));
      const known = values.flatMap((one) => (one ? [one] : []));
      return values.length > 0 && known.length === values.length ? known.flat() : null;
    }
    const call = value.kind === 'temporary' ? callOf(this.frame.graph, value.index) : undefined;
    const target = call && resolveCallee(this.code, this.frame, call.callee, call.arguments.length);
    if (!call || target?.kind !== 'model') return null;
    const { model } = target;
    if (model.action !== this.making.action || model.result !== this.making.result) return null;
    const { file, graph } = this.frame;
    const place = { file, function: graph.name, start: call.start, end: call.end };
    const direction = this.direction(model, call.arguments);
    const size = call.arguments[model.args.indexOf('size')];
    const sizedBy = size ? fieldBeside(this.frame, size, into) : null;
    return [{ place, api: model.name, direction, family: familyOf(model), releasedBy: releasableAs(model), sizedBy }];
  }

  private direction(model: ApiModel, values: readonly Expression[]): Direction {
    const value = values[model.args.indexOf('direction')];
    if (value?.kind !== 'name') return 'unknown';
    return this.code.models.constant(value.name, this.code.dialect)?.direction ?? 'unknown';
  }
}

/** The field of the same object as `other` that an expression names. */
export function fieldBeside(frame: Frame, e: Expression, other: Expression): string | null {
  const [path, beside] = [accessPath(frame, e), accessPath(frame, other)];
  if (!path || !beside || path.length < 2 || path.length !== beside.length) return null;
  const isSame = path.slice(0, -1).every((step, i) => step === beside[i] && step !== '[?]');
  const field = path.at(-1) ?? '';
  return isSame && /^\w+$/.test(field) && field !== beside.at(-1) ? field : null;
}

/** Is nothing known to make two fields of a structure equal: are other values put into them, neither of them that of the other? */
export function areIndependent(code: Code, type: string, fields: readonly [string, string]): boolean {
  const [first, second] = fields.map((field) => valuesOf(code, { type, field }));
  if (!first?.length || !second?.length) return false;
  const isOfOther = (value: string): boolean => fields.some((field) => new RegExp(`\\b${field}\\b`).test(value));
  return !first.some((value) => second.includes(value)) && ![...first, ...second].some(isOfOther);
}

/** What is put into a field, as text. */
function valuesOf(code: Code, wanted: TypedField): readonly string[] {
  return code.writersOf(wanted.field).flatMap(({ graph, file }) => {
    const frame = frameOf(graph, file);
    return graph.blocks.flatMap(({ instructions }) =>
      instructions.flatMap((i) => {
        if (i.kind !== 'set' || i.target.kind !== 'member' || i.target.field !== wanted.field) return [];
        return fieldOf(frame, i.target)?.type === wanted.type ? [textOf(frame, i.value)] : [];
      }),
    );
  });
}

function textOf(frame: Frame, e: Expression, hops = 0): string {
  if (hops > MAX_HOPS) return '…';
  const inner = (one: Expression): string => textOf(frame, one, hops + 1);
  const call = e.kind === 'temporary' ? callOf(frame.graph, e.index) : undefined;
  if (call) return `${inner(call.callee)}(${call.arguments.map(inner).join()})`;
  const value = e.kind === 'name' && frame.locals.has(e.name) ? onlyValue(frame.graph, e.name) : null;
  if (value) return inner(value);
  if (e.kind === 'binary') return `(${inner(e.left)}${e.operator}${inner(e.right)})`;
  return e.kind === 'sizeof' ? e.text : expressionName(e);
}

/** NULL, 0, DMA_MAPPING_ERROR: what says that there is no mapping. */
function isNothing(code: Code, value: Expression): boolean {
  if (value.kind === 'cast' || value.kind === 'unary') return isNothing(code, value.operand);
  if (value.kind === 'number') return true;
  return (
    value.kind === 'name' &&
    (value.name === 'NULL' || code.models.constant(value.name, code.dialect)?.attribute === 'mapping-error')
  );
}

/** The field that an expression names, or was loaded from. */
export function fieldOf(frame: Frame, e: Expression, hops = 0): TypedField | null {
  if (hops > MAX_HOPS) return null;
  if (e.kind === 'cast') return fieldOf(frame, e.operand, hops + 1);
  if (e.kind === 'index') return fieldOf(frame, e.object, hops + 1);
  if (e.kind === 'name') {
    const value = frame.locals.has(e.name) ? onlyValue(frame.graph, e.name) : null;
    return value && fieldOf(frame, value, hops + 1);
  }
  if (e.kind !== 'member') return null;
  const type = typeOf(frame, e.object);
  return type === null ? null : { type, field: e.field };
}

/** The structure that an object is, as its variable is declared. */
function typeOf(frame: Frame, object: Expression): string | null {
  if (object.kind === 'index' || object.kind === 'dereference') return typeOf(frame, object.object);
  return object.kind === 'name' ? structName(frame.locals.get(object.name)?.type ?? '') : null;
}

/** The structure that a variable of this type is, or points to. */
export const structName = (type: string): string | null =>
  /^(?:(?:const|volatile)\s+)*(struct \w+|\w+)\s*\**$/.exec(type)?.[1] ?? null;

function namesAddressOf(e: Expression, field: string): boolean {
  if (e.kind === 'address-of' && e.object.kind === 'member' && e.object.field === field) return true;
  return partsOf(e).some((part) => namesAddressOf(part, field));
}

/** Is a call given the address of the variable? */
const isHandedOut = (graph: FunctionGraph, name: string): boolean =>
  graph.blocks.some(({ instructions }) =>
    instructions.some(
      (i) =>
        i.kind === 'call' &&
        i.arguments.some((one) => one.kind === 'address-of' && one.object.kind === 'name' && one.object.name === name),
    ),
  );
