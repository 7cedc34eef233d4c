import type { FtraceEvent, FtraceRecord } from '@dma-audit/simulator';
import { EXIT, Failure } from './failure.ts';

/** A piece of memory as the program has it: physical address and size, bytes. */
export interface Piece {
  readonly physical: number;
  readonly bytes: number;
}

/** One mapping of a trace, whatever it was made of. */
export interface TracedMapping {
  readonly id: number;
  readonly device: string;
  readonly direction: 'to-device' | 'from-device' | 'bidirectional' | 'none';
  readonly pieces: readonly Piece[];
}

export interface Moment {
  readonly cpu: number;
  readonly seconds: number;
  readonly task: string;
  readonly line: number;
}

/** Is told what the traced programs did, whatever the memory system below was. */
export interface StreamListener {
  map(mapping: TracedMapping, at: Moment): void;
  unmap(mapping: TracedMapping, at: Moment): void;
  sync(mapping: TracedMapping, owner: 'cpu' | 'device', bytes: number, at: Moment): void;
  allocate(id: number, device: string, bytes: number, at: Moment): void;
  free(id: number, device: string, at: Moment): void;
}

const PAGE = 4096;

/** What is held at the same time takes memory here as well: pieces that are mapped, bytes of coherent memory. */
const MAX_PIECES = 2 ** 22;
const MAX_COHERENT = 2 ** 35;

/** Turns trace events into what programs asked for: the same on every platform. */
export class RequestStream {
  readonly #listener: StreamListener;
  readonly #pages = new Map<string, TracedMapping[]>();
  readonly #lists = new Map<string, TracedMapping[]>();
  readonly #allocations = new Map<string, { readonly id: number; readonly bytes: number }[]>();
  #pieces = 0;
  #coherent = 0;
  #next = 0;
  #guessed = 0;
  #unmatched = 0;
  #maps = 0;

  constructor(listener: StreamListener) {
    this.#listener = listener;
  }

  /** Mappings made. */
  get maps(): number {
    return this.#maps;
  }

  /** Scatterlists whose pieces the trace does not tell one by one, because an IOMMU merged them or they are too many. */
  get guessed(): number {
    return this.#guessed;
  }

  /** Releases of what the trace did not see being made. */
  get unmatched(): number {
    return this.#unmatched;
  }

  event({ task, cpu, seconds, event }: FtraceRecord, line: number): void {
    const at = { cpu, seconds, task, line };
    switch (event.name) {
      case 'map-page':
        if (event.address >= 0)
          this.#map(
            this.#pages,
            `${event.device} ${event.address}`,
            event,
            [{ physical: event.physical, bytes: event.size }],
            at,
          );
        return;
      case 'map-sg':
        this.#map(this.#lists, listKey(event), event, this.#piecesOf(event), at);
        return;
      case 'unmap-page':
        if (event.address >= 0) this.#unmap(this.#pages, `${event.device} ${event.address}`, at);
        return;
      case 'unmap-sg':
        this.#unmap(this.#lists, listKey(event), at);
        return;
      case 'sync': {
        const mapping = this.#pages.get(`${event.device} ${event.address}`)?.[0];
        if (mapping !== undefined) this.#listener.sync(mapping, event.owner, event.size, at);
        return;
      }
      case 'alloc': {
        const id = this.#next++;
        push(this.#allocations, `${event.device} ${event.address}`, { id, bytes: event.size });
        this.#coherent += event.size;
        if (this.#coherent > MAX_COHERENT) throw tooMuch(line, 'more than 32 GiB of coherent memory');
        this.#listener.allocate(id, event.device, event.size, at);
        return;
      }
      case 'free': {
        const allocation = shift(this.#allocations, `${event.device} ${event.address}`);
        this.#coherent -= allocation?.bytes ?? 0;
        // A driver may free what it never had: the kernel takes that for nothing.
        if (allocation !== undefined) this.#listener.free(allocation.id, event.device, at);
        else if (event.size > 0) this.#unmatched++;
        return;
      }
      default:
        return;
    }
  }

  #map(
    live: Map<string, TracedMapping[]>,
    key: string,
    { device, direction }: Pick<TracedMapping, 'device' | 'direction'>,
    pieces: readonly Piece[],
    at: Moment,
  ): void {
    const mapping = { id: this.#next++, device, direction, pieces };
    this.#maps++;
    this.#pieces += pieces.length;
    if (this.#pieces > MAX_PIECES) throw tooMuch(at.line, 'more than 4 million pieces of memory that are mapped');
    push(live, key, mapping);
    this.#listener.map(mapping, at);
  }

  #unmap(live: Map<string, TracedMapping[]>, key: string, at: Moment): void {
    const mapping = shift(live, key);
    if (mapping === undefined) {
      this.#unmatched++;
      return;
    }
    this.#pieces -= mapping.pieces.length;
    this.#listener.unmap(mapping, at);
  }

  /** Where entries were merged or cut off, pages stand for what is not told. */
  #piecesOf(event: Extract<FtraceEvent, { readonly name: 'map-sg' }>): readonly Piece[] {
    const { physicals, sizes, given, mapped, truncated } = event;
    if (given === mapped && !truncated && sizes.length === physicals.length)
      return physicals.map((physical, i) => ({ physical, bytes: sizes[i] ?? PAGE }));
    this.#guessed++;
    let rest = sizes.reduce((sum, size) => sum + size, 0) * (sizes.length > 0 ? mapped / sizes.length : 1);
    return Array.from({ length: given }, (_, i): Piece => {
      const physical = physicals[i] ?? 0;
      const bytes = i === given - 1 ? Math.max(1, rest) : Math.min(rest, PAGE - (physical % PAGE));
      rest -= bytes;
      return { physical, bytes: Math.max(1, Math.round(bytes)) };
    });
  }
}

const tooMuch = (line: number, what: string): Failure =>
  new Failure(
    EXIT.fatal,
    `line ${line}: ${what} at the same time: the trace is damaged, or its releases were not recorded`,
  );

const listKey = ({ device, physicals }: { readonly device: string; readonly physicals: readonly number[] }): string =>
  `${device} ${physicals[0] ?? 0}`;

function push<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function shift<T>(lists: Map<string, T[]>, key: string): T | undefined {
  const list = lists.get(key);
  const first = list?.shift();
  if (list?.length === 0) lists.delete(key);
  return first;
}
