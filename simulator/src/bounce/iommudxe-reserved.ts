import { PAGE_BYTES, pagesFor } from '../memory/page.ts';
import type { ReservedClass } from './iommudxe-versions.ts';

/** A piece handed out: where its data begins and which bit says so. */
export interface Piece {
  readonly className: string;
  readonly slot: number;
  readonly bit: number;
  /** Byte address of the shared data part; the private header page is the one below. */
  readonly address: number;
}

const pieceBytes = (entry: ReservedClass): number => PAGE_BYTES + entry.dataBytes;

/** Bytes of a region with these classes. */
export const reservedBytes = (classes: readonly ReservedClass[]): number =>
  classes.reduce((sum, entry) => sum + entry.slots * pieceBytes(entry), 0);

/** Calls `visit` with each piece's data part, in address order. */
export function forEachData(
  classes: readonly ReservedClass[],
  base: number,
  visit: (address: number, pages: number) => void,
): void {
  let start = base;
  for (const entry of classes) {
    for (let slot = 0; slot < entry.slots; slot += 1) {
      visit(start + PAGE_BYTES, pagesFor(entry.dataBytes));
      start += pieceBytes(entry);
    }
  }
}

/** Slots of the shared region that IoMmuDxe reserves at its start, found by one bitmap. */
export class ReservedRegion {
  readonly base: number;
  readonly #classes: readonly ReservedClass[];
  #bitmap = 0;

  constructor(classes: readonly ReservedClass[], base: number) {
    this.#classes = classes;
    this.base = base;
  }

  get bitmap(): number {
    return this.#bitmap;
  }

  /** First byte of the class's first piece (its header page). */
  classStart(name: string): number {
    let start = this.base;
    for (const entry of this.#classes) {
      if (entry.name === name) return start;
      start += entry.slots * pieceBytes(entry);
    }
    throw new RangeError(`no class ${name}`);
  }

  /** The lowest free piece of the smallest class that holds `pages`; a larger class is never tried. Null: none. */
  take(pages: number): Piece | null {
    let start = this.base;
    for (const entry of this.#classes) {
      if (pages * PAGE_BYTES <= entry.dataBytes) return this.#takeFrom(entry, start);
      start += entry.slots * pieceBytes(entry);
    }
    return null;
  }

  release(piece: Piece): void {
    this.#bitmap &= ~piece.bit;
  }

  #takeFrom(entry: ReservedClass, start: number): Piece | null {
    const taken = (this.#bitmap & entry.mask) >>> entry.firstBit;
    for (let slot = 0; slot < entry.slots; slot += 1) {
      if ((taken & (1 << slot)) !== 0) continue;
      const bit = 1 << (entry.firstBit + slot);
      this.#bitmap |= bit;
      return { className: entry.name, slot, bit, address: start + slot * pieceBytes(entry) + PAGE_BYTES };
    }
    return null;
  }
}
