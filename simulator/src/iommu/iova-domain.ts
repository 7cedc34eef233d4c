/**
 * The IOMMU DMA layer of one domain: device addresses for mappings, and the invalidations that unmapping costs.
 * Linux 6.12. Time in ms, moved by `advance`; page = granule (4 KiB).
 */
import { FlushQueue, type FlushQueueOptions, type FlushQueueOwner } from './flush-queue.ts';
import { IovaAllocator } from './iova-allocator.ts';

const PAGE_SHIFT = 12;
const PAGE_BYTES = 2 ** PAGE_SHIFT;

export interface IovaDomainOptions {
  readonly cpus: number;
  /** First granule that may be handed out. */
  readonly start?: number;
  /** Highest granule that the device reaches, inclusive (DMA mask >> 12). */
  readonly limit: number;
  /** PCI devices with more than 32 bits first get addresses below 4 GiB, as long as there are any. */
  readonly try32First: boolean;
  /** null = strict: each unmap invalidates its range before the address can be reused. */
  readonly queue: Omit<FlushQueueOptions, 'cpus'> | null;
}

/** What happened so far. */
export interface IovaCounters {
  readonly maps: number;
  readonly unmaps: number;
  /** Whole-domain invalidations. */
  readonly flushAll: number;
  /** Range invalidations, and the pages in them. */
  readonly sync: number;
  readonly syncPages: number;
  readonly timerFires: number;
  /** Queued ranges that became reusable. */
  readonly released: number;
  /** Runs of the depot workers. */
  readonly depotWork: number;
}

export class IovaDomain {
  readonly allocator: IovaAllocator;
  private readonly limit: number;
  private readonly limit32: number;
  private readonly queue: FlushQueue | null;
  private try32: boolean;
  private time = 0;
  private lastCpu = 0;
  private readonly count = {
    maps: 0,
    unmaps: 0,
    flushAll: 0,
    sync: 0,
    syncPages: 0,
    timerFires: 0,
    released: 0,
    depotWork: 0,
  };

  constructor(options: IovaDomainOptions) {
    this.allocator = new IovaAllocator(options.cpus, options.start ?? 1);
    this.limit = options.limit;
    this.limit32 = this.allocator.tree.limit32 - 1;
    this.try32 = options.try32First && options.limit > this.limit32;
    const owner: FlushQueueOwner = {
      flushAll: () => {
        this.count.flushAll++;
      },
      released: (cpu, pfn, pages) => {
        this.count.released++;
        this.allocator.free(cpu, pfn, pages, this.time);
      },
    };
    this.queue = options.queue === null ? null : new FlushQueue({ ...options.queue, cpus: options.cpus }, owner);
  }

  get now(): number {
    return this.time;
  }

  get counters(): IovaCounters {
    return this.count;
  }

  /** Ranges that wait for an invalidation. */
  get queued(): number {
    return this.queue?.queued ?? 0;
  }

  get timerRunning(): boolean {
    return this.queue !== null && this.queue.timerAt !== Number.POSITIVE_INFINITY;
  }

  /** Granules that `size` bytes at physical address `physical` take. */
  static pagesOf(physical: number, size: number): number {
    return Math.ceil(((physical % PAGE_BYTES) + size) / PAGE_BYTES);
  }

  /** Takes device addresses for `pages` granules: the first granule, or -1. */
  map(cpu: number, pages: number): number {
    this.lastCpu = cpu;
    let pfn = -1;
    if (this.try32) {
      pfn = this.allocator.allocate(cpu, pages, this.limit32, false);
      if (pfn < 0) this.try32 = false; // below 4 GiB is full: not tried again, ever
    }
    if (pfn < 0) pfn = this.allocator.allocate(cpu, pages, this.limit, true);
    if (pfn >= 0) this.count.maps++;
    return pfn;
  }

  /** Gives back `pages` granules at `pfn`, as they were mapped. */
  unmap(cpu: number, pfn: number, pages: number): void {
    this.lastCpu = cpu;
    this.count.unmaps++;
    if (this.queue !== null) {
      this.queue.queue(cpu, pfn, pages, this.time);
      return;
    }
    this.count.sync++;
    this.count.syncPages += pages;
    this.allocator.free(cpu, pfn, pages, this.time);
  }

  /** Time goes on by `ms`; timers and workers run when they are due, on the CPU of the last operation. */
  advance(ms: number): void {
    const end = this.time + ms;
    const { rcache, tree } = this.allocator;
    for (;;) {
      const timer = this.queue?.timerAt ?? Number.POSITIVE_INFINITY;
      const next = Math.min(timer, rcache.nextWork);
      if (next > end) break;
      this.time = next;
      if (timer === next) {
        this.count.timerFires++;
        this.queue?.fire(this.lastCpu);
      } else {
        this.count.depotWork += rcache.work(next, tree);
      }
    }
    this.time = end;
  }
}
