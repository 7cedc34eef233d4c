import type { State } from './state.ts';
import {
  addressOf,
  isWithin,
  lastField,
  pointee,
  rootSymbol,
  type Symbols,
  symbolValue,
  type Value,
  valueKey,
  ZERO,
} from './values.ts';

/** A field that is called a number of things, wherever it is declared: none or more. */
const COUNT = /^(?:nr|num)_/;

/** Fields that are noted one by one: each takes room in the state. */
const MAX_FIELDS = 48;

/** Reading and writing the symbolic store. Locations are strings: `f0:x`, `G:table.entry`, `*12.ring[s7].dma`. */
export class Memory {
  private readonly symbols: Symbols;

  constructor(symbols: Symbols) {
    this.symbols = symbols;
  }

  load(state: State, location: string): Value {
    const known = state.get(location);
    if (known) return known;
    const zeroed = this.isZeroed(state, location);
    // What a framework makes knows where the driver's part of it is, which is as empty.
    const isPrivate = /priv\w*$/.test(location);
    if (zeroed && !isPrivate) return ZERO;
    const unsigned = COUNT.test(lastField(location));
    const info = { loadedFrom: location, ...(zeroed ? { zeroed } : {}), ...(unsigned ? { unsigned } : {}) };
    const value = symbolValue(this.symbols.intern(`${location}@${state.epoch}`, info));
    state.set(location, value);
    return value;
  }

  private isZeroed(state: State, location: string): boolean {
    const root = rootSymbol(location);
    for (let i = location.length; i > 0; i--) {
      const c = location[i];
      if ((c === undefined || c === '.' || c === '[' || c === '+') && state.get(`N:${location.slice(0, i)}`))
        return false;
    }
    if (root !== null && this.symbols.info(root).zeroed && !state.get(`H:${root}`)) return true;
    for (let i = location.length - 1; i > 0; i--) {
      const c = location[i];
      if ((c === '.' || c === '[' || c === '+') && state.get(`Z:${location.slice(0, i)}`)) return true;
    }
    return false;
  }

  store(state: State, location: string, value: Value): void {
    state.set(location, value);
  }

  /** The memory at `location` becomes all zero. */
  clear(state: State, location: string): void {
    this.forget(state, location);
    state.set(`Z:${location}`, ZERO);
  }

  /** Code that is not seen got the address of `location`: memory that was all zero there may not be so any more. */
  touch(state: State, location: string): void {
    state.set(`N:${location}`, ZERO);
  }

  /** A function that is not entered got pointers and assigns fields of such names: they need not be zero any more. */
  fill(state: State, pointers: readonly Value[], fields: ReadonlySet<string>): void {
    for (const pointer of pointers) {
      const place = pointee(pointer);
      if (place === null || !this.isZeroed(state, place)) continue;
      if (fields.size > MAX_FIELDS) this.touch(state, place);
      else for (const field of fields) this.touch(state, `${place}.${field}`);
    }
  }

  /** Nothing is known any more of `location` and what is inside it. */
  forget(state: State, location: string): void {
    state.removeAll((place) => isWithin(place.startsWith('Z:') ? place.slice(2) : place, location));
    state.epoch++;
  }

  /** Place of `pointer->field`, `pointer[index]`; null when the pointer has no place. */
  member(pointer: Value, field: string): string | null {
    const contains =
      pointer.kind === 'symbol' && !pointer.offset ? this.symbols.info(pointer.symbol).contains : undefined;
    if (contains?.field === field) return pointee(contains.pointer);
    const place = pointee(pointer);
    return place === null ? null : `${place}.${field}`;
  }

  element(pointer: Value, index: Value): string | null {
    if (index.kind === 'number') {
      const place = pointee(this.advance(pointer, index.value));
      return place;
    }
    const place = pointee(pointer);
    return place === null ? null : `${place}[${valueKey(index)}]`;
  }

  advance(value: Value, by: number): Value {
    switch (value.kind) {
      case 'number':
        return { kind: 'number', value: value.value + by };
      case 'symbol':
      case 'address':
        return { ...value, offset: value.offset + by };
      default:
        return value;
    }
  }

  addressOf(location: string): Value {
    return addressOf(location);
  }
}
