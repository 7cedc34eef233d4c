import { FlushQueue, PER_CPU_QUEUE, SHARED_QUEUE } from '@dma-audit/simulator';
import type { Moment, StreamListener, TracedMapping } from './replay-stream.ts';

/** What unmappings cost behind an IOMMU: strict, and lazy in both ways. */
export interface InvalidationCounts {
  /** One for each unmapping and each coherent buffer that is freed. */
  readonly strict: number;
  readonly lazy: LazyCount;
  /** One queue for all CPUs, as virtual IOMMUs have it. */
  readonly lazyShared: LazyCount;
}

export interface LazyCount {
  /** Domain invalidations, and those of them which a full queue forced. */
  readonly flushes: number;
  readonly full: number;
  /** Most unmapped ranges that a device could still reach at once. */
  readonly open: number;
}

/** Counts invalidations by the times of the unmappings; every device is a domain of its own. */
export class Invalidations implements StreamListener {
  readonly #lazy: LazyQueues;
  readonly #shared: LazyQueues;
  #strict = 0;

  constructor(cpus: number) {
    this.#lazy = new LazyQueues({ ...PER_CPU_QUEUE, cpus });
    this.#shared = new LazyQueues({ ...SHARED_QUEUE, cpus });
  }

  map(): void {}
  sync(): void {}
  allocate(): void {}

  unmap({ device }: TracedMapping, at: Moment): void {
    this.#release(device, at);
  }

  free(_: number, device: string, at: Moment): void {
    this.#release(device, at);
  }

  get counts(): InvalidationCounts {
    return { strict: this.#strict, lazy: this.#lazy.count, lazyShared: this.#shared.count };
  }

  #release(device: string, { cpu, seconds }: Moment): void {
    this.#strict++;
    const now = seconds * 1000;
    this.#lazy.queue(device, cpu, now);
    this.#shared.queue(device, cpu, now);
  }
}

class LazyQueues {
  readonly #options: ConstructorParameters<typeof FlushQueue>[0];
  readonly #queues = new Map<string, FlushQueue>();
  #flushes = 0;
  #timer = 0;
  #open = 0;

  constructor(options: ConstructorParameters<typeof FlushQueue>[0]) {
    this.#options = options;
  }

  get count(): LazyCount {
    return { flushes: this.#flushes, full: this.#flushes - this.#timer, open: this.#open };
  }

  queue(device: string, cpu: number, now: number): void {
    for (const queue of this.#queues.values()) {
      if (queue.timerAt > now) continue;
      this.#timer++;
      queue.fire(cpu);
    }
    const queue = this.#queueOf(device);
    queue.queue(cpu, 0, 1, now);
    this.#open = Math.max(this.#open, queue.queued);
  }

  #queueOf(device: string): FlushQueue {
    const known = this.#queues.get(device);
    if (known !== undefined) return known;
    const flushAll = (): void => {
      this.#flushes++;
    };
    const queue = new FlushQueue(this.#options, { flushAll, released: () => {} });
    this.#queues.set(device, queue);
    return queue;
  }
}
