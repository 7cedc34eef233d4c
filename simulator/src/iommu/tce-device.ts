import { type DdwResult, mapsDirectly } from './ddw.ts';
import { TceTable } from './tce.ts';

/**
 * A pseries device and the windows it has: which of them serves a mapping, and what that costs in hypercalls.
 *
 * - `pre-mapped`: the address is the physical one plus an offset; nothing to do.
 * - `dynamic`: entries of the 64-bit window's table.
 * - `default`: entries of the 32-bit window's table.
 * - `refused`: no table is left that could hold it, or the address lies outside of everything that is mapped.
 */
export type TceRoute = 'pre-mapped' | 'dynamic' | 'default' | 'refused';

export interface TceDeviceOptions {
  readonly ddw: DdwResult;
  /** Highest address of RAM; what the pre-mapping has to cover. */
  readonly ramMax: bigint;
  /** The 32-bit window; gone when the dynamic one took its place. */
  readonly defaultTable: TceTable;
  readonly kernelPageBytes: number;
  /** The hypervisor takes up to 512 entries in one call (H_PUT_TCE_INDIRECT, H_STUFF_TCE). */
  readonly multiple: boolean;
}

export interface TceDeviceCounters {
  readonly routes: Readonly<Record<TceRoute, number>>;
  /** Entries set and cleared by hypercalls, those of the pre-mapping apart. */
  readonly entriesSet: number;
  readonly entriesCleared: number;
  /** Hypercalls of mappings, H_PUT_TCE and its multiples. */
  readonly hypercalls: number;
  /** Hypercalls that mapped RAM beforehand, once. */
  readonly premapHypercalls: number;
}

export interface TceMapping {
  readonly route: TceRoute;
  /** Table entry; null without one. */
  readonly entry: number | null;
  readonly pages: number;
}

/** One page of entries. */
const ENTRIES_PER_CALL = 512;

export class TceDevice {
  readonly #options: TceDeviceOptions;
  readonly #dynamic: TceTable | null;
  readonly #default: TceTable | null;
  readonly #routes = { 'pre-mapped': 0, dynamic: 0, default: 0, refused: 0 };
  readonly #counters = { entriesSet: 0, entriesCleared: 0, hypercalls: 0, premapHypercalls: 0 };

  constructor(options: TceDeviceOptions) {
    const { ddw, ramMax, kernelPageBytes } = options;
    const { dynamicTable, window } = ddw;
    this.#options = options;
    this.#default = ddw.defaultRemoved && !ddw.failed ? null : options.defaultTable;
    this.#dynamic =
      dynamicTable === null || window === null
        ? null
        : new TceTable({
            entries: Number(dynamicTable.bytes >> BigInt(window.pageShift)),
            offset: Number(dynamicTable.address >> BigInt(window.pageShift)),
            pageShift: window.pageShift,
            reserved: [Number(dynamicTable.reserved[0]), Number(dynamicTable.reserved[1])],
            kernelPageBytes,
          });
    if (ddw.ramPremapped && window !== null) {
      const entries = Number((ramMax + 2n ** BigInt(window.pageShift) - 1n) >> BigInt(window.pageShift));
      this.#counters.premapHypercalls = this.#calls(entries);
    }
  }

  get counters(): TceDeviceCounters {
    return { routes: this.#routes, ...this.#counters };
  }

  /** Maps `bytes` bytes at physical address `address`; both may lie in RAM or in persistent memory. */
  map(cpu: number, address: bigint, bytes: number): TceMapping {
    const mapping = this.#place(cpu, address, bytes);
    this.#routes[mapping.route] += 1;
    if (mapping.entry !== null) {
      this.#counters.entriesSet += mapping.pages;
      this.#counters.hypercalls += this.#calls(mapping.pages);
    }
    return mapping;
  }

  unmap({ route, entry, pages }: TceMapping): void {
    if (entry === null) return;
    (route === 'dynamic' ? this.#dynamic : this.#default)?.free(entry, pages);
    this.#counters.entriesCleared += pages;
    this.#counters.hypercalls += this.#calls(pages);
  }

  #place(cpu: number, address: bigint, bytes: number): TceMapping {
    const { ddw } = this.#options;
    if (mapsDirectly(ddw, address)) {
      const end = ddw.ramPremapped && ddw.window !== null ? 2n ** BigInt(ddw.window.shift) : 0n;
      return { route: address + BigInt(bytes) <= end ? 'pre-mapped' : 'refused', entry: null, pages: 0 };
    }
    const route = this.#dynamic === null ? 'default' : 'dynamic';
    const table = this.#dynamic ?? this.#default;
    if (table === null) return { route: 'refused', entry: null, pages: 0 };
    const { pageShift, kernelPageBytes } = table.options;
    const pageBytes = 2 ** pageShift;
    const pages = Math.ceil((Number(address % BigInt(pageBytes)) + bytes) / pageBytes);
    const aligned = bytes >= kernelPageBytes && address % BigInt(kernelPageBytes) === 0n;
    const alignOrder = aligned ? Math.max(0, Math.log2(kernelPageBytes) - pageShift) : 0;
    const reach = route === 'dynamic' ? 2 ** 52 - 1 : 2 ** (32 - pageShift) - 1;
    const boundary = Math.max(1, 2 ** (32 - pageShift));
    const entry = table.allocate({ cpu, pages, alignOrder, mask: reach, boundary });
    return entry === null ? { route: 'refused', entry, pages: 0 } : { route, entry, pages };
  }

  #calls(pages: number): number {
    return this.#options.multiple ? Math.ceil(pages / ENTRIES_PER_CALL) : pages;
  }
}
