/**
 * Replays a kernel's trace on the simulated IOVA allocator, where the recording has probes on it.
 *
 * Addresses are counted as predicted or not, never as wrong: an interrupt may free between the moment at which a range is
 * taken and the line that says so, on one CPU too. After a difference the kernel's range is taken over; where that cannot
 * be (the simulated cache would have to be other), the domain is left alone.
 */
import { IovaAllocator, roundedPages } from '../iommu/iova-allocator.ts';
import type { FtraceRecord, IovaEvent } from './ftrace-event.ts';

/** x86: interrupts are written to these pages, so that no domain hands them out. */
const MSI_PAGES = { low: 0xfee00, high: 0xfeeff } as const;

export class IovaTrace {
  private readonly cpus: number;
  /** By the kernel's pointer; null = left alone. */
  private readonly domains = new Map<string, IovaAllocator | null>();
  private right = 0;
  private asked = 0;

  constructor(cpus: number) {
    this.cpus = cpus;
  }

  /** Addresses that were as the kernel's, of all that it handed out. */
  get predictions(): { readonly right: number; readonly asked: number } {
    return { right: this.right, asked: this.asked };
  }

  event({ cpu, seconds, event }: FtraceRecord): void {
    if (event.name === 'iova-alloc') this.allocate(cpu, event, seconds * 1000);
    if (event.name === 'iova-free') this.domains.get(event.domain)?.free(cpu, event.pfn, event.pages, seconds * 1000);
  }

  private allocate(cpu: number, event: IovaEvent, now: number): void {
    const domain = this.domainOf(event.domain);
    this.asked++;
    if (domain === null) return;
    const pfn = domain.allocate(cpu, event.pages, event.limit, false);
    if (pfn === event.pfn) {
      this.right++;
      return;
    }
    if (pfn >= 0) domain.free(cpu, pfn, event.pages, now);
    if (event.pfn < 0 || !domain.tree.place(event.pfn, roundedPages(event.pages))) this.domains.set(event.domain, null);
  }

  private domainOf(name: string): IovaAllocator | null {
    const known = this.domains.get(name);
    if (known !== undefined) return known;
    const domain = new IovaAllocator(this.cpus);
    domain.tree.reserve(MSI_PAGES.low, MSI_PAGES.high);
    this.domains.set(name, domain);
    return domain;
  }
}
