import { Swiotlb, SwiotlbDevice } from '@dma-audit/simulator';
import type { Moment, StreamListener, TracedMapping } from './replay-stream.ts';

/** What a workload asks of a bounce pool of one size when everything is bounced. */
export interface PoolVerdict {
  readonly slots: number;
  /** Mappings that found no room. */
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

/** Pools from 1 MiB to 512 MiB, in slots of 2 KiB. */
const SIZES = [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072, 262_144] as const;
const START = 0x4000_0000;

/** Runs a workload in bounce pools of many sizes at once, as in a confidential guest or with swiotlb=force. */
export class PoolFit implements StreamListener {
  readonly #pools: readonly { readonly pool: Swiotlb; failures: number }[];
  readonly #devices = new Map<string, SwiotlbDevice>();
  readonly #masks: ReadonlyMap<string, number>;
  /** By mapping: the addresses in each pool; null where it did not fit. */
  readonly #live = new Map<number, readonly (readonly number[] | null)[]>();
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
    const device = this.#deviceOf(mapping.device);
    const addresses = this.#pools.map((one) => {
      const taken: number[] = [];
      for (const { physical, bytes } of mapping.pieces) {
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
    this.#live.set(mapping.id, addresses);
    const slots = mapping.pieces.reduce((sum, piece) => sum + this.#slotsOf(device, piece.physical, piece.bytes), 0);
    this.#bytes += mapping.pieces.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#held.set(mapping.device, (this.#held.get(mapping.device) ?? 0) + slots);
    const used = this.#pools.at(-1)?.pool.used ?? 0;
    if (used <= this.#peak.slots) return;
    const devices = [...this.#held].filter(([, held]) => held > 0).sort(([, a], [, b]) => b - a);
    this.#peak = { slots: used, at, devices };
  }

  unmap(mapping: TracedMapping): void {
    const addresses = this.#live.get(mapping.id) ?? [];
    for (const [i, one] of this.#pools.entries()) for (const address of addresses[i] ?? []) one.pool.unmap(address);
    this.#live.delete(mapping.id);
    const device = this.#deviceOf(mapping.device);
    const slots = mapping.pieces.reduce((sum, piece) => sum + this.#slotsOf(device, piece.physical, piece.bytes), 0);
    this.#held.set(mapping.device, (this.#held.get(mapping.device) ?? 0) - slots);
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

  #slotsOf(device: SwiotlbDevice, physical: number, bytes: number): number {
    return this.#pools.at(-1)?.pool.slotsFor(device, physical, bytes, 0) ?? 0;
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
