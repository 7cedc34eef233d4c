/**
 * Lazy invalidation: unmapped ranges wait in a queue until the whole domain was invalidated; only then can they be
 * handed out again. Linux 6.12 (`iova_fq` of the IOMMU DMA layer). Time in ticks of the caller's clock.
 */

export interface FlushQueueOptions {
  readonly cpus: number;
  /** One queue for all CPUs (where a hypervisor shadows every flush), or one for each. */
  readonly shared: boolean;
  /** Entries of a queue, a power of two: 256 per CPU, 32,768 shared. One stays empty. */
  readonly slots: number;
  /** Ticks from the first entry to the timer: 10 ms per CPU, 1 s shared. */
  readonly timeout: number;
}

/** Linux's own sizes and times, for a clock in ms. */
export const PER_CPU_QUEUE = { shared: false, slots: 256, timeout: 10 } as const;
export const SHARED_QUEUE = { shared: true, slots: 32768, timeout: 1000 } as const;

/** What a queue asks of the domain that it belongs to. */
export interface FlushQueueOwner {
  /** Invalidates the whole domain. */
  flushAll(): void;
  /** The range can be handed out again, by `cpu`. */
  released(cpu: number, pfn: number, pages: number): void;
}

export class FlushQueue {
  private readonly owner: FlushQueueOwner;
  private readonly shared: boolean;
  private readonly slots: number;
  private readonly timeout: number;
  private readonly heads: Int32Array;
  private readonly tails: Int32Array;
  private readonly pfns: Float64Array;
  private readonly pages: Float64Array;
  /** For each entry: flushes started before it was queued. */
  private readonly counters: Float64Array;
  private flushes = 0;
  private waiting = 0;
  private expires = Number.POSITIVE_INFINITY;

  constructor(options: FlushQueueOptions, owner: FlushQueueOwner) {
    const queues = options.shared ? 1 : options.cpus;
    this.owner = owner;
    this.shared = options.shared;
    this.slots = options.slots;
    this.timeout = options.timeout;
    this.heads = new Int32Array(queues);
    this.tails = new Int32Array(queues);
    this.pfns = new Float64Array(queues * options.slots);
    this.pages = new Float64Array(queues * options.slots);
    this.counters = new Float64Array(queues * options.slots);
  }

  /** Entries in all queues. */
  get queued(): number {
    return this.waiting;
  }

  /** When the timer fires; infinite if it is not running. */
  get timerAt(): number {
    return this.expires;
  }

  /** Queues an unmapped range on the queue of `cpu`. A full queue invalidates at once. */
  queue(cpu: number, pfn: number, pages: number, now: number): void {
    const queue = this.shared ? 0 : cpu;
    this.drop(queue, cpu);
    if (this.next(this.tails[queue] ?? 0) === this.heads[queue]) {
      this.flush();
      this.drop(queue, cpu);
    }
    const tail = this.tails[queue] ?? 0;
    const entry = queue * this.slots + tail;
    this.pfns[entry] = pfn;
    this.pages[entry] = pages;
    this.counters[entry] = this.flushes;
    this.tails[queue] = this.next(tail);
    this.waiting++;
    if (this.expires === Number.POSITIVE_INFINITY) this.expires = now + this.timeout;
  }

  /** The timer fires, on `cpu`: one invalidation empties every queue. */
  fire(cpu: number): void {
    this.expires = Number.POSITIVE_INFINITY;
    this.flush();
    for (let queue = 0; queue < this.heads.length; queue++) this.drop(queue, cpu);
  }

  private flush(): void {
    this.owner.flushAll();
    this.flushes++;
  }

  /** Releases the entries that were queued before the last flush. */
  private drop(queue: number, cpu: number): void {
    const tail = this.tails[queue] ?? 0;
    let head = this.heads[queue] ?? 0;
    while (head !== tail) {
      const entry = queue * this.slots + head;
      if ((this.counters[entry] ?? 0) >= this.flushes) break;
      this.owner.released(cpu, this.pfns[entry] ?? 0, this.pages[entry] ?? 0);
      this.waiting--;
      head = this.next(head);
    }
    this.heads[queue] = head;
  }

  private next(index: number): number {
    return (index + 1) & (this.slots - 1);
  }
}
