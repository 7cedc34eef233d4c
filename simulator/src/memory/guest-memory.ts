import { PAGE_BYTES } from './page.ts';
import { SNP_LINUX, type SnpOptions, snpBatches } from './snp.ts';
import { type AcceptLimit, accepts, type MapGpa, mapGpa } from './tdx.ts';

/**
 * `plain`: no encryption, a conversion does nothing. `sev`: the C-bit alone (SEV and SEV-ES). `sev-snp`: C-bit, page state
 * change, validation. `tdx`: shared bit, MapGPA, accept.
 */
export type MemoryTechnology = 'plain' | 'sev' | 'sev-snp' | 'tdx';

/** `unknown`: a conversion failed half-way; such a page must never be used again ("leaked"). */
export type PageState = 'private' | 'shared' | 'unknown';

export interface GuestMemoryOptions {
  readonly technology: MemoryTechnology;
  readonly snp?: SnpOptions;
  readonly acceptLimit?: AcceptLimit;
  /** Host's answers to MapGPA; it agrees when this is absent. */
  readonly mapGpa?: MapGpa;
  /** Host's answer to an SNP batch; it agrees when this is absent. */
  readonly pageStateChange?: (first: number, pages: number) => boolean;
  /** CPU keeps encrypted and plain aliases coherent, so that a C-bit change needs no cache flush (CPUID SME_COHERENT). */
  readonly coherentAliases?: boolean;
}

/** Everything since the start; numbers of events unless the name says pages. */
export interface MemoryCounters {
  readonly conversions: number;
  readonly pagesToShared: number;
  readonly pagesToPrivate: number;
  /** Exits to the hypervisor: MapGPA calls or SNP batches. */
  readonly exits: number;
  readonly mapGpaRetries: number;
  readonly pscEntries: number;
  readonly pvalidates: number;
  readonly accepts4k: number;
  readonly accepts2m: number;
  readonly accepts1g: number;
  readonly cacheFlushedPages: number;
  readonly tlbFlushes: number;
  readonly leakedPages: number;
  /** Pages that were converted to the state that they already had, or that were in an unknown state. */
  readonly redundantPages: number;
}

/** `failed`: the pages are in an unknown state and count as leaked. `guest-ended`: the guest kernel stops itself. */
export type ConversionStatus = 'ok' | 'failed' | 'guest-ended';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const zeroCounters = (): Mutable<MemoryCounters> => ({
  conversions: 0,
  pagesToShared: 0,
  pagesToPrivate: 0,
  exits: 0,
  mapGpaRetries: 0,
  pscEntries: 0,
  pvalidates: 0,
  accepts4k: 0,
  accepts2m: 0,
  accepts1g: 0,
  cacheFlushedPages: 0,
  tlbFlushes: 0,
  leakedPages: 0,
  redundantPages: 0,
});

/** Guest pages and who can read them. All pages start private; only the others are stored. */
export class GuestMemory {
  readonly technology: MemoryTechnology;
  readonly #options: GuestMemoryOptions;
  readonly #shared = new Set<number>();
  readonly #unknown = new Set<number>();
  readonly #counters = zeroCounters();

  constructor(options: GuestMemoryOptions) {
    this.technology = options.technology;
    this.#options = options;
  }

  get counters(): MemoryCounters {
    return this.#counters;
  }

  /** Pages that the host can read and write now. */
  get sharedPages(): number {
    return this.#shared.size;
  }

  /** State of the page at byte address `address`. Plain memory has no private pages. */
  stateAt(address: number): PageState {
    if (this.technology === 'plain') return 'shared';
    const page = Math.floor(address / PAGE_BYTES);
    if (this.#unknown.has(page)) return 'unknown';
    return this.#shared.has(page) ? 'shared' : 'private';
  }

  /** Whether a device can reach all of `[address, address + bytes)`. */
  isShared(address: number, bytes: number): boolean {
    if (this.technology === 'plain') return true;
    for (let page = Math.floor(address / PAGE_BYTES); page * PAGE_BYTES < address + bytes; page += 1) {
      if (!this.#shared.has(page)) return false;
    }
    return true;
  }

  /** Converts `pages` pages, the first of which holds byte address `address`. */
  convert(address: number, pages: number, to: 'shared' | 'private'): ConversionStatus {
    if (this.technology === 'plain' || pages === 0) return 'ok';
    const first = Math.floor(address / PAGE_BYTES);
    const status = this.#announce(first, pages, to);
    const counters = this.#counters;
    counters.conversions += 1;
    if (status !== 'ok') {
      this.fail(address, pages);
      return status;
    }
    if (to === 'shared') counters.pagesToShared += pages;
    else counters.pagesToPrivate += pages;
    for (let page = first; page < first + pages; page += 1) {
      const lost = this.#unknown.has(page);
      if (lost || this.#shared.has(page) === (to === 'shared')) counters.redundantPages += 1;
      if (lost) continue;
      if (to === 'shared') this.#shared.add(page);
      else this.#shared.delete(page);
    }
    return 'ok';
  }

  /** Records that a conversion of these pages failed: nobody may use them any more. */
  fail(address: number, pages: number): void {
    const first = Math.floor(address / PAGE_BYTES);
    for (let page = first; page < first + pages; page += 1) {
      if (!this.#unknown.has(page)) this.#counters.leakedPages += 1;
      this.#unknown.add(page);
      this.#shared.delete(page);
    }
  }

  /** What the technology has to do besides the page tables. */
  #announce(first: number, pages: number, to: 'shared' | 'private'): ConversionStatus {
    const counters = this.#counters;
    if (this.technology === 'tdx') {
      const answer = mapGpa(first, pages, this.#options.mapGpa ?? agree);
      // The guest flushes its TLB before and after private → shared; the host does it before shared → private.
      counters.tlbFlushes += to === 'shared' ? 2 : 1;
      counters.exits += answer.calls;
      counters.mapGpaRetries += answer.retries;
      if (!answer.ok) return 'failed';
      if (to === 'private') {
        const done = accepts(first, pages, this.#options.acceptLimit ?? '1g');
        counters.accepts4k += done.of4k;
        counters.accepts2m += done.of2m;
        counters.accepts1g += done.of1g;
      }
      return 'ok';
    }
    counters.tlbFlushes += 2;
    if (this.#options.coherentAliases !== true) counters.cacheFlushedPages += pages;
    if (this.technology !== 'sev-snp') return 'ok';
    for (const batch of snpBatches(first, pages, this.#options.snp ?? SNP_LINUX)) {
      counters.exits += 1;
      counters.pscEntries += batch.entries;
      counters.pvalidates += batch.pvalidates;
      if (this.#options.pageStateChange?.(batch.first, batch.pages) === false) return 'guest-ended';
    }
    return 'ok';
  }
}

const agree: MapGpa = () => ({ result: 'done' });
