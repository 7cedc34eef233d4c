import {
  type FtraceRecord,
  type RefusedRequest,
  Swiotlb,
  SwiotlbDevice,
  SwiotlbTrace,
  TraceLedger,
} from '@dma-audit/simulator';
import type { TraceScan } from './replay-scan.ts';

/** The recorded kernel's own bounce pool, predicted and compared with what the kernel did. */
export interface RecordedPool {
  readonly slots: number;
  readonly highWater: number;
  /** What the kernel counted, where a mark in the trace says so: the last one. */
  readonly kernelHighWater: number | null;
  /** What was counted here until then. */
  readonly highWaterAtMark: number | null;
  readonly held: number;
  readonly bytesIn: number;
  readonly bytesBack: number;
  /** Slot addresses that came out as the kernel's, of those compared. */
  readonly right: number;
  readonly compared: number;
  readonly refused: number;
}

/** Slots of the kernel's default pool of 64 MiB. */
const DEFAULT_SLOTS = 32_768;

/** Replays the pool of the trace itself; null when nothing in it was bounced. */
export class RecordedReplay {
  readonly #pool: Swiotlb;
  readonly #trace: SwiotlbTrace;
  readonly #scan: TraceScan;
  #highWaterAtMark: number | null = null;

  static create(
    scan: TraceScan,
    slots: number | null,
    refused: (request: RefusedRequest) => void,
  ): RecordedReplay | null {
    if (scan.poolStart === null) return null;
    return new RecordedReplay(scan, scan.poolStart, slots ?? scan.poolSlots ?? DEFAULT_SLOTS, refused);
  }

  private constructor(scan: TraceScan, start: number, slots: number, refused: (request: RefusedRequest) => void) {
    const areas = Math.min(2 ** Math.ceil(Math.log2(scan.cpus)), slots / 128);
    const plain = new SwiotlbDevice();
    const devices = new Map([...scan.minAlignMasks].map(([device, mask]) => [device, new SwiotlbDevice(mask)]));
    this.#scan = scan;
    this.#pool = new Swiotlb({ release: '6.12', slots, areas, start });
    this.#trace = new SwiotlbTrace({
      pool: this.#pool,
      cpus: scan.cpus,
      device: (name) => devices.get(name) ?? plain,
      ledger: new TraceLedger(),
      refused,
    });
  }

  event(record: FtraceRecord, line: number): void {
    this.#trace.event(record, line);
    if (line === this.#scan.recordedHighWater?.line) this.#highWaterAtMark = this.#pool.highWaterMark;
  }

  get result(): RecordedPool {
    const { right, wrong, failures } = this.#trace.predictions;
    return {
      slots: this.#pool.totalSlots,
      highWater: this.#pool.highWaterMark,
      kernelHighWater: this.#scan.recordedHighWater?.slots ?? null,
      highWaterAtMark: this.#highWaterAtMark,
      held: this.#pool.used,
      bytesIn: this.#trace.bytesIn,
      bytesBack: this.#trace.bytesBack,
      right,
      compared: right + wrong,
      refused: failures,
    };
  }
}
