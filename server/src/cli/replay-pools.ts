import { type RefusedRequest, Swiotlb, SwiotlbDevice } from '@dma-audit/simulator';
import type { Moment, Piece, StreamListener, TracedMapping } from './replay-stream.ts';

/** What a workload asks of a bounce pool of one size when everything is bounced. */
export interface PoolVerdict {
  readonly slots: number;
  /** Mappings that found no room, those among them that the recorded kernel refused as well. */
  readonly failures: number;
  readonly highWater: number;
}

/** The moment at which most slots were held, in a pool that was large enough. */
export interface Peak {
  readonly slots: number;
  readonly at: Moment | null;
  /** Slots by device, most first. */
  readonly devices: readonly (readonly [device: string, slots: number])[];
}

/** Addresses of a mapping in each pool; null where it did not fit. */
type Taken = readonly (readonly number[] | null)[];

/** Pools from 1 MiB to 512 MiB, in slots of 2 KiB. */
const SIZES = [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072, 262_144] as const;
const START = 0x4000_0000;

type Request = Pick<TracedMapping, 'device' | 'pieces'>;

/** Runs a workload in bounce pools of many sizes at once, as in a confidential guest or with swiotlb=force. */
export class PoolFit implements StreamListener {
  readonly #pools: readonly { readonly pool: Swiotlb; failures: number }[];
  readonly #devices = new Map<string, SwiotlbDevice>();
  readonly #masks: ReadonlyMap<string, number>;
  /** By mapping. */
  readonly #live = new Map<number, Taken>();
  readonly #held = new Map<string, number>();
  #peak: Peak = { slots: 0, at: null, devices: [] };
  #bytes = 0;

  /** `cpus`: the kernel makes an area for each, rounded up to a power of two. */
  constructor(cpus: number, masks: ReadonlyMap<string, number>) {
    const areas = 2 ** Math.ceil(Math.log2(cpus));
    this.#masks = masks;
    this.#pools = SIZES.map((slots) => ({
      pool: new Swiotlb({ release: '6.12', slots, areas: Math.min(areas, slots / 128), start: START }),
      failures: 0,
    }));
  }

  map(mapping: TracedMapping, at: Moment): void {
    this.#bytes += mapping.pieces.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#live.set(mapping.id, this.#take(mapping, at));
  }

  /**
   * The recorded kernel had no room for this, and nobody knows how long it would have been held: for as long as a look at the
   * pool takes.
   */
  refused(request: RefusedRequest, at: Moment): void {
    this.#giveBack(request, this.#take(request, at));
  }

  unmap(mapping: TracedMapping): void {
    this.#giveBack(mapping, this.#live.get(mapping.id) ?? []);
    this.#live.delete(mapping.id);
  }

  #take({ device: name, pieces }: Request, at: Moment): Taken {
    const device = this.#deviceOf(name);
    const addresses = this.#pools.map((one) => {
      const taken: number[] = [];
      for (const { physical, bytes } of pieces) {
        const address = one.pool.map(device, at.cpu, physical, bytes, 0);
        if (address >= 0) {
          taken.push(address);
          continue;
        }
        one.failures++;
        for (const back of taken) one.pool.unmap(back);
        return null;
      }
      return taken;
    });
    this.#hold(name, this.#slotsOf(name, pieces));
    const used = this.#pools.at(-1)?.pool.used ?? 0;
    if (used > this.#peak.slots) {
      const devices = [...this.#held].filter(([, held]) => held > 0).sort(([, a], [, b]) => b - a);
      this.#peak = { slots: used, at, devices };
    }
    return addresses;
  }

  #giveBack({ device, pieces }: Request, taken: Taken): void {
    for (const [i, one] of this.#pools.entries()) for (const address of taken[i] ?? []) one.pool.unmap(address);
    this.#hold(device, -this.#slotsOf(device, pieces));
  }

  #hold(device: string, slots: number): void {
    this.#held.set(device, (this.#held.get(device) ?? 0) + slots);
  }

  sync(): void {}
  allocate(): void {}
  free(): void {}

  get verdicts(): readonly PoolVerdict[] {
    return this.#pools.map(({ pool, failures }) => ({
      slots: pool.totalSlots,
      failures,
      highWater: pool.highWaterMark,
    }));
  }

  get peak(): Peak {
    return this.#peak;
  }

  /** Bytes mapped in all. */
  get bytes(): number {
    return this.#bytes;
  }

  #slotsOf(name: string, pieces: readonly Piece[]): number {
    const device = this.#deviceOf(name);
    const { pool } = this.#pools.at(-1) ?? {};
    return pieces.reduce((sum, { physical, bytes }) => sum + (pool?.slotsFor(device, physical, bytes, 0) ?? 0), 0);
  }

  #deviceOf(name: string): SwiotlbDevice {
    let device = this.#devices.get(name);
    if (device === undefined) {
      device = new SwiotlbDevice(this.#masks.get(name) ?? 0);
      this.#devices.set(name, device);
    }
    return device;
  }
}

/** The least pool in which nothing failed, and one with as much again in reserve, in slots; null when none is large enough. */
export function suggestion(
  verdicts: readonly PoolVerdict[],
): { readonly least: number; readonly advised: number } | null {
  const fits = verdicts.find(({ failures }) => failures === 0);
  if (fits === undefined) return null;
  const roomy = verdicts.find(({ failures, slots }) => failures === 0 && slots >= 2 * fits.highWater);
  return { least: fits.slots, advised: roomy?.slots ?? fits.slots };
}
