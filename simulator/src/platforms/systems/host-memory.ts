import { FOUR_GIB, PAGE_BYTES, pagesFor } from '../../memory/page.ts';

/** What a program that does not say how large something is gets: one page. */
export const ASSUMED_BYTES = PAGE_BYTES;

/** At least one page, also for nothing. */
export const pagesOf = (bytes: number | null): number => Math.max(1, pagesFor(bytes ?? ASSUMED_BYTES));

const STARTS = { 'below-4g': 0x1000_0000, 'above-4g': FOUR_GIB + 0x1000_0000 } as const;

/**
 * Where memory that the simulated parts do not hand out themselves lies: every buffer begins on a page of its own, and keeps
 * it for the whole run. Programs do not say addresses, so nothing about offsets in a page is simulated.
 */
export class HostMemory {
  readonly #places = new Map<number, number>();
  #next: number;

  constructor(where: keyof typeof STARTS) {
    this.#next = STARTS[where];
  }

  /** Address of pages that nobody else has. */
  take(pages: number): number {
    const address = this.#next;
    this.#next += pages * PAGE_BYTES;
    return address;
  }

  /** Address of a buffer, by the program's number for it; null: one that is not known to be the same as any other. */
  addressOf(buffer: number | null, bytes: number): number {
    const known = buffer === null ? undefined : this.#places.get(buffer);
    if (known !== undefined) return known;
    const address = this.take(pagesOf(bytes));
    if (buffer !== null) this.#places.set(buffer, address);
    return address;
  }
}
