import { rootSymbol, type Symbols, type Value, valueKey } from './values.ts';

/** Structures between a channel and its device: `chan->device->dev`. */
const MAX_HOPS = 3;

/**
 * Channels that a function tells to stop by a call that does not wait. What it takes away then may be memory that some other
 * function gave to one of them.
 */
export class StoppedChannels {
  private readonly symbols: Symbols;
  /** By symbol of the channel: where its pointer was found, and how the simulator names it. */
  private readonly channels = new Map<number, { readonly place: string | undefined; readonly key: string }>();

  constructor(symbols: Symbols) {
    this.symbols = symbols;
  }

  note(channel: Value): void {
    if (channel.kind !== 'symbol') return;
    const place = this.symbols.info(channel.symbol).loadedFrom;
    this.channels.set(channel.symbol, { place, key: valueKey(channel) });
  }

  /**
   * The channel for whose device the memory was mapped, or beside which alone the structure has it.
   * `place`: where the memory's handle or list was found.
   */
  of(device: Value | undefined, place: string | undefined): string | undefined {
    return this.ofDevice(device) ?? this.beside(place);
  }

  private ofDevice(device: Value | undefined): string | undefined {
    let symbol = device?.kind === 'symbol' ? device.symbol : null;
    for (let hops = 0; symbol !== null && hops < MAX_HOPS; hops++) {
      const from: string | undefined = this.symbols.info(symbol).loadedFrom;
      symbol = from === undefined ? null : rootSymbol(from);
      const channel = symbol === null ? undefined : this.channels.get(symbol);
      if (channel) return channel.key;
    }
    return undefined;
  }

  private beside(place: string | undefined): string | undefined {
    if (place === undefined) return undefined;
    const parent = parentOf(place);
    const near = [...this.channels.values()].filter((one) => one.place !== undefined && parentOf(one.place) === parent);
    const [only, ...others] = new Set(near.map(({ key }) => key));
    return parent !== '' && others.length === 0 ? only : undefined;
  }
}

const parentOf = (place: string): string => place.slice(0, Math.max(place.lastIndexOf('.'), 0));
