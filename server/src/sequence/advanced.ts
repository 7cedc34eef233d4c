import { type SymbolInfo, type Symbols, symbolValue, type Value } from './values.ts';

/** A value that something was added to. */
interface Sum {
  readonly of: number;
  readonly added: string;
}

/**
 * The CPU address of the allocation in which `pointer` and `handle` are one place, advanced by the same number from its two
 * addresses; null where they are not, as far as is known.
 */
export function wholeOf(symbols: Symbols, pointer: Value, handle: Value): Value | null {
  const [inner, address] = [sumOf(symbols, pointer), sumOf(symbols, handle)];
  if (!inner || !address || inner.added !== address.added) return null;
  return isPair(symbols.info(inner.of), symbols.info(address.of)) ? symbolValue(inner.of) : null;
}

/** Both results of one allocation, or what two fields of one object held. */
function isPair(pointer: SymbolInfo, handle: SymbolInfo): boolean {
  if (pointer.resource !== undefined || handle.resource !== undefined)
    return pointer.resource === handle.resource && pointer.role !== handle.role && !pointer.derived && !handle.derived;
  const [object, other] = [objectOf(pointer), objectOf(handle)];
  return object !== null && object === other && pointer.loadedFrom !== handle.loadedFrom;
}

const objectOf = ({ loadedFrom }: SymbolInfo): string | null => /^([*G].*)\.\w+$/.exec(loadedFrom ?? '')?.[1] ?? null;

/** `base + n`: what `n` is, as text. */
export function sumOf(symbols: Symbols, value: Value | undefined): Sum | null {
  if (value?.kind !== 'symbol') return null;
  if (value.offset !== 0) return value.offset > 0 ? { of: value.symbol, added: `${value.offset}` } : null;
  const [, of, added] = /^\(s(\d+)\+(s\d+)\)$/.exec(symbols.info(value.symbol).key) ?? [];
  return of === undefined || added === undefined ? null : { of: Number(of), added };
}
