/**
 * Replays a kernel's trace on the simulated IOMMU DMA layer: which invalidations its unmappings cost.
 *
 * Strict: each unmapping invalidates its own range, at once. Lazy: it is queued, and the domain is invalidated when the
 * queue of its CPU is full or when the timer fires; that is computed from the times of the unmappings alone.
 */
import { FlushQueue, PER_CPU_QUEUE } from '../iommu/flush-queue.ts';
import type { FlushRangeEvent, FtraceRecord } from './ftrace-event.ts';
import type { TraceLedger } from './ftrace-ledger.ts';

const PAGE_SHIFT = 12;
const PAGE_BYTES = 2 ** PAGE_SHIFT;

export interface IommuTraceOptions {
  readonly lazy: boolean;
  /** The unit caches absent entries, so that new mappings invalidate as well. */
  readonly cachingMode: boolean;
  readonly cpus: number;
  /** Timer ticks per second of the kernel. */
  readonly hz: number;
  /** A time (s) at which a tick began. */
  readonly tickPhase: number;
  /** Domain of a device; devices that share one share its queue. */
  readonly domainOf: (device: string) => string;
  readonly ledger: TraceLedger;
}

export interface IommuInvalidations {
  /** Of a range: strict mode, and new mappings with caching mode. */
  readonly page: number;
  /** Of a whole domain: lazy mode, */
  readonly domain: number;
  /** because the timer fired, */
  readonly timer: number;
  /** or a queue was full. */
  readonly full: number;
}

/** An unmapping. */
interface Unmapping {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly tick: number;
}

export class IommuTrace {
  private readonly options: IommuTraceOptions;
  private readonly timeout: number;
  /** By domain. */
  private readonly queues = new Map<string, FlushQueue>();
  /** By page: devices that have something mapped there. Domains use the same addresses independently. */
  private readonly owners = new Map<number, string[]>();
  /** By device and original address: the pages where its scatterlists begin, oldest first. */
  private readonly lists = new Map<string, number[]>();
  /** By CPU: what an event said just now is about to be unmapped. */
  private readonly announced = new Map<number, { readonly device: string; readonly page: number }>();
  /** By CPU: unmappings whose device only the event that follows says. */
  private readonly anonymous = new Map<number, Unmapping[]>();
  /** By CPU: unmappings whose invalidation is still to come. */
  private readonly invalidating = new Map<number, Unmapping[]>();
  private unmaps = 0;
  private maps = 0;
  private timerFlushes = 0;
  private allFlushes = 0;
  private pageInvalidations = 0;
  private domainInvalidations = 0;
  private recordedTimers = 0;
  private recordedFlushes = 0;

  constructor(options: IommuTraceOptions) {
    this.options = options;
    // The timer's time is rounded up to ticks, and the wheel fires with the tick after it.
    this.timeout = Math.ceil((PER_CPU_QUEUE.timeout * options.hz) / 1000) + 1;
  }

  /** Invalidations that the simulated layer makes. */
  get computed(): IommuInvalidations {
    const { lazy, cachingMode } = this.options;
    const timer = this.timerFlushes;
    return {
      page: (lazy ? 0 : this.unmaps) + (cachingMode ? this.maps : 0),
      domain: this.allFlushes,
      timer,
      full: this.allFlushes - timer,
    };
  }

  /** Invalidations that the kernel made; null: the trace has no probes that tell why a domain was flushed. */
  get recorded(): Omit<IommuInvalidations, 'timer' | 'full'> & {
    readonly timer: number | null;
    readonly full: number | null;
  } {
    const probed = this.recordedFlushes > 0;
    return {
      page: this.pageInvalidations,
      domain: this.domainInvalidations,
      timer: probed ? this.recordedTimers : null,
      full: probed ? this.recordedFlushes - this.recordedTimers : null,
    };
  }

  event({ cpu, seconds, event }: FtraceRecord, line: number): void {
    const tick = Math.floor((seconds - this.options.tickPhase) * this.options.hz);
    this.fireTimers(cpu, tick);
    switch (event.name) {
      case 'map-page':
        this.mapped(event.device, event.address);
        break;
      case 'alloc':
        this.mapped(event.device, event.address);
        break;
      case 'map-sg': {
        const [address] = event.addresses;
        if (address === undefined) break;
        this.mapped(event.device, address);
        push(this.lists, listKey(event.device, event.physicals[0] ?? 0), pageOf(address));
        break;
      }
      case 'free':
        this.announced.set(cpu, { device: event.device, page: pageOf(event.address) });
        break;
      case 'unmap-sg': {
        const page = shift(this.lists, listKey(event.device, event.physicals[0] ?? 0));
        if (page !== undefined) this.announced.set(cpu, { device: event.device, page });
        break;
      }
      case 'iommu-unmap':
        this.unmaps++;
        this.unmapped(cpu, { from: event.from, to: event.to, tick });
        break;
      case 'unmap-page':
        this.named(cpu, event.device, event.address);
        break;
      case 'flush-range':
        this.invalidated(cpu, event, line);
        break;
      case 'invalidation':
        if (event.scope === 'iotlb-page') this.pageInvalidations++;
        if (event.scope === 'iotlb-domain') this.domainInvalidations++;
        break;
      case 'flush-timer':
        this.recordedTimers++;
        break;
      case 'flush-queue':
        this.recordedFlushes++;
        break;
      default:
    }
  }

  /** By range, not by order: an interrupt may unmap and invalidate between the two of what it interrupted. */
  private invalidated(cpu: number, event: FlushRangeEvent, line: number): void {
    const waiting = this.invalidating.get(cpu) ?? [];
    const index = waiting.findIndex(({ from, to }) => from === event.from && to === event.last + 1);
    const [unmapping] = index < 0 ? [] : waiting.splice(index, 1);
    const block = unmapping === undefined ? { address: -1, order: -1 } : invalidationBlock(unmapping);
    this.options.ledger.compare(line, 'invalidated address', event.address, block.address);
    this.options.ledger.compare(line, 'invalidated pages (log2)', event.order, block.order);
  }

  private mapped(device: string, address: number): void {
    this.maps++;
    push(this.owners, pageOf(address), device);
  }

  private unmapped(cpu: number, unmapping: Unmapping): void {
    if (!this.options.lazy) {
      push(this.invalidating, cpu, unmapping);
      return;
    }
    const page = pageOf(unmapping.from);
    const announced = this.announced.get(cpu);
    const owners = this.owners.get(page) ?? [];
    const [only] = owners;
    if (announced?.page === page) {
      this.announced.delete(cpu);
      this.queue(cpu, announced.device, unmapping);
    } else if (only !== undefined && owners.every((owner) => owner === only)) {
      this.queue(cpu, only, unmapping);
    } else {
      push(this.anonymous, cpu, unmapping);
    }
  }

  /** An unmapping of this CPU that had several possible owners was this device's. */
  private named(cpu: number, device: string, address: number): void {
    const waiting = this.anonymous.get(cpu);
    const index = waiting?.findIndex(({ from, to }) => address >= from && address < to) ?? -1;
    const [unmapping] = index < 0 ? [] : (waiting?.splice(index, 1) ?? []);
    if (unmapping !== undefined) this.queue(cpu, device, unmapping);
  }

  private queue(cpu: number, device: string, { from, to, tick }: Unmapping): void {
    const owners = this.owners.get(pageOf(from));
    const index = owners?.indexOf(device) ?? -1;
    if (index >= 0) owners?.splice(index, 1);
    this.queueOf(this.options.domainOf(device)).queue(cpu, pageOf(from), pageOf(to - from), tick);
  }

  private queueOf(domain: string): FlushQueue {
    const known = this.queues.get(domain);
    if (known !== undefined) return known;
    const owner = {
      flushAll: () => {
        this.allFlushes++;
      },
      released: () => {},
    };
    const queue = new FlushQueue({ ...PER_CPU_QUEUE, timeout: this.timeout, cpus: this.options.cpus }, owner);
    this.queues.set(domain, queue);
    return queue;
  }

  private fireTimers(cpu: number, tick: number): void {
    for (const queue of this.queues.values()) {
      if (queue.timerAt > tick) continue;
      this.timerFlushes++;
      queue.fire(cpu);
    }
  }
}

/**
 * When the ticks of the kernel's clock began, as seconds modulo a tick, from the times of timer events: they come shortly
 * after a tick, some of them later.
 */
export function tickPhaseOf(times: readonly number[], hz: number): number {
  const tick = 1 / hz;
  const bins = 40;
  const counts = new Array<number>(bins).fill(0);
  const binOf = (time: number) => Math.min(bins - 1, Math.floor(((time % tick) / tick) * bins));
  for (const time of times) counts[binOf(time)] = (counts[binOf(time)] ?? 0) + 1;
  // Where the quarter of a tick begins that holds the most of them.
  let best = 0;
  let most = -1;
  for (let first = 0; first < bins; first++) {
    let held = 0;
    for (let offset = 0; offset < bins / 4; offset++) held += counts[(first + offset) % bins] ?? 0;
    if (held < most || (held === most && counts[first] === 0)) continue;
    most = held;
    best = first;
  }
  return (best / bins) * tick;
}

/** The smallest aligned block of pages, a power of two, that holds a range: VT-d invalidates nothing else. */
function invalidationBlock({ from, to }: { readonly from: number; readonly to: number }): {
  readonly address: number;
  readonly order: number;
} {
  let order = 0;
  let bytes = PAGE_BYTES;
  while (Math.floor(from / bytes) !== Math.floor((to - 1) / bytes)) {
    order++;
    bytes *= 2;
  }
  return { address: Math.floor(from / bytes) * bytes, order };
}

function pageOf(address: number): number {
  return Math.floor(address / PAGE_BYTES);
}

function listKey(device: string, physical: number): string {
  return `${device} ${physical}`;
}

function push<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function shift<K, V>(lists: Map<K, V[]>, key: K): V | undefined {
  const list = lists.get(key);
  const first = list?.shift();
  if (list?.length === 0) lists.delete(key);
  return first;
}
