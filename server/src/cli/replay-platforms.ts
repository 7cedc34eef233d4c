import {
  type Counters,
  costOf,
  type MapGrant,
  type MemorySystem,
  type Platform,
  type PlatformCost,
} from '@dma-audit/simulator';
import type { Figures } from './calibrate-profile.ts';
import type { StreamListener, TracedMapping } from './replay-stream.ts';

export interface PlatformReplay {
  readonly platform: Platform;
  readonly counters: Counters;
  readonly startup: Counters;
  readonly cost: PlatformCost;
}

/** Drives one platform with a workload. Addresses within a page are not simulated here, and all runs on one CPU. */
export class PlatformRun implements StreamListener {
  readonly #platform: Platform;
  readonly #figures: Figures;
  readonly #system: MemorySystem;
  readonly #grants = new Map<number, readonly MapGrant[]>();
  readonly #allocations = new Map<number, number>();

  constructor(platform: Platform, figures: Figures) {
    this.#figures = figures;
    this.#platform = platform;
    this.#system = platform.create('linux');
  }

  map({ id, direction, pieces }: TracedMapping): void {
    // Translation makes one range of a scatterlist; a bounce pool takes it piece by piece.
    const whole = [{ bytes: pieces.reduce((sum, { bytes }) => sum + bytes, 0) }];
    const grants = (this.#platform.traits.translates ? whole : pieces).map(({ bytes }) =>
      this.#system.map({
        bytes,
        direction,
        mode: 'streaming',
        memory: 'unknown',
        allocation: null,
        buffer: null,
        attributes: [],
      }),
    );
    this.#grants.set(id, grants);
  }

  unmap({ id }: TracedMapping): void {
    for (const grant of this.#grants.get(id) ?? []) this.#system.unmap(grant);
    this.#grants.delete(id);
  }

  sync({ id }: TracedMapping, owner: 'cpu' | 'device', bytes: number): void {
    const [grant] = this.#grants.get(id) ?? [];
    if (grant !== undefined) this.#system.sync(grant, owner, bytes);
  }

  allocate(id: number, _: string, bytes: number): void {
    this.#allocations.set(id, this.#system.allocate({ bytes }).id);
  }

  free(id: number): void {
    const allocation = this.#allocations.get(id);
    if (allocation !== undefined) this.#system.free(allocation);
    this.#allocations.delete(id);
  }

  get result(): PlatformReplay {
    const counters = this.#system.counters();
    const { description } = this.#platform;
    return {
      platform: this.#platform,
      counters,
      startup: this.#system.startup(),
      cost: costOf(counters, description.costs, this.#figures),
    };
  }
}
