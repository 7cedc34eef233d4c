/**
 * Replays a kernel's trace on the simulated bounce pool: which slots a mapping takes, and what is copied.
 *
 * With probes on the slot allocator (`slot-map`, `slot-unmap`) each of its calls is compared. Without them, an attempt is
 * known from `bounced`, its result from the mapping event that follows, and a release from the unmapping event.
 * After a difference the kernel's slots are taken over, so that one does not cause others. With more than one CPU the
 * order of lines is not quite that of effects, so slots are only counted as predicted or not, never as wrong.
 */
import {
  BounceCopy,
  copyRange,
  type Swiotlb,
  type SwiotlbDevice,
  syncCopies,
  type TransferDirection,
} from '../bounce/swiotlb/index.ts';
import type {
  BouncedEvent,
  FtraceDirection,
  FtraceEvent,
  FtraceRecord,
  MapPageEvent,
  MapSgEvent,
  SlotMapEvent,
  UnmapSgEvent,
} from './ftrace-event.ts';
import type { TraceLedger } from './ftrace-ledger.ts';

interface Live {
  readonly device: string;
  readonly address: number;
  readonly origin: number;
  readonly size: number;
  /** A task that is interrupted lends its name to the interrupt, which is over before the task goes on. */
  readonly task: string;
  /** Known once the mapping is announced by an event of the DMA layer. */
  direction: TransferDirection | null;
  /** The unmapping asked for no copy. */
  skipSync: boolean;
}

interface Attempt {
  readonly task: string;
  readonly event: BouncedEvent;
}

/** What a kernel had no room for: as much of the request as it had come to. */
export interface RefusedRequest {
  readonly device: string;
  readonly pieces: readonly { readonly physical: number; readonly bytes: number }[];
}

export interface SwiotlbTraceOptions {
  readonly pool: Swiotlb;
  readonly cpus: number;
  readonly device: (name: string) => SwiotlbDevice;
  readonly ledger: TraceLedger;
  /** Is told of each refusal, before anything is given back. */
  readonly refused?: (request: RefusedRequest) => void;
}

export class SwiotlbTrace {
  private readonly pool: Swiotlb;
  private readonly exact: boolean;
  private readonly deviceOf: (name: string) => SwiotlbDevice;
  private readonly ledger: TraceLedger;
  private readonly refused: (request: RefusedRequest) => void;
  /** By address in the pool. */
  private readonly live = new Map<number, Live>();
  /** Those of them that no event of the DMA layer has announced yet. */
  private readonly waiting = new Set<Live>();
  /** By original address. */
  private readonly origins = new Map<number, Set<Live>>();
  /** By CPU: an attempt whose result is not yet known. */
  private readonly attempts = new Map<number, Attempt>();
  /** By address: copied back at a release whose event, which may say that no copy was wanted, is still to come. */
  private readonly released = new Map<number, number>();
  private readonly copy = new BounceCopy();
  private probed: boolean | null = null;
  private copiedIn = 0;
  private copiedBack = 0;
  private predicted = 0;
  private mispredicted = 0;
  private failed = 0;

  constructor(options: SwiotlbTraceOptions) {
    this.pool = options.pool;
    this.exact = options.cpus === 1;
    this.deviceOf = options.device;
    this.ledger = options.ledger;
    this.refused = options.refused ?? (() => {});
  }

  /** Bytes from originals to the pool. */
  get bytesIn(): number {
    return this.copiedIn;
  }

  /** Bytes from the pool to originals. */
  get bytesBack(): number {
    return this.copiedBack;
  }

  /** Results (slots or failure) that were as the kernel's, and those that were not. */
  get predictions(): { readonly right: number; readonly wrong: number; readonly failures: number } {
    return { right: this.predicted, wrong: this.mispredicted, failures: this.failed };
  }

  event({ task: name, cpu, event }: FtraceRecord, line: number): void {
    const task = name === '<idle>-0' ? `${name} of CPU ${cpu}` : name;
    if (event.name !== 'slot-map') this.settle(cpu, event);
    switch (event.name) {
      case 'bounced':
        this.attempts.set(cpu, { task, event });
        break;
      case 'slot-map':
        this.probed = true;
        this.attempts.delete(cpu);
        this.map(line, task, cpu, event);
        break;
      case 'slot-unmap':
        this.unmap(event.address);
        break;
      case 'map-page':
        if (event.address < 0) this.failedThere(line, event);
        else this.announce(line, event.device, event.direction, event.physical, event.address);
        break;
      case 'map-sg':
        this.announceList(line, task, event);
        break;
      case 'unmap-page':
        if (this.probed === false) {
          const live = this.live.get(event.address);
          if (live !== undefined) live.skipSync = event.skipSync;
          this.unmap(event.address);
        } else if (event.skipSync) {
          this.copiedBack -= this.released.get(event.address) ?? 0;
        }
        this.released.delete(event.address);
        break;
      case 'unmap-sg':
        this.unmapList(event);
        break;
      case 'sync': {
        const direction = transferOf(event.direction);
        if (direction === null || !syncCopies(event.owner, direction)) break;
        copyRange(this.pool, this.deviceOf(event.device), event.address, event.size, this.copy);
        if (event.owner === 'cpu') this.copiedBack += this.copy.length;
        else this.copiedIn += this.copy.length;
        break;
      }
      default:
    }
  }

  /** The last attempt of a CPU, where no probe said what came of it: it is made here. `next` is the event after it. */
  private settle(cpu: number, next: FtraceEvent): void {
    const attempt = this.attempts.get(cpu);
    if (attempt === undefined || this.probed === true) return;
    this.probed = false;
    this.attempts.delete(cpu);
    const { task, event } = attempt;
    const { device, origin, size } = event;
    const address = this.pool.find(this.deviceOf(device), cpu, origin, size, 0);
    if (address >= 0) {
      this.take(task, device, origin, size, 0, address);
      return;
    }
    // The kernel had room.
    if (next.name === 'map-page' && next.device === device && next.physical === origin && next.address >= 0) return;
    this.refuse(task, device, origin, size);
    // The rest of a scatterlist is not tried, and what it has got is given back.
    for (const live of this.waiting) if (live.device === device && live.task === task) this.unmap(live.address);
  }

  /** What a scatterlist had got before counts as well. */
  private refuse(task: string, device: string, origin: number, size: number): void {
    this.failed++;
    const before = [...this.waiting].filter((live) => live.device === device && live.task === task);
    const pieces = before.map((live) => ({ physical: live.origin, bytes: live.size }));
    this.refused({ device, pieces: [...pieces, { physical: origin, bytes: size }] });
  }

  /** The kernel had no room for a mapping. Without probes, there may have been some here. */
  private failedThere(line: number, { device, physical }: MapPageEvent): void {
    const here = this.probed === false ? this.waitingFor(device, physical) : undefined;
    if (here === undefined) return;
    this.judge(line, -1, here.address);
    this.copiedIn -= here.size;
    this.unmap(here.address);
    this.refuse(here.task, device, physical, here.size);
  }

  private map(line: number, task: string, cpu: number, event: SlotMapEvent): void {
    const { device, origin, size, allocAlignMask, address } = event;
    this.judge(line, address, Math.max(-1, this.pool.find(this.deviceOf(device), cpu, origin, size, allocAlignMask)));
    if (address < 0) this.refuse(task, device, origin, size);
    else this.take(task, device, origin, size, allocAlignMask, address);
  }

  private judge(line: number, recorded: number, computed: number): void {
    if (recorded === computed) this.predicted++;
    else this.mispredicted++;
    if (this.exact) this.ledger.compare(line, 'bounce address', recorded, computed);
  }

  private take(task: string, device: string, origin: number, size: number, align: number, address: number): void {
    if (!this.pool.place(this.deviceOf(device), origin, size, align, address)) return;
    copyRange(this.pool, this.deviceOf(device), address, size, this.copy);
    this.copiedIn += this.copy.length;
    const live: Live = { device, address, origin, size, task, direction: null, skipSync: false };
    this.live.set(address, live);
    this.waiting.add(live);
    const others = this.origins.get(origin);
    if (others === undefined) this.origins.set(origin, new Set([live]));
    else others.add(live);
  }

  /** Slots go back. A mapping that was never announced is one of a scatterlist that failed: nothing is copied back. */
  private unmap(address: number): void {
    const live = this.live.get(address);
    if (live === undefined) return;
    if (live.direction !== null && live.direction !== 'to-device' && !live.skipSync) {
      copyRange(this.pool, this.deviceOf(live.device), address, live.size, this.copy);
      this.copiedBack += this.copy.length;
      if (this.probed === true) this.released.set(address, this.copy.length);
    }
    this.pool.unmap(address);
    this.live.delete(address);
    this.waiting.delete(live);
    const others = this.origins.get(live.origin);
    others?.delete(live);
    if (others?.size === 0) this.origins.delete(live.origin);
  }

  /** The DMA layer says which address a mapping got. Without probes this is where slots are compared. */
  private announce(line: number, device: string, direction: FtraceDirection, physical: number, address: number): void {
    if (this.pool.poolOf(address) === null) return;
    if (this.probed === false) this.correct(line, device, physical, address);
    const live = this.live.get(address);
    if (live !== undefined) this.direct(live, direction);
  }

  private direct(live: Live, direction: FtraceDirection): void {
    live.direction = transferOf(direction);
    if (live.direction !== null) this.waiting.delete(live);
  }

  /** The oldest that no event has announced. */
  private waitingFor(device: string, physical: number): Live | undefined {
    for (const live of this.waiting) if (live.device === device && live.origin === physical) return live;
    return undefined;
  }

  /** Compares where `physical` was put here with where the kernel put it, and moves it there. */
  private correct(line: number, device: string, physical: number, address: number): void {
    const there = this.live.get(address);
    const isHere = there?.device === device && there.origin === physical && there.direction === null;
    const here = isHere ? there : this.waitingFor(device, physical);
    this.judge(line, address, here?.address ?? -1);
    if (here === undefined || here.address === address) return;
    this.copiedIn -= here.size;
    this.unmap(here.address);
    this.take(here.task, device, physical, here.size, 0, address);
  }

  private announceList(line: number, task: string, event: MapSgEvent): void {
    for (const [index, address] of event.addresses.entries()) {
      this.announce(line, event.device, event.direction, event.physicals[index] ?? 0, address);
    }
    if (!event.truncated) return;
    // The entries that are not listed are the ones which this task got for the device just before.
    for (const live of this.waiting) {
      if (live.device === event.device && live.task === task) this.direct(live, event.direction);
    }
  }

  private unmapList(event: UnmapSgEvent): void {
    if (this.probed === true && !event.skipSync) return;
    const wanted = new Map<number, number>();
    for (const physical of event.physicals) wanted.set(physical, (wanted.get(physical) ?? 0) + 1);
    for (const [physical, count] of wanted) {
      let left = count;
      for (const live of this.origins.get(physical) ?? []) {
        if (left === 0) break;
        if (live.device !== event.device || live.direction === null) continue;
        left--;
        live.skipSync = event.skipSync;
        if (this.probed === false) this.unmap(live.address);
      }
    }
  }
}

function transferOf(direction: FtraceDirection): TransferDirection | null {
  return direction === 'none' ? null : direction;
}
