/**
 * Symbolic values. A number that is not known is a symbol plus a constant offset; a pointer to something that has a place in
 * this analysis is the address of a location. Symbols are interned by where and how they came into being, so that the same
 * event on two paths gives the same symbol, and paths that meet again can be compared and merged.
 */

import type { SourcePlace } from './tables.ts';

export type Value =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'symbol'; readonly symbol: number; readonly offset: number }
  | { readonly kind: 'address'; readonly location: string; readonly offset: number }
  /** Truth of a comparison, not yet decided. `mapping-error` tests `left`, a device address, by dma_mapping_error (). */
  | { readonly kind: 'test'; readonly operator: TestOperator; readonly left: Value; readonly right: Value }
  | { readonly kind: 'uninitialised'; readonly name: string };

export type TestOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'mapping-error' | 'no-mapping-error';

/** Key of the symbol for the device address that means failure (DMA_MAPPING_ERROR). */
export const MAPPING_ERROR = 'const:mapping-error';

/** What a symbol is to a DMA resource. */
export type SymbolRole = 'device-address' | 'cpu-address' | 'mapping' | 'status' | 'count' | 'mapped-bytes' | 'channel';

export interface SymbolInfo {
  readonly key: string;
  readonly resource?: number;
  readonly role?: SymbolRole;
  /** Computed from a value of this resource (shifted, masked, truncated …). */
  readonly derived?: boolean;
  /** Where it was computed first. */
  readonly computedAt?: SourcePlace;
  /** Bits 32 to 63 of the device address. */
  readonly isUpperHalf?: boolean;
  /** By its declaration it is never negative. */
  readonly unsigned?: boolean;
  /** A pointer to fresh memory whose content is all zero. */
  readonly zeroed?: boolean;
  /** A pointer to memory that is freed when the device goes, and by nobody else. */
  readonly managed?: boolean;
  /** Memory that the symbol points to. */
  readonly memory?: string;
  /** The value came from this location when nothing was known of it. */
  readonly loadedFrom?: string;
  /** The host address, as a number, of memory that this mapping has mapped; and the pointer that it was made of, unchanged. */
  readonly hostOf?: number;
  readonly pointer?: Value;
  /** The device address of an entry of a list that this mapping has mapped. */
  readonly entryOf?: number;
  /** The number is `factor` times another one that is not known; up to rounding to pages. */
  readonly multiple?: { readonly of: string; readonly factor: number };
  /** Flags that were put into it, and taken out of it, by name: keys of their values. */
  readonly flags?: { readonly set: readonly string[]; readonly cleared: readonly string[] };
  /** A pointer to the object that has what `pointer` points to as its field of this name. */
  readonly contains?: { readonly pointer: Value; readonly field: string };
  /** The CPU's pointer to what the scatterlist entry at this place names. */
  readonly entryMemory?: string;
  /** An entry of the scatterlist that starts here, whichever a walk over it has reached. */
  readonly walkOf?: Value;
  /** mapped-bytes: the size that was asked for. */
  readonly asked?: Value;
}

export const ZERO: Value = { kind: 'number', value: 0 };

export const numberValue = (value: number): Value => ({ kind: 'number', value });

export const symbolValue = (symbol: number, offset = 0): Value => ({ kind: 'symbol', symbol, offset });

export class Symbols {
  private readonly ids = new Map<string, number>();
  private readonly infos: SymbolInfo[] = [];

  /** The symbol for `key`; `info` is taken only when it is new. */
  intern(key: string, info: Omit<SymbolInfo, 'key'> = {}): number {
    const known = this.ids.get(key);
    if (known !== undefined) return known;
    const id = this.infos.push({ key, ...info }) - 1;
    this.ids.set(key, id);
    return id;
  }

  /** The symbol for `key`, if there is one. */
  find(key: string): number | undefined {
    return this.ids.get(key);
  }

  info(symbol: number): SymbolInfo {
    const info = this.infos[symbol];
    if (!info) throw new Error(`no symbol ${symbol}`);
    return info;
  }

  get count(): number {
    return this.infos.length;
  }
}

/** Equal keys, equal values. */
export function valueKey(value: Value): string {
  switch (value.kind) {
    case 'number':
      return `${value.value}`;
    case 'symbol':
      return value.offset ? `s${value.symbol}${value.offset > 0 ? '+' : ''}${value.offset}` : `s${value.symbol}`;
    case 'address':
      return `&${value.location}${value.offset ? `+${value.offset}` : ''}`;
    case 'test':
      return `(${valueKey(value.left)}${value.operator}${valueKey(value.right)})`;
    case 'uninitialised':
      return '?';
  }
}

/** Place that a pointer value points to: `*12.field`, or the location itself. */
export function pointee(value: Value): string | null {
  if (value.kind === 'address') return value.offset ? `${value.location}+${value.offset}` : value.location;
  if (value.kind === 'symbol') return value.offset ? `*${value.symbol}+${value.offset}` : `*${value.symbol}`;
  return null;
}

/** The pointer to a place; the inverse of `pointee`. */
export function addressOf(location: string): Value {
  const symbol = /^\*(\d+)(?:\+(-?\d+))?$/.exec(location);
  if (symbol?.[1]) return symbolValue(Number(symbol[1]), Number(symbol[2] ?? 0));
  const element = /^(.*)\+(-?\d+)$/.exec(location);
  if (element?.[1]) return { kind: 'address', location: element[1], offset: Number(element[2]) };
  return { kind: 'address', location, offset: 0 };
}

/** Symbol at the root of a location (`*12.ring[3].dma` → 12), or null for locals and globals. */
export function rootSymbol(location: string): number | null {
  const match = /^\*(\d+)/.exec(location);
  return match?.[1] ? Number(match[1]) : null;
}

/** Name of the innermost field of a location: `*12.ring[3].dma` → "dma". */
export function lastField(location: string): string {
  return /([A-Za-z_]\w*)(?:\[[^\]]*\]|\+-?\d+)*$/.exec(location)?.[1] ?? '';
}

/** Names of all its fields, the outermost first: `*12.ring[3].dma` → "ring", "dma". */
export const fieldsOf = (location: string): readonly string[] =>
  [...location.matchAll(/\.([A-Za-z_]\w*)/g)].map(([, field = '']) => field);

/** Is `location` the place `container` or inside it? */
export function isWithin(location: string, container: string): boolean {
  if (!location.startsWith(container)) return false;
  const next = location[container.length];
  return next === undefined || next === '.' || next === '[' || next === '+';
}

const OPPOSITE: Record<TestOperator, TestOperator> = {
  '==': '!=',
  '!=': '==',
  '<': '>=',
  '>=': '<',
  '>': '<=',
  '<=': '>',
  'mapping-error': 'no-mapping-error',
  'no-mapping-error': 'mapping-error',
};

export const oppositeTest = (operator: TestOperator): TestOperator => OPPOSITE[operator];
