/**
 * VT-d under Xen while a guest's firmware moves RAM out of the way of the MMIO hole (hvmloader): a loop that maps every page
 * at another guest frame. What differs between the plans is when the IOTLB is invalidated.
 *
 * - `per-page`: each removal of a present entry invalidates at once, and each new entry does too in caching mode.
 * - `deferred` (plan A): a flag on the CPU holds all invalidations back; one follows by hand at the end.
 * - `batched` (plan B): ranges go through the p2m; one invalidation for each range.
 */
export type FlushPlan =
  | { readonly kind: 'per-page' }
  | { readonly kind: 'deferred' }
  | { readonly kind: 'batched'; readonly pagesPerBatch: number };

export interface VtdOptions {
  readonly plan: FlushPlan;
  /** The IOMMU may keep entries that were not present (CAP.CM): then a new entry needs an invalidation, too. */
  readonly cachingMode: boolean;
}

export interface VtdCounters {
  readonly maps: number;
  readonly unmaps: number;
  readonly invalidations: number;
  /** Hypercalls by the guest. */
  readonly hypercalls: number;
}

/** One domain's second-level table, as far as presence and stale IOTLB entries go. Frames are numbers of 4 KiB pages. */
export class VtdDomain {
  readonly #options: VtdOptions;
  readonly #frames = new Map<number, number>();
  /** Frames whose old translation (or absence of one) the IOTLB may still hold. */
  readonly #stale = new Set<number>();
  readonly #counters = { maps: 0, unmaps: 0, invalidations: 0, hypercalls: 0 };

  constructor(options: VtdOptions) {
    this.#options = options;
  }

  get counters(): VtdCounters {
    return this.#counters;
  }

  /** Frames at which the device may still reach what it no longer should. */
  get stale(): number {
    return this.#stale.size;
  }

  /** The machine frame behind a guest frame. */
  frameAt(frame: number): number | undefined {
    return this.#frames.get(frame);
  }

  /** Enters a translation without the guest having asked for it: the memory that the domain was built with. */
  populate(frame: number, machineFrame: number): void {
    this.#frames.set(frame, machineFrame);
  }

  /** Moves `pages` pages from guest frame `from` on to `to` on, in the way of the plan. The ranges must not overlap. */
  relocate(from: number, to: number, pages: number): void {
    const { plan } = this.#options;
    const batch = plan.kind === 'batched' ? plan.pagesPerBatch : 1;
    for (let done = 0; done < pages; done += batch) {
      this.#counters.hypercalls += 1;
      const end = Math.min(done + batch, pages);
      for (let page = done; page < end; page += 1) this.#move(from + page, to + page);
      if (plan.kind === 'batched') this.#invalidate();
    }
    if (plan.kind === 'deferred') this.#invalidate();
  }

  #move(from: number, to: number): void {
    const machineFrame = this.#frames.get(from);
    if (machineFrame === undefined) return;
    this.#change(from, true);
    this.#frames.delete(from);
    this.#counters.unmaps += 1;
    this.#change(to, this.#frames.has(to));
    this.#frames.set(to, machineFrame);
    this.#counters.maps += 1;
  }

  /** An entry changes. One that was not present cannot be cached, except in caching mode. */
  #change(frame: number, wasPresent: boolean): void {
    if (!wasPresent && !this.#options.cachingMode) return;
    this.#stale.add(frame);
    if (this.#options.plan.kind === 'per-page') this.#invalidate();
  }

  #invalidate(): void {
    if (this.#stale.size === 0) return;
    this.#counters.invalidations += 1;
    this.#stale.clear();
  }
}
