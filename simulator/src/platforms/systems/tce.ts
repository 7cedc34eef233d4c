import { type DdwRequest, enableDdw } from '../../iommu/ddw.ts';
import { TceTable } from '../../iommu/tce.ts';
import { TceDevice, type TceMapping } from '../../iommu/tce-device.ts';
import { type Counters, noCounters } from '../../machine/counters.ts';
import type {
  AllocateGrant,
  AllocateRequest,
  MapGrant,
  MapRequest,
  MemorySystem,
} from '../../machine/memory-system.ts';
import { PAGE_BYTES } from '../../memory/page.ts';
import type { TcePart } from '../description.ts';
import { ASSUMED_BYTES, HostMemory, pagesOf } from './host-memory.ts';

const CPU = 0;
const GIB = 2n ** 30n;
const KERNEL_PAGE_BYTES = 65536;
/** log2 of the pages of a default window, which covers 1 GiB below 4 GiB. */
const DEFAULT_WINDOW = { entries: 2 ** 18, offset: 0, pageShift: 12, reserved: [0, 0] } as const;

/** An SR-IOV adapter that is offered one 64-bit window at 2^59, of at most 1 TiB in pages of 2 MiB. */
const adapter = (ramGiB: number): DdwRequest => ({
  ramMax: BigInt(ramGiB) * GIB,
  persistentMemory: true,
  windows: 0,
  windowsAfterRemove: 1,
  largestBlock: 2n ** 19n,
  pageSizeMask: 0x103,
  dmaMaskBits: 64,
  hasDefaultWindow: true,
  canReset: true,
  canLimitAddresses: true,
  defaultTableInUse: false,
  applicable: true,
  createFails: false,
  windowAddress: 2n ** 59n,
  mmio32: [0n, 0n],
});

const WINDOWS: Readonly<
  Record<TcePart['window'], { readonly request: Partial<DdwRequest>; readonly hybrid: boolean }>
> = {
  default: { request: { applicable: false }, hybrid: true },
  // As if there were no persistent memory: RAM is mapped beforehand, and nothing else is left.
  direct: { request: { persistentMemory: false }, hybrid: false },
  dynamic: { request: {}, hybrid: false },
  hybrid: { request: {}, hybrid: true },
};

interface Live {
  readonly tce: TceMapping;
  readonly address: bigint;
}

/** A device of a pseries partition, with the windows that it was given. */
export class TceSystem implements MemorySystem {
  readonly #part: TcePart;
  readonly #host: HostMemory;
  readonly #base: bigint;
  readonly #allocations = new Map<number, Live>();
  readonly #mappings = new Map<number, TceMapping>();
  readonly #counters = noCounters();
  #made: TceDevice | null = null;
  #next = 1;

  constructor(part: TcePart, buffers: 'below-4g' | 'above-4g') {
    this.#part = part;
    this.#host = new HostMemory(buffers);
    this.#base = part.buffersInPersistentMemory === true ? 4n * BigInt(part.ramGiB) * GIB : 0n;
  }

  /** Coherent memory is RAM, mapped like any other. */
  allocate({ bytes }: AllocateRequest): AllocateGrant {
    const id = this.#next++;
    const pages = pagesOf(bytes);
    const address = BigInt(this.#host.take(pages));
    const tce = this.#take(address, pages * PAGE_BYTES);
    if (tce.route === 'refused') return { id, refused: this.#refuse() };
    this.#allocations.set(id, { tce, address });
    return { id, refused: null };
  }

  free(id: number): void {
    const live = this.#allocations.get(id);
    if (live === undefined) return;
    this.#allocations.delete(id);
    this.#give(live.tce);
  }

  map(request: MapRequest): MapGrant {
    const id = this.#next++;
    const bytes = request.bytes ?? ASSUMED_BYTES;
    const own = this.#allocations.get(request.allocation ?? -1);
    const address = own?.address ?? this.#base + BigInt(this.#host.addressOf(request.buffer, bytes));
    const tce = this.#take(address, bytes);
    if (tce.route === 'refused') return { id, address: 'none', refused: this.#refuse() };
    this.#mappings.set(id, tce);
    return { id, address: tce.route === 'pre-mapped' ? 'offset' : 'translated', refused: null };
  }

  unmap({ id }: MapGrant): void {
    const tce = this.#mappings.get(id);
    if (tce === undefined) return;
    this.#mappings.delete(id);
    this.#give(tce);
  }

  sync(): void {}

  convert(): void {}

  exitBootServices(): void {}

  counters(): Counters {
    const { hypercalls = 0, entriesSet = 0, entriesCleared = 0 } = this.#made?.counters ?? {};
    return { ...this.#counters, hypercalls, tceEntries: entriesSet - entriesCleared };
  }

  /** RAM is mapped when the window is made. */
  startup(): Counters {
    return { ...noCounters(), hypercalls: this.#device.counters.premapHypercalls };
  }

  get #device(): TceDevice {
    this.#made ??= this.#create();
    return this.#made;
  }

  #create(): TceDevice {
    const { request, hybrid } = WINDOWS[this.#part.window];
    const asked = { ...adapter(this.#part.ramGiB), ...request };
    return new TceDevice({
      ddw: enableDdw(asked, hybrid),
      ramMax: asked.ramMax,
      defaultTable: new TceTable({ ...DEFAULT_WINDOW, kernelPageBytes: KERNEL_PAGE_BYTES }),
      kernelPageBytes: KERNEL_PAGE_BYTES,
      multiple: true,
    });
  }

  /** A table's pool is locked once to allocate and once to free; what was mapped beforehand needs no lock. */
  #take(address: bigint, bytes: number): TceMapping {
    const tce = this.#device.map(CPU, address, bytes);
    if (tce.entry !== null) this.#counters.lockAcquisitions += 1;
    return tce;
  }

  #give(tce: TceMapping): void {
    if (tce.entry !== null) this.#counters.lockAcquisitions += 1;
    this.#device.unmap(tce);
  }

  #refuse(): string {
    this.#counters.refusals += 1;
    return 'the address lies outside of what the window maps, or the window has no room';
  }
}
