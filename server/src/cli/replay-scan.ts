import { type FtraceEvent, type FtraceRecord, parseFtraceLine } from '@dma-audit/simulator';

/** What a first look at a trace tells about the machine on which it was recorded. */
export interface TraceScan {
  readonly lines: number;
  readonly events: number;
  /** Events that say nothing about DMA, by name. */
  readonly others: ReadonlyMap<string, number>;
  /** Lines that are torn or no trace lines, and the first of them. */
  readonly foreign: number;
  readonly firstForeign: { readonly line: number; readonly why: string } | null;
  /** Events that the kernel says it lost. */
  readonly lost: number;
  /** Events that are older than the one before, and the line of the first. */
  readonly backwards: number;
  readonly firstBackwards: number | null;
  readonly cpus: number;
  /** From the first to the last event, seconds. */
  readonly seconds: number;
  /** The recorded kernel's bounce pool: the lowest address that it handed out; null = nothing was bounced. */
  readonly poolStart: number | null;
  /** Slots, where a mark in the trace says how many (`nslabs=`). */
  readonly poolSlots: number | null;
  /** High-water mark as the recorded kernel counted it, where a mark says it (`hiwater=`): the last one. */
  readonly recordedHighWater: { readonly slots: number; readonly line: number; readonly seconds: number } | null;
  /** Low address bits that the bounce buffers of a device keep, by device. */
  readonly minAlignMasks: ReadonlyMap<string, number>;
}

const PAGE_MASK = 0xfff;

export class TraceScanner {
  #lines = 0;
  #events = 0;
  #foreign = 0;
  #firstForeign: TraceScan['firstForeign'] = null;
  #lost = 0;
  #cpu = 0;
  #first: number | null = null;
  #last = 0;
  #lowest: number | null = null;
  #slots: number | null = null;
  #highWater: TraceScan['recordedHighWater'] = null;
  #backwards = 0;
  #firstBackwards: number | null = null;
  #now = 0;
  readonly #others = new Map<string, number>();
  /** By CPU: where the original lies that is being bounced. */
  readonly #origins = new Map<number, number>();
  readonly #offsets = new Map<string, { keeps: boolean; seen: boolean }>();

  line(text: string): void {
    this.#lines++;
    const parsed = parseFtraceLine(text);
    switch (parsed.kind) {
      case 'comment':
        return;
      case 'other':
        this.#others.set(parsed.name, (this.#others.get(parsed.name) ?? 0) + 1);
        return;
      case 'lost':
        this.#lost += parsed.events;
        return;
      case 'foreign':
        this.foreign(parsed.why);
        return;
      case 'event':
        this.#event(parsed.record);
    }
  }

  /** Something is wrong with the text at this line. */
  foreign(why: string): void {
    this.#foreign++;
    this.#firstForeign ??= { line: this.#lines, why };
  }

  finish(): TraceScan {
    const masks = [...this.#offsets].flatMap(([device, { keeps, seen }]): [string, number][] =>
      keeps && seen ? [[device, PAGE_MASK]] : [],
    );
    return {
      lines: this.#lines,
      events: this.#events,
      others: this.#others,
      foreign: this.#foreign,
      firstForeign: this.#firstForeign,
      lost: this.#lost,
      cpus: this.#cpu + 1,
      seconds: this.#last - (this.#first ?? 0),
      poolStart: this.#lowest === null ? null : this.#lowest - (this.#lowest & PAGE_MASK),
      poolSlots: this.#slots,
      recordedHighWater: this.#highWater,
      backwards: this.#backwards,
      firstBackwards: this.#firstBackwards,
      minAlignMasks: new Map(masks),
    };
  }

  #event({ cpu, seconds, event }: FtraceRecord): void {
    this.#events++;
    this.#cpu = Math.max(this.#cpu, cpu);
    this.#first ??= seconds;
    this.#last = Math.max(this.#last, seconds);
    if (seconds < this.#now) {
      this.#backwards++;
      this.#firstBackwards ??= this.#lines;
    }
    this.#now = seconds;
    switch (event.name) {
      case 'bounced':
        this.#origins.set(cpu, event.origin);
        return;
      case 'slot-map':
        if (event.address >= 0) this.#bounced(event.device, event.origin, event.address);
        return;
      case 'map-page':
        if (this.#origins.get(cpu) === event.physical && event.address >= 0 && event.address !== event.physical)
          this.#bounced(event.device, event.physical, event.address);
        this.#origins.delete(cpu);
        return;
      case 'mark':
        this.#mark(event, seconds);
        return;
      default:
        return;
    }
  }

  #mark({ text }: Extract<FtraceEvent, { readonly name: 'mark' }>, seconds: number): void {
    const slots = /\bnslabs=(\d+)/.exec(text)?.[1];
    const highWater = /\bhiwater=(\d+)/.exec(text)?.[1];
    if (slots !== undefined && slots !== '0') this.#slots = Number(slots);
    if (highWater !== undefined) this.#highWater = { slots: Number(highWater), line: this.#lines, seconds };
  }

  /** A device that must keep offsets keeps them always; another one only by chance. */
  #bounced(device: string, origin: number, address: number): void {
    this.#lowest = this.#lowest === null ? address : Math.min(this.#lowest, address);
    const known = this.#offsets.get(device) ?? { keeps: true, seen: false };
    this.#offsets.set(device, {
      keeps: known.keeps && origin % 4096 === address % 4096,
      seen: known.seen || origin % 4096 !== 0,
    });
  }
}
