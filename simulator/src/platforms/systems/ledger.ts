import { type Counters, type CounterTally, noCounters } from '../../machine/counters.ts';
import type { GuestMemory, MemoryCounters } from '../../memory/guest-memory.ts';

/** The counters of one run, with the highest marks of what is held. */
export class Ledger {
  readonly counters: CounterTally = noCounters();

  holdSlots(change: number): void {
    const { counters } = this;
    counters.slots += change;
    counters.slotsHighWater = Math.max(counters.slotsHighWater, counters.slots);
  }

  holdBouncePages(change: number): void {
    const { counters } = this;
    counters.bouncePages += change;
    counters.bouncePagesHighWater = Math.max(counters.bouncePagesHighWater, counters.bouncePages);
  }

  /** The counters together with what guest memory counted, since `before` where that is given. */
  with(memory: Converted | null, before: MemoryCounters | null = null): Counters {
    if (memory === null) return { ...this.counters };
    const { counters: now, technology } = memory;
    const since = (name: keyof MemoryCounters): number => now[name] - (before?.[name] ?? 0);
    return {
      ...this.counters,
      conversions: since('conversions'),
      pagesShared: since('pagesToShared'),
      pagesPrivate: since('pagesToPrivate'),
      exits: since('exits'),
      pscBatches: technology === 'sev-snp' ? since('exits') : 0,
      pscEntries: since('pscEntries'),
      pvalidates: since('pvalidates'),
      accepts4k: since('accepts4k'),
      accepts2m: since('accepts2m'),
      accepts1g: since('accepts1g'),
      cacheFlushedPages: since('cacheFlushedPages'),
      leakedPages: since('leakedPages'),
    };
  }
}

/** What guest memory tells of itself. */
type Converted = Pick<GuestMemory, 'technology' | 'counters'>;
