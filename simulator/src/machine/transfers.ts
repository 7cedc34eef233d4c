import type { BufferId, DevicePower, Give, MappingId } from '../program/index.ts';

/** Why the device may still be at work. */
export interface Running {
  /** Index of the operation that started it; null: it was under way before the program began. */
  readonly startedAt: number | null;
  /** Index of the operation that should have ended it; null: there was none. */
  readonly endedAt: number | null;
  readonly why: 'not-stopped' | 'asynchronous' | 'timeout';
}

interface Channel {
  readonly mappings: Set<MappingId>;
  readonly buffers: Set<BufferId>;
  running: Running | null;
}

/** A channel that nobody has started was stopped while others were at work. */
export interface WrongStop {
  /** Index of the operation that stopped it. */
  readonly index: number;
  /** Of those that started the others. */
  readonly startedAt: readonly number[];
}

/**
 * Which memory the channels of the device were told and may still be working on. Only what was given through a named channel
 * and started in the program is followed: of anything else it is not known when it ends.
 */
export class Transfers {
  readonly #channels = new Map<string, Channel>();
  /** Channels that were told to stop, with the operation that did, and may not have done so yet. */
  readonly #stopping = new Map<string, number>();
  #wrongStops: readonly WrongStop[] = [];

  give({ device, target }: Give): void {
    if (!device) return;
    const channel = this.#channel(device);
    if (target.to === 'mapping') channel.mappings.add(target.id);
    else if (target.to === 'buffer') channel.buffers.add(target.id);
  }

  start({ device }: DevicePower, index: number): void {
    if (device === null) return;
    this.#stopping.delete(device);
    this.#channel(device).running = { startedAt: index, endedAt: null, why: 'not-stopped' };
  }

  stop({ device, quiet }: DevicePower, index: number): void {
    if (quiet) this.#settle(device);
    else if (device !== null && !this.#stopping.has(device)) this.#stopping.set(device, index);
    const running = [...this.#channels.values()].flatMap(({ running }) => running ?? []);
    const isStarted = device === null || (this.#channels.get(device)?.running ?? null) !== null;
    if (!isStarted && running.length > 0 && running.every(({ why }) => why === 'not-stopped'))
      this.#wrongStops = [
        ...this.#wrongStops,
        { index, startedAt: running.flatMap(({ startedAt }) => startedAt ?? []) },
      ];
    for (const [name, channel] of this.#channels) {
      if (device !== null && name !== device) continue;
      if (quiet) this.#end(name);
      else if (channel.running) channel.running = { ...channel.running, endedAt: index, why: 'asynchronous' };
    }
  }

  /** Somebody waited for the end: whether it came or not counts for everything that runs. */
  wait(isDone: boolean, index: number): void {
    if (isDone) this.#settle(null);
    for (const [name, channel] of this.#channels)
      if (isDone) this.#end(name);
      else if (channel.running) channel.running = { ...channel.running, endedAt: index, why: 'timeout' };
  }

  /** Wrong stops after which none of the channels that were at work was stopped, or waited for. */
  get wrongStops(): readonly WrongStop[] {
    const running = [...this.#channels.values()].flatMap(({ running }) =>
      running?.why === 'not-stopped' ? [running.startedAt] : [],
    );
    return this.#wrongStops.filter(({ startedAt }) => startedAt.every((at) => running.includes(at)));
  }

  /** How the memory may still be in use; told once. */
  take(what: 'mapping' | 'buffer', id: number): Running | null {
    for (const channel of this.#channels.values()) {
      const given = what === 'mapping' ? channel.mappings : channel.buffers;
      if (channel.running && given.delete(id)) return channel.running;
    }
    return null;
  }

  /** The same for memory that the channel was given before the program began: told once. */
  takeFrom(name: string): Running | null {
    const index = this.#stopping.get(name);
    if (index === undefined) return null;
    this.#stopping.delete(name);
    return { startedAt: null, endedAt: index, why: 'asynchronous' };
  }

  #settle(device: string | null): void {
    if (device === null) this.#stopping.clear();
    else this.#stopping.delete(device);
  }

  #channel(name: string): Channel {
    let channel = this.#channels.get(name);
    if (!channel) {
      channel = { mappings: new Set(), buffers: new Set(), running: null };
      this.#channels.set(name, channel);
    }
    return channel;
  }

  /** What was under way is over; the next start is of what is told from here on. */
  #end(name: string): void {
    this.#channels.delete(name);
  }
}
