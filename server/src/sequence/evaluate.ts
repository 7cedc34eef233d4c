import type { Expression } from '../flow/index.ts';
import type { Code } from './code.ts';
import type { Conditions } from './conditions.ts';
import { narrow } from './domain.ts';
import type { Frame } from './frame.ts';
import { memberOf } from './member.ts';
import type { Memory } from './memory.ts';
import type { State } from './state.ts';
import type { SourcePlace } from './tables.ts';
import {
  MAPPING_ERROR,
  numberValue,
  pointee,
  type SymbolInfo,
  type Symbols,
  symbolValue,
  type TestOperator,
  type Value,
  valueKey,
  ZERO,
} from './values.ts';

/** Told of each place in memory that an expression reads or writes through a pointer. */
export interface AccessObserver {
  onAccess(state: State, frame: Frame, location: string, what: 'read' | 'write', at: Expression): void;
}

const NOT_ZERO = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, not: [0] };
/** Error statuses without a known number are numbered from here. */
export const ERROR_BASE = 2 ** 40;
const NUMBERS = /^(?:UINTN|UINT(?:32|64)|EFI_PHYSICAL_ADDRESS|PHYSICAL_ADDRESS)$/;
const TESTS = new Set(['==', '!=', '<', '<=', '>', '>=']);

/** Values and places of expressions. Expressions are pure; only knowledge about loaded values is added to the state. */
export class Evaluator {
  private readonly code: Code;
  private readonly symbols: Symbols;
  private readonly memory: Memory;
  private readonly conditions: Conditions;
  private readonly observer: AccessObserver;
  /** Places of fields that are arrays, as it has turned out. */
  private readonly arrays = new Set<string>();

  constructor(code: Code, symbols: Symbols, memory: Memory, conditions: Conditions, observer: AccessObserver) {
    this.code = code;
    this.symbols = symbols;
    this.memory = memory;
    this.conditions = conditions;
    this.observer = observer;
  }

  value(state: State, frame: Frame, expression: Expression): Value {
    const value = this.compute(state, frame, expression);
    if (value.kind !== 'symbol') return value;
    // A symbol that can be one number only is that number.
    const { low, high } = state.domain(value.symbol);
    // Zero stays a symbol: what is known of it in relation to others would be lost.
    return low === high && low !== 0 && this.symbols.info(value.symbol).resource === undefined
      ? numberValue(low + value.offset)
      : value;
  }

  /** The symbol for the truth of a condition: the same one whenever the same values are asked about. Null where that cannot be said. */
  truthOf(state: State, frame: Frame, condition: Expression): number | null {
    const key = (e: Expression): string | null => {
      if (e.kind === 'binary' && (e.operator === '&&' || e.operator === '||')) {
        const [left, right] = [key(e.left), key(e.right)];
        return left === null || right === null ? null : `(${left}${e.operator}${right})`;
      }
      const value = this.value(state.fork(), frame, e);
      return value.kind === 'uninitialised' ? null : valueKey(value);
    };
    const text = key(condition);
    return text === null ? null : this.symbols.intern(`truth${text}`);
  }

  private compute(state: State, frame: Frame, expression: Expression): Value {
    switch (expression.kind) {
      case 'number':
        return expression.value === null ? this.constant(`literal:${expression.text}`) : numberValue(expression.value);
      case 'string':
        return { kind: 'address', location: `R:${frame.file}:${expression.start}`, offset: 0 };
      case 'temporary':
        return (
          state.get(`${frame.id}:#${expression.index}`) ??
          this.constant(`${frame.id}:#${expression.index}@${state.epoch}`)
        );
      case 'name':
        return this.nameValue(state, frame, expression.name);
      case 'member':
      case 'index':
      case 'dereference': {
        const location = this.place(state, frame, expression);
        if (location === null) return this.constant(`place:${frame.id}:${expression.start}@${state.epoch}`);
        const array = expression.kind === 'member' ? this.arrayKind(frame, expression) : 'never';
        if (array === 'always' || this.arrays.has(location)) return this.memory.addressOf(location);
        this.observer.onAccess(state, frame, location, 'read', expression);
        const loaded = this.memory.load(state, location);
        return array === 'sometimes' && loaded.kind === 'number' ? this.asArray(location) : loaded;
      }
      case 'address-of': {
        const location = this.place(state, frame, expression.object);
        if (location !== null) return this.memory.addressOf(location);
        return expression.object.kind === 'name'
          ? { kind: 'address', location: `F:${expression.object.name}`, offset: 0 }
          : this.constant(`address:${frame.id}:${expression.start}`);
      }
      case 'cast': {
        const value = this.value(state, frame, expression.operand);
        // Linux keeps pointers in numbers for many reasons, and has functions that say what is meant.
        if (this.code.dialect === 'edk2' && NUMBERS.test(expression.type))
          return this.hostAddress(state, value) ?? value;
        const pointer =
          value.kind === 'symbol' && value.offset === 0 ? this.symbols.info(value.symbol).pointer : undefined;
        return expression.type.includes('*') && pointer ? pointer : value;
      }
      case 'sizeof':
        return this.constant(`const:${expression.text}`);
      case 'unary':
        return this.unary(state, expression.operator, this.value(state, frame, expression.operand));
      case 'binary':
        return this.binary(
          state,
          expression.operator,
          this.value(state, frame, expression.left),
          this.value(state, frame, expression.right),
          { file: frame.file, function: frame.graph.name, start: expression.start, end: expression.end },
        );
      case 'aggregate':
      case 'opaque':
        return this.constant(`opaque:${frame.id}:${expression.start}@${state.epoch}`);
    }
  }

  /** Where an lvalue lives; null when that is not known. */
  place(state: State, frame: Frame, expression: Expression): string | null {
    switch (expression.kind) {
      case 'name':
        return this.namePlace(frame, expression.name);
      case 'temporary':
        return `${frame.id}:#${expression.index}`;
      case 'member': {
        if (expression.arrow) {
          const pointer = this.value(state, frame, expression.object);
          this.learnNotNull(state, pointer);
          return this.memory.member(pointer, expression.field);
        }
        const object = this.place(state, frame, expression.object);
        return object === null ? null : `${object}.${expression.field}`;
      }
      case 'index': {
        const index = this.value(state, frame, expression.index);
        const pointer = this.value(state, frame, expression.object);
        if (pointee(pointer) !== null) return this.memory.element(pointer, index);
        // Not a pointer as far as is known: then the elements are right there.
        const array = this.place(state, frame, expression.object);
        return array === null ? null : this.memory.element(this.asArray(array), index);
      }
      case 'dereference':
        return pointee(this.value(state, frame, expression.object));
      case 'cast':
        return this.place(state, frame, expression.operand);
      default:
        return null;
    }
  }

  /** What is dereferenced is neither null nor an error pointer from there on. */
  private learnNotNull(state: State, pointer: Value): void {
    if (pointer.kind !== 'symbol' || pointer.offset !== 0) return;
    const domain = narrow(state.domain(pointer.symbol), '>', 0);
    if (domain && this.symbols.info(pointer.symbol).resource === undefined) state.learn(pointer.symbol, domain);
  }

  /** By the declaration of its structure, else by all structures that have such a field. */
  private arrayKind(frame: Frame, member: Expression & { kind: 'member' }): 'always' | 'sometimes' | 'never' {
    const kind = this.code.arrayField(member.field);
    if (kind !== 'sometimes') return kind;
    const known = memberOf(this.code, frame, member);
    return known === null ? kind : known === 'other' ? 'never' : 'always';
  }

  /** Zero where a pointer would be: the place is taken for an array from now on. */
  private asArray(location: string): Value {
    this.arrays.add(location);
    return this.memory.addressOf(location);
  }

  constant(key: string, info: Omit<SymbolInfo, 'key'> = {}): Value {
    return symbolValue(this.symbols.intern(key, info));
  }

  private namePlace(frame: Frame, name: string): string {
    const local = frame.locals.get(name);
    if (!local) return `G:${name}`;
    return local.isStatic ? `G:${frame.graph.name}.${name}` : `${frame.id}:${name}`;
  }

  private nameValue(state: State, frame: Frame, name: string): Value {
    const local = frame.locals.get(name);
    if (local) {
      const place = this.namePlace(frame, name);
      if (local.isArray) return this.memory.addressOf(place);
      return this.memory.load(state, place);
    }
    const constant = this.code.models.constant(name, this.code.dialect);
    if (constant) {
      if (constant.attribute === 'mapping-error') return this.constant(MAPPING_ERROR);
      if (constant.direction) return this.constant(`const:${name}`);
      if (constant.value !== undefined) return numberValue(constant.value);
      if (constant.status === 'success') return ZERO;
      // Which number an error status is does not matter, as long as no two are equal.
      if (constant.status === 'error') return numberValue(ERROR_BASE + this.symbols.intern(`const:${name}`));
      return this.constant(`const:${name}`);
    }
    if (name === 'NULL' || name === 'FALSE') return ZERO;
    if (name === 'TRUE') return numberValue(1);
    const number = this.code.constant(name, frame.file);
    if (number !== null) return numberValue(number);
    if (this.code.function(name, frame.file)) return { kind: 'address', location: `F:${name}`, offset: 0 };
    if (this.code.isArray(name, frame.file)) return this.memory.addressOf(`G:${name}`);
    if (/^[A-Z][A-Z0-9_]*$/.test(name)) return this.constant(`const:${name}`);
    return this.memory.load(state, `G:${name}`);
  }

  private unary(state: State, operator: string, value: Value): Value {
    if (operator === '!') {
      if (value.kind === 'number') return numberValue(value.value ? 0 : 1);
      return { kind: 'test', operator: '==', left: value, right: ZERO };
    }
    if (value.kind === 'number') {
      if (operator === '-') return numberValue(-value.value);
      if (operator === '~' && Math.abs(value.value) < 2 ** 31) return numberValue(~value.value);
    }
    return this.derived(state, `${operator}${valueKey(value)}`, [value]);
  }

  binary(state: State, operator: string, left: Value, right: Value, at?: SourcePlace): Value {
    if (TESTS.has(operator)) {
      const test: Value = { kind: 'test', operator: operator as TestOperator, left, right };
      const known = this.conditions.truth(state, test);
      this.compareAddresses(state, left, right);
      // A test of a device address is kept, decided or not: it may be the wrong one.
      const isOfAddress = left.kind === 'symbol' && this.symbols.info(left.symbol).role === 'device-address';
      return known === null || isOfAddress ? test : numberValue(known ? 1 : 0);
    }
    if (operator === '&&' || operator === '||') {
      const first = this.conditions.truth(state, left);
      if (first === (operator === '||')) return numberValue(first ? 1 : 0);
      if (first !== null) return right;
      return this.derived(state, `${valueKey(left)}${operator}${valueKey(right)}`, []);
    }
    if (left.kind === 'number' && right.kind === 'number') {
      const folded = fold(operator, left.value, right.value);
      if (folded !== null) return numberValue(folded);
    }
    if (operator === '+') {
      if (right.kind === 'number') return this.memory.advance(left, right.value);
      if (left.kind === 'number') return this.memory.advance(right, left.value);
    }
    if (operator === '-' && right.kind === 'number') return this.memory.advance(left, -right.value);
    if (operator === '-' && left.kind === 'symbol' && right.kind === 'symbol' && left.symbol === right.symbol)
      return numberValue(left.offset - right.offset);
    if (operator === '|' && right.kind === 'number' && right.value === 0) return left;
    if (operator === '|' || operator === '&') {
      const known = this.flags(state, operator, left, right);
      if (known) return known;
    }
    const whole = operator === '|' || operator === '+' ? (this.joined(left, right) ?? this.joined(right, left)) : null;
    if (whole) return whole;
    const result = this.derived(state, `${valueKey(left)}${operator}${valueKey(right)}`, [left, right], at);
    // A pointer that is not null stays so when something is added to it.
    const isPointer = left.kind === 'symbol' && this.conditions.truth(state, left) === true;
    if (operator === '+' && isPointer && result.kind === 'symbol') state.learn(result.symbol, NOT_ZERO);
    return result;
  }

  /** The halves of a device address that was put away in two are put together again: its lower half stands for the whole. */
  private joined(lower: Value, upper: Value): Value | null {
    if (lower.kind !== 'symbol' || lower.offset !== 0 || upper.kind !== 'symbol') return null;
    const [one, other] = [this.symbols.info(lower.symbol), this.symbols.info(upper.symbol)];
    if (one.resource === undefined || one.role !== 'device-address' || one.derived) return null;
    const isUpper = other.resource === one.resource && other.role === one.role && /<<32\)*$/.test(other.key);
    return isUpper ? lower : null;
  }

  /** Who compares the device address with the host address knows which of them he uses: the table of an IOMMU needs the host's. */
  private compareAddresses(state: State, left: Value, right: Value): void {
    if (left.kind !== 'symbol' || right.kind !== 'symbol') return;
    const [one, other] = [this.symbols.info(left.symbol), this.symbols.info(right.symbol)];
    const mapping = one.hostOf ?? other.hostOf;
    if (mapping !== undefined && (one.resource === mapping || other.resource === mapping))
      state.set(`C:${mapping}`, ZERO);
  }

  /** The number that is made of a pointer to memory which is mapped; null where it is not, or both addresses were compared. */
  hostAddress(state: State, pointer: Value): Value | null {
    const place = pointee(pointer);
    const held = place === null ? undefined : state.get(`B:${place}`);
    const mapping = held?.kind === 'symbol' ? this.symbols.info(held.symbol).resource : undefined;
    const now = mapping === undefined ? undefined : state.resource(mapping);
    if (mapping === undefined || now?.life !== 'live' || now.outcome === 'failed') return null;
    if (state.get(`C:${mapping}`)) return null;
    return this.constant(`host:${valueKey(pointer)}:${mapping}`, { hostOf: mapping, pointer });
  }

  /** Flags that are set, cleared and asked for by name or number. */
  private flags(state: State, operator: '|' | '&', left: Value, right: Value): Value | null {
    if (left.kind !== 'symbol' || left.offset !== 0) return null;
    const info = this.symbols.info(left.symbol);
    const name = this.flagName(right);
    // address & (size - 1), address & ~BASE_MASK
    if (operator === '&' && (name?.inverted || isAlignmentMask(right)) && this.isAligned(info)) return ZERO;
    if (!name || (right.kind === 'number' && (info.resource ?? info.hostOf) !== undefined)) return null;
    const { set, cleared } = info.flags ?? { set: [], cleared: [] };
    const others = (flags: readonly string[]) => flags.filter((flag) => !sharesBit(flag, name.flag));
    const { resource, role } = info;
    const handle = resource !== undefined && role !== undefined ? { resource, role, derived: true } : {};
    const result = (flags: SymbolInfo['flags']) =>
      this.constant(`(${valueKey(left)}${operator}${valueKey(right)})`, { ...handle, ...(flags ? { flags } : {}) });
    if (operator === '|') return result({ set: [...others(set), name.flag], cleared: others(cleared) });
    if (name.inverted) return result({ set: others(set), cleared: [...others(cleared), name.flag] });
    if (cleared.some((flag) => includesBits(flag, name.flag))) return ZERO;
    const asked = result(undefined);
    if (asked.kind === 'symbol' && set.some((flag) => sharesBit(flag, name.flag))) state.learn(asked.symbol, NOT_ZERO);
    return asked;
  }

  private flagName(value: Value): { readonly flag: string; readonly inverted: boolean } | null {
    if (value.kind === 'number') {
      if (!value.value || Math.abs(value.value) >= 2 ** 31) return null;
      return value.value > 0
        ? { flag: `${value.value}`, inverted: false }
        : { flag: `${~value.value}`, inverted: true };
    }
    if (value.kind !== 'symbol' || value.offset !== 0) return null;
    const { key } = this.symbols.info(value.symbol);
    const inner = /^\(~s(\d+)\)$/.exec(key)?.[1];
    const of = inner === undefined ? key : this.symbols.info(Number(inner)).key;
    return /^(const:|[A-Z][A-Z0-9_]*\()/.test(of) ? { flag: of, inverted: inner !== undefined } : null;
  }

  /** Addresses of coherent memory are those of whole pages. */
  private isAligned({ key, resource, role, derived }: SymbolInfo): boolean {
    // LOWER_32_BITS (address)
    const inner = derived ? /^\(?[A-Z][A-Z0-9_]*\(s(\d+)\)\)?$/.exec(key)?.[1] : undefined;
    if (inner !== undefined) return this.isAligned(this.symbols.info(Number(inner)));
    return (
      resource !== undefined &&
      !derived &&
      (role === 'device-address' || role === 'cpu-address') &&
      this.conditions.isWholePages(resource)
    );
  }

  /** A value computed from others: still related to their resource. */
  derived(state: State, key: string, from: readonly Value[], at?: SourcePlace): Value {
    const computed = at && { computedAt: at };
    for (const value of from) {
      if (value.kind !== 'symbol') continue;
      const { resource, role, hostOf } = this.symbols.info(value.symbol);
      if (hostOf !== undefined) return this.constant(`(${key})`, { ...computed, hostOf });
      if (resource !== undefined && (role === 'device-address' || role === 'cpu-address') && state.resource(resource))
        return this.constant(`(${key})`, { ...computed, resource, role, derived: true });
    }
    return this.constant(`(${key})`, computed);
  }
}

const bitsOf = (flag: string): number => (/^\d/.test(flag) ? Number(flag) : 0);

const sharesBit = (a: string, b: string): boolean => a === b || (bitsOf(a) & bitsOf(b)) !== 0;

/** Does `flag` have all bits of `part`? */
const includesBits = (flag: string, part: string): boolean =>
  flag === part || (bitsOf(part) !== 0 && (bitsOf(part) & ~bitsOf(flag)) === 0);

/** `size - 1`, or the lowest bits of a page. */
function isAlignmentMask(value: Value): boolean {
  if (value.kind === 'number') return value.value > 0 && value.value < 4096 && ((value.value + 1) & value.value) === 0;
  return value.kind === 'symbol' && value.offset === -1;
}

function fold(operator: string, a: number, b: number): number | null {
  const small = Math.abs(a) < 2 ** 31 && Math.abs(b) < 2 ** 31;
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return Number.isSafeInteger(a * b) ? a * b : null;
    case '/':
      return b ? Math.trunc(a / b) : null;
    case '%':
      return b ? a % b : null;
    case '<<':
      return b >= 0 && b < 50 && Number.isSafeInteger(a * 2 ** b) ? a * 2 ** b : null;
    case '>>':
      return b >= 0 && b < 53 ? Math.floor(a / 2 ** b) : null;
    case '&':
      return small ? a & b : null;
    case '|':
      return small ? a | b : null;
    case '^':
      return small ? a ^ b : null;
    default:
      return null;
  }
}
