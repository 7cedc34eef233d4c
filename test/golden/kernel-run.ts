/**
 * Replays a boot of a real kernel: a directory with `trace.txt(.gz)`, the text of its trace events, and `counters.json`,
 * what the kernel itself counted. See docs/golden.md.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canReach, Swiotlb, SwiotlbDevice } from '../../simulator/src/bounce/swiotlb/index.ts';
import type { FtraceRecord } from '../../simulator/src/import/ftrace-event.ts';
import { IommuTrace, tickPhaseOf } from '../../simulator/src/import/ftrace-iommu.ts';
import { IovaTrace } from '../../simulator/src/import/ftrace-iova.ts';
import { TraceLedger } from '../../simulator/src/import/ftrace-ledger.ts';
import { parseFtraceLine } from '../../simulator/src/import/ftrace-parse.ts';
import { SwiotlbTrace } from '../../simulator/src/import/ftrace-swiotlb.ts';
import { isJsonList, isJsonObject, type Json, type JsonObject } from './replay/replayer.ts';
import type { FileResult } from './replay-file.ts';
import { linesOf, readTrace } from './trace-file.ts';

/** CONFIG_HZ of the recorded kernels (Debian, x86). */
const HZ = 250;
/** Part by which the timer's flushes may be off: a tick that comes late under load moves some. */
const TIMER_TOLERANCE = 0.05;

/** The trace of a directory that holds a kernel run; null if it holds none. */
export function kernelRunIn(directory: string): string | null {
  if (!existsSync(join(directory, 'counters.json'))) return null;
  return ['trace.txt.gz', 'trace.txt'].map((name) => join(directory, name)).find((path) => existsSync(path)) ?? null;
}

export function replayKernelRun(directory: string, tracePath: string): FileResult {
  const counters = readCounters(join(directory, 'counters.json'));
  if (typeof counters === 'string') return refused('linux-ftrace/?', counters);
  const { bytes, damage } = readTrace(tracePath);
  const run = new KernelRun(counters, tickPhase(bytes));
  let line = 0;
  for (const text of linesOf(bytes)) run.line(text, ++line);
  if (damage !== null) run.refuse(line, damage);
  return run.finish();
}

class KernelRun {
  private readonly counters: JsonObject;
  private readonly ledger = new TraceLedger();
  private readonly pool: Swiotlb | null;
  private readonly swiotlb: SwiotlbTrace | null;
  private readonly iommu: IommuTrace | null;
  private readonly iova: IovaTrace;
  /** The kernel has a pool, but nothing says where. */
  private readonly unplaced: boolean;
  private readonly masks: ReadonlyMap<string, number>;
  private readonly forced: boolean;
  private readonly translated: boolean;
  private unreadable = 0;
  private firstUnreadable: FileResult['firstUnreadable'] = null;
  private mismatchText = '';

  constructor(counters: JsonObject, tickPhase: number) {
    const { ledger } = this;
    const cpus = numberIn(counters.vcpus) ?? 1;
    const pci = objectsIn(counters.pci_devices);
    const devices = new Map(
      pci.map((device) => [textIn(device.bdf), new SwiotlbDevice(numberIn(device.min_align_mask) ?? 0)]),
    );
    this.iova = new IovaTrace(cpus);
    const plain = new SwiotlbDevice();
    this.counters = counters;
    this.masks = new Map(pci.map((device) => [textIn(device.bdf), 2 ** Number(textIn(device.dma_mask_bits)) - 1]));
    this.forced = /\bswiotlb=\S*force\b/.test(textIn(counters.kernel_command_line));
    this.pool = poolOf(counters);
    this.unplaced = this.pool === null && poolSlots(counters) > 0;
    this.swiotlb =
      this.pool === null
        ? null
        : new SwiotlbTrace({ pool: this.pool, cpus, device: (name) => devices.get(name) ?? plain, ledger });
    const types = new Set(pci.map((device) => textIn(device.iommu_type)));
    const domains = objectIn(counters.iommu_domain_of_device);
    this.translated = types.has('DMA') || types.has('DMA-FQ');
    this.iommu = this.translated
      ? new IommuTrace({
          lazy: types.has('DMA-FQ'),
          cachingMode: hasCachingMode(textIn(objectIn(counters.iommu_registers).cap)),
          cpus,
          hz: HZ,
          tickPhase,
          domainOf: (device) => String(domains[device] ?? device),
          ledger,
        })
      : null;
  }

  line(text: string, number: number): void {
    const parsed = parseFtraceLine(text);
    if (parsed.kind === 'foreign') this.refuse(number, parsed.why);
    if (parsed.kind === 'lost') this.refuse(number, `the kernel lost ${parsed.events} events here`);
    if (parsed.kind !== 'event') return;
    const wrong = this.ledger.mismatches;
    if (this.unplaced && parsed.record.event.name === 'bounced') {
      this.refuse(number, 'a bounced mapping, but counters.json does not say where the pool lies');
      return;
    }
    this.swiotlb?.event(parsed.record, number);
    this.iommu?.event(parsed.record, number);
    this.iova.event(parsed.record);
    if (!this.translated && !this.unplaced) this.checkPlace(parsed.record, number);
    if (wrong === 0 && this.ledger.mismatches > 0) this.mismatchText = text;
  }

  refuse(line: number, why: string): void {
    this.unreadable++;
    this.firstUnreadable ??= { line, why };
  }

  finish(): FileResult {
    const notes = [...this.finishSwiotlb(), ...this.finishIommu()];
    const { compared, mismatches, first } = this.ledger;
    return {
      name: `linux-ftrace/${textIn(this.counters.run)}`,
      operations: compared,
      mismatches,
      firstMismatch:
        first === null
          ? null
          : {
              line: first.line,
              operation: first.line === 0 ? 'totals of the run' : this.mismatchText,
              differences: [{ field: first.what, recorded: first.recorded, computed: first.computed }],
            },
      unreadable: this.unreadable,
      firstUnreadable: this.firstUnreadable,
      notes,
    };
  }

  /** Without translation, a mapping is at its own address or in the pool, by the device's mask. */
  private checkPlace({ event }: FtraceRecord, line: number): void {
    if (event.name === 'map-page') this.checkSegment(line, event.device, event.physical, event.size, event.address);
    if (event.name !== 'map-sg') return;
    for (const [index, physical] of event.physicals.entries()) {
      const [address, size] = [event.addresses[index], event.sizes[index]];
      if (address !== undefined && size !== undefined) this.checkSegment(line, event.device, physical, size, address);
    }
  }

  private checkSegment(line: number, device: string, physical: number, size: number, address: number): void {
    if (address < 0) return;
    const bounced = this.pool !== null && this.pool.poolOf(address) !== null;
    const reach = { dmaMask: this.masks.get(device) ?? Number.MAX_SAFE_INTEGER, busLimit: 0 };
    this.ledger.compare(line, 'bounced', Number(bounced), Number(this.forced || !canReach(reach, physical, size)));
    if (!bounced) this.ledger.compare(line, 'device address', address, physical);
  }

  private finishSwiotlb(): readonly string[] {
    const { pool, swiotlb, counters } = this;
    if (pool === null || swiotlb === null) return [];
    const after = objectIn(objectIn(counters.swiotlb_debugfs).after);
    const copies = objectsIn(objectIn(counters.histograms).sw_bounce);
    const bytes = (direction: string) =>
      numberIn(copies.find(({ key }) => key === `dir: ${direction}`)?.bytes) ?? (copies.length === 0 ? null : 0);
    this.total('high-water mark (slots)', numberIn(after.io_tlb_used_hiwater), pool.highWaterMark);
    this.total('slots used at the end', numberIn(after.io_tlb_used), pool.used);
    this.total('bytes copied to the pool', bytes('1'), swiotlb.bytesIn);
    this.total('bytes copied from the pool', bytes('2'), swiotlb.bytesBack);
    const { right, wrong, failures } = swiotlb.predictions;
    return [
      `swiotlb: high-water ${pool.highWaterMark} of ${pool.totalSlots} slots, ${swiotlb.bytesIn} bytes in, ` +
        `${swiotlb.bytesBack} back, ${right} of ${right + wrong} slot addresses predicted, ${failures} refusals`,
    ];
  }

  private finishIommu(): readonly string[] {
    if (this.iommu === null) return [];
    const { computed, recorded } = this.iommu;
    const { right, asked } = this.iova.predictions;
    const unit = objectIn(this.counters.qemu_invalidation_descriptors);
    this.total('page invalidations', recorded.page, computed.page);
    this.total('page invalidations that the unit carried out', numberIn(unit.vtd_inv_desc_iotlb_pages), computed.page);
    if (recorded.full !== null && recorded.timer !== null) {
      this.total('flushes by a full queue', recorded.full, computed.full);
      this.total('flushes by the timer', recorded.timer, computed.timer, TIMER_TOLERANCE);
    }
    this.total('domain invalidations', recorded.domain, computed.domain, TIMER_TOLERANCE);
    return [
      `iommu: ${computed.page} page invalidations, ${computed.full} flushes by a full queue, ` +
        `${computed.timer} by the timer (kernel: ${recorded.page}, ${recorded.full ?? '?'}, ${recorded.timer ?? '?'}), ` +
        `${right} of ${asked} addresses predicted`,
    ];
  }

  /** `recorded` null: the kernel did not count it. */
  private total(what: string, recorded: number | null, computed: number, tolerance = 0): void {
    if (recorded !== null) this.ledger.compare(0, what, recorded, computed, tolerance);
  }
}

function refused(name: string, why: string): FileResult {
  const firstUnreadable = { line: 0, why };
  return { name, operations: 0, mismatches: 0, firstMismatch: null, unreadable: 1, firstUnreadable, notes: [] };
}

function readCounters(path: string): JsonObject | string {
  try {
    const value: Json = JSON.parse(readFileSync(path, 'utf8'));
    return isJsonObject(value) ? value : 'counters.json is no object';
  } catch (error) {
    return `counters.json: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function poolOf(counters: JsonObject): Swiotlb | null {
  const debugfs = objectIn(counters.swiotlb_debugfs);
  const slots = poolSlots(counters);
  const start = poolStart(counters);
  if (slots === 0 || start === null) return null;
  return new Swiotlb({ release: '6.12', slots, areas: numberIn(debugfs.areas) ?? 1, start });
}

function poolSlots(counters: JsonObject): number {
  return numberIn(objectIn(objectIn(counters.swiotlb_debugfs).before).io_tlb_nslabs) ?? 0;
}

/** Where the pool lies, from whichever of its places says so. */
function poolStart(counters: JsonObject): number | null {
  const releases = objectsIn(objectIn(counters.histograms).sw_release).map(({ key }) => textIn(key));
  const messages = isJsonList(counters.dmesg) ? counters.dmesg.map(textIn) : [];
  const crosscheck = textIn(objectIn(objectIn(counters.crosscheck).swiotlb).pool_start);
  const places = [
    ...releases.map((key) => /pstart: ([0-9a-f]+)/.exec(key)),
    ...messages.map((text) => /software IO TLB: mapped \[mem 0x([0-9a-f]+)-/.exec(text)),
    /^0x([0-9a-f]+)$/.exec(crosscheck),
  ];
  const start = places.find((place) => place !== null)?.[1];
  return start === undefined ? null : Number.parseInt(start, 16);
}

/** Bit 7 of the VT-d capability register (hexadecimal text). */
function hasCachingMode(capability: string): boolean {
  return /^[0-9a-f]+$/.test(capability) && (BigInt(`0x${capability}`) & 0x80n) !== 0n;
}

function tickPhase(trace: Buffer): number {
  const times: number[] = [];
  for (const text of linesOf(trace)) {
    if (!/ (?:fq_timeout|cache_tag_flush_all): /.test(text)) continue;
    const parsed = parseFtraceLine(text);
    if (parsed.kind === 'event') times.push(parsed.record.seconds);
  }
  return tickPhaseOf(times, HZ);
}

function objectIn(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function objectsIn(value: Json | undefined): readonly JsonObject[] {
  return isJsonList(value) ? value.filter(isJsonObject) : [];
}

function numberIn(value: Json | undefined): number | null {
  return typeof value === 'number' ? value : null;
}

function textIn(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
