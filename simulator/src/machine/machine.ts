import type { Platform } from '../platforms/platform.ts';
import type {
  Allocate,
  BufferId,
  Convert,
  CpuAccess,
  DeclareMapping,
  Direction,
  ExitBootServices,
  Export,
  Free,
  Give,
  Lose,
  MapOperation,
  MappingId,
  MemoryKind,
  Operation,
  Program,
  Reference,
  Return,
  SetAttribute,
  SetMask,
  Size,
  Sync,
  Translate,
  Unmap,
  UseValue,
} from '../program/index.ts';
import { BlockPools, isPool, isPoolBlock } from './block-pools.ts';
import { consequence, type FaultFacts } from './consequences.ts';
import type { Counters } from './counters.ts';
import { Failures } from './failures.ts';
import { withLimits } from './limits.ts';
import type { MapGrant, MapRequest, MemorySystem } from './memory-system.ts';
import { type Running, Transfers } from './transfers.ts';
import type { FaultKind, RelatedOperation, Violation } from './violation.ts';

export interface Run {
  readonly violations: readonly Violation[];
  readonly counters: Counters;
  /** Operations that the program calls successful, but which this platform would have failed. */
  readonly refusals: readonly Refusal[];
}

export interface Refusal {
  /** Index of the operation. */
  readonly index: number;
  readonly reason: string;
}

/** Is shown the memory system after each operation. */
export type Observer = (index: number, system: MemorySystem) => void;

interface Buffer {
  readonly index: number;
  readonly origin: Allocate | null;
  readonly memory: MemoryKind;
  readonly name: string;
  readonly within: BufferId | null;
  readonly embedded: boolean;
  readonly allocation: number | null;
  freedAt: number | null;
  /** Its pages were made shared, or a conversion failed half-way: the operation that did it. */
  sharedAt: number | null;
  handedOver: boolean;
}

interface Mapping {
  /** Null for a mapping that the program was given. */
  readonly origin: MapOperation | null;
  /** It was given, and the call that made it is known. */
  readonly declared: DeclareMapping | null;
  readonly index: number;
  readonly buffer: BufferId | null;
  readonly direction: Direction;
  readonly grant: MapGrant | null;
  /** The IOMMU was told to let the device in, and could not. */
  rightsFailedAt: number | null;
  /** It was unmapped by a call whose failure nobody would notice. */
  ignoredAt: number | null;
  /** Who may touch the memory now. */
  owner: 'cpu' | 'device';
  unmappedAt: number | null;
  /** Its memory was freed while it was there. */
  freedAt: number | null;
  checkedAt: number | null;
  wronglyCheckedAt: number | null;
  /** The last sync that gave the memory to the device, while none gave it to the CPU. */
  givenBackAt: number | null;
  wasLent: boolean;
  /** For the device to read, but the CPU has put nothing there yet. */
  isUnfilled: boolean;
  /** The CPU wrote here while it had the memory for a while. */
  writtenAt: number | null;
  /** The CPU wrote here while the device owned the memory, and did not hand it back by a sync since. */
  dirtyAt: number | null;
  /** A fault of this mapping was reported: what follows from it is not reported again. */
  faulty: boolean;
  /** Code that is not seen has it, or may have ended it: nothing is said of it, until the program ends it itself. */
  handedOver: boolean;
  /** Its memory was freed meanwhile. */
  freedAwayAt: number | null;
}

/** Executes one program on one platform. */
export function run(program: Program, platform: Platform, observe?: Observer): Run {
  return new Machine(program, platform).run(observe);
}

class Machine {
  private readonly program: Program;
  private readonly platform: Platform;
  private readonly system: MemorySystem;
  private readonly pools: BlockPools;
  private readonly buffers = new Map<BufferId, Buffer>();
  private readonly mappings = new Map<MappingId, Mapping>();
  /** Scatterlists whose DMA fields were read while they were not mapped, with the operation. */
  private readonly readBeforeMap = new Map<BufferId, number>();
  /** Such lists of which the CPU has then reached what they name. */
  private readonly accessedByResult = new Map<BufferId, { readonly read: number; readonly index: number }>();
  /** While a scatterlist is walked: where DMA fields of the entry that was reached, of the first one, were read. */
  private readonly entriesRead = new Map<BufferId, { first: number | null; current: number | null }>();
  /** What was read last from memory that the host can write, and tested last. */
  private readonly values = new Map<string, { readonly readAt: number; testedAt: number | null }>();
  private readonly failedAllocations = new Map<BufferId, number>();
  private readonly transfers = new Transfers();
  /** Operations that began the sections in which nothing may sleep, outermost first. */
  private readonly atomicSince: number[] = [];
  /** Devices whose mask was refused, with the operation; '' stands for a device that is not known. */
  /** Bits of the streaming masks that were accepted, by device. */
  private readonly acceptedMasks = new Map<string, number>();
  private readonly refusedMasks = new Map<string, number>();
  private readonly violations: Violation[] = [];
  private readonly refusals: Refusal[] = [];
  /** It has told its caller that it failed. */
  private hasFailed = false;
  private exiting = false;
  /** While ExitBootServices runs: somebody told the device to stop. */
  private asked = false;
  private readonly failures = new Failures();

  constructor(program: Program, platform: Platform) {
    this.program = program;
    this.platform = platform;
    this.system = withLimits(platform.create(program.dialect));
    this.pools = new BlockPools(this.system);
  }

  run(observe?: Observer): Run {
    this.program.operations.forEach((operation, index) => {
      this.execute(operation, index);
      observe?.(index, this.system);
    });
    for (const { read, index } of this.accessedByResult.values())
      this.report('unmapped-sg-access', read, [{ index, role: 'used' }], { api: this.apiAt(read), entry: 'memory' });
    return { violations: this.violations, counters: this.system.counters(), refusals: this.refusals };
  }

  private execute(operation: Operation, index: number): void {
    switch (operation.op) {
      case 'declare':
        this.readBeforeMap.delete(operation.buffer);
        this.buffers.set(operation.buffer, {
          index,
          origin: null,
          memory: operation.memory,
          name: operation.name,
          within: operation.within,
          embedded: operation.embedded ?? false,
          allocation: null,
          freedAt: null,
          sharedAt: null,
          handedOver: false,
        });
        return;
      case 'declare-mapping': {
        const { buffer, direction, mapping, releasedBy } = operation;
        this.mappings.set(mapping, {
          ...unknownMapping(index),
          declared: releasedBy ? operation : null,
          buffer: buffer.to === 'buffer' ? buffer.id : null,
          direction,
        });
        return;
      }
      case 'allocate':
        return this.allocate(operation, index);
      case 'free':
        return this.free(operation, index);
      case 'map':
        return this.map(operation, index);
      case 'unmap':
        return this.unmap(operation, index);
      case 'sync':
        return this.sync(operation, index);
      case 'check': {
        const mapping = operation.target.to === 'mapping' ? this.mappings.get(operation.target.id) : undefined;
        if (mapping && operation.right) mapping.checkedAt ??= index;
        else if (mapping) mapping.wronglyCheckedAt ??= index;
        return;
      }
      case 'cpu-read':
      case 'cpu-write':
        return this.cpuAccess(operation, index);
      case 'test-value': {
        const value = this.values.get(operation.value);
        if (value) value.testedAt = index;
        return;
      }
      case 'use-value':
        return this.useValue(operation, index);
      case 'translate':
        return this.translate(operation, index);
      case 'give':
        return this.give(operation, index);
      case 'export':
        return this.export(operation, index);
      case 'lose':
        return this.lose(operation, index);
      case 'hand-over':
        if (operation.target.to === 'mapping') handOver(this.mappingOf(operation.target.id, index));
        else if (operation.target.to === 'buffer') this.bufferOf(operation.target.id, index).handedOver = true;
        return;
      case 'memory-map-change':
        if (this.exiting) this.report('exit-boot-services-memory-map', index, [], { api: operation.api });
        return;
      case 'exit-boot-services':
        return this.exitBootServices(operation.phase, index);
      case 'convert':
        return this.convert(operation, index);
      case 'device-start':
        this.useMask(operation.device, index);
        return this.transfers.start(operation, index);
      case 'device-stop':
        this.asked = true;
        return this.transfers.stop(operation, index);
      case 'wait':
        return this.transfers.wait(operation.outcome !== 'failed', index);
      case 'set-mask':
        return this.setMask(operation, index);
      case 'atomic-enter':
        this.atomicSince.push(index);
        return;
      case 'atomic-leave':
        this.atomicSince.pop();
        return;
      case 'sleep':
        return this.sleep(operation.api, index);
      case 'set-attribute':
        return this.setAttribute(operation, index);
      case 'return':
        return this.end(operation, index);
    }
  }

  private report(
    kind: FaultKind,
    index: number,
    related: readonly RelatedOperation[],
    detail: Record<string, string>,
    facts: FaultFacts = { direction: 'unknown' },
  ): void {
    this.violations.push({ kind, index, related, detail, consequence: consequence(kind, this.platform.traits, facts) });
  }

  private sleep(api: string, index: number): void {
    const since = this.atomicSince.at(-1);
    if (since === undefined) return;
    const lock = this.program.operations[since]?.api ?? '';
    this.report('sleeping-in-atomic', index, [{ index: since, role: 'locked' }], { api, lock });
  }

  private setMask({ device, bits, mode, outcome }: SetMask, index: number): void {
    const key = device ?? '';
    const accepted = this.acceptedMasks.get(key) ?? 0;
    // A coherent mask no wider than the streaming one that was accepted is never refused (dma-api-howto).
    if (outcome === 'failed') {
      // One of all bits is never refused either: what is done about it does not happen.
      if (bits >= 64) this.acceptedMasks.set(key, Number.POSITIVE_INFINITY);
      else if (mode === 'common' ? accepted < bits : accepted <= 64) this.refusedMasks.set(key, index);
    } else {
      this.refusedMasks.delete(key);
      if (mode !== 'common') this.acceptedMasks.set(key, bits);
      if (mode !== 'common') this.system.setMask?.(bits);
    }
  }

  /** The device is put to use: the mask has to be one that the platform accepted. */
  private useMask(device: string | null, index: number): void {
    const refused = this.refusedMasks.get(device ?? '');
    if (refused === undefined) return;
    this.refusedMasks.delete(device ?? '');
    const { api = '' } = this.program.operations[refused] ?? {};
    this.report('unchecked-mask', refused, [{ index, role: 'used' }], { api });
  }

  private takenFrom({ channel }: Unmap | Free): Running | null {
    return channel === undefined ? null : this.transfers.takeFrom(channel);
  }

  private reportRunning(running: Running, index: number, api: string, related: readonly RelatedOperation[]): void {
    const { startedAt, endedAt, why } = running;
    const apiAt = (at: number | null) => (at === null ? '' : (this.program.operations[at]?.api ?? ''));
    this.report(
      'free-while-running',
      index,
      [
        ...(startedAt === null ? [] : [{ index: startedAt, role: 'started' } as const]),
        ...(endedAt === null ? [] : [{ index: endedAt, role: 'stopped' } as const]),
        ...related,
      ],
      { api, started: apiAt(startedAt), ended: apiAt(endedAt), why },
    );
  }

  /** A number that the host can change at any time: only a test of what was read last says something about it. */
  private useValue({ value: name, api, as }: UseValue, index: number): void {
    const value = this.values.get(name);
    if (!value || (value.testedAt !== null && value.testedAt > value.readAt)) return;
    this.values.delete(name);
    const { readAt, testedAt } = value;
    if (testedAt === null)
      this.report('host-controlled-value', index, [{ index: readAt, role: 'read' }], {
        api,
        as,
        value: this.apiAt(readAt),
      });
    else
      this.report(
        'double-fetch',
        readAt,
        [
          { index: testedAt, role: 'checked' },
          { index, role: 'used' },
        ],
        { api, as, value: this.apiAt(readAt) },
      );
  }

  private apiAt(index: number): string {
    return this.program.operations[index]?.api ?? '';
  }

  private translate({ target, api, as }: Translate, index: number): void {
    const origin =
      target.to === 'mapping'
        ? this.mappings.get(target.id)
        : target.to === 'buffer'
          ? this.buffers.get(target.id)
          : undefined;
    if (!origin?.origin) return;
    if (as === 'upper-half') return this.giveUpperHalf(target, index);
    const from: RelatedOperation = { index: origin.index, role: target.to === 'mapping' ? 'mapped' : 'allocated' };
    this.report(
      'wrong-address',
      index,
      [from],
      { api, as, made: origin.origin.api },
      { direction: 'unknown', access: as === 'truncated' ? 'write' : 'read' },
    );
  }

  /** The device drives 64 bits, and the bus driver believes that it drives 32. */
  private giveUpperHalf(target: Reference, index: number): void {
    const mapping = target.to === 'mapping' ? this.mappings.get(target.id) : undefined;
    const { origin } = mapping ?? {};
    if (!mapping || origin?.family !== 'pci-io' || origin.attributes.includes('dual-address-cycle')) return;
    const detail = { api: origin.api, made: origin.api };
    this.report('missing-dual-address-cycle', mapping.index, [{ index, role: 'used' }], detail, facts(mapping));
  }

  private refusable<T extends { readonly refused: string | null }>(index: number, grant: T): T {
    if (grant.refused !== null) this.refusals.push({ index, reason: grant.refused });
    return grant;
  }

  private convert({ target, size, to, outcome, contents, api }: Convert, index: number): void {
    if (target.to !== 'buffer') return;
    if (to === 'shared' && contents === 'fresh') this.shareStale(target.id, api, index);
    this.bufferOf(target.id, index).sharedAt = to === 'shared' || outcome === 'failed' ? index : null;
    if (outcome === 'failed') return;
    this.system.convert({ allocation: this.allocationOf(target.id), buffer: target.id, bytes: size.bytes, to });
  }

  /** The host can read what the memory held before this program got it. */
  private shareStale(buffer: BufferId, api: string, index: number): void {
    this.report('stale-secret-shared', index, declared(this.buffers.get(buffer) ?? null), { api });
  }

  private allocate(operation: Allocate, index: number): void {
    // Whatever the name stood for before, it stands for this from here on.
    this.readBeforeMap.delete(operation.buffer);
    this.buffers.delete(operation.buffer);
    this.failedAllocations.delete(operation.buffer);
    if (operation.memory === 'dma') this.failures.acquire(index, operation.api, operation.outcome === 'ok');
    if (operation.outcome === 'failed') {
      this.failedAllocations.set(operation.buffer, index);
      return;
    }
    if (operation.memory === 'dma') this.useMask(operation.device, index);
    const ignored = operation.attributes.filter(
      (attribute) => attribute.startsWith('zone-') || attribute === 'compound',
    );
    if (ignored.length)
      this.report('invalid-attributes', index, [], { api: operation.api, attributes: ignored.join(', ') });
    this.buffers.set(operation.buffer, {
      index,
      origin: operation,
      memory: operation.memory,
      name: operation.api,
      within: null,
      embedded: false,
      allocation: this.granted(operation, index),
      freedAt: null,
      sharedAt: null,
      handedOver: false,
    });
  }

  /** The platform's number for the memory; null where it does not hand any out. */
  private granted({ memory, family, size }: Allocate, index: number): number | null {
    if (memory !== 'dma' || isPool(family)) return null;
    const allocator = isPoolBlock(family) ? this.pools : this.system;
    return this.refusable(index, allocator.allocate({ bytes: size.bytes })).id;
  }

  private free(operation: Free, index: number): void {
    const { target } = operation;
    if (target.to === 'uninitialised')
      return this.report('double-free', index, [], { api: operation.api, name: target.name, state: 'uninitialised' });
    if (target.to !== 'buffer') return;
    if (target.how === 'address-of') {
      const origin = this.buffers.get(target.id);
      return this.report('wrong-handle', index, origin ? [{ index: origin.index, role: 'allocated' }] : [], {
        api: operation.api,
        how: target.how,
      });
    }
    if (this.failedAllocations.has(target.id)) return;
    const buffer = this.bufferOf(target.id, index);
    // Whoever frees DMA memory believes that nobody else has.
    if (buffer.handedOver && buffer.origin?.memory !== 'dma') return;
    if (buffer.freedAt !== null) {
      // Two frees of ordinary memory are another tool's business; reference counts make most of them right. Callers that free
      // what the function has left them are told of only where nothing is counted.
      if (buffer.origin || operation.family !== 'memory' || this.hasFailed)
        this.report('double-free', index, [{ index: buffer.freedAt, role: 'released' }, ...made(buffer)], {
          api: operation.api,
          state: 'freed',
          ...this.lateness,
        });
      return;
    }
    const { origin } = buffer;
    const running = this.transfers.take('buffer', target.id) ?? this.takenFrom(operation);
    if (running) this.reportRunning(running, index, operation.api, made(buffer));
    if (origin && !origin.releasedBy.includes(operation.family))
      this.report('api-mismatch', index, made(buffer), { api: operation.api, made: origin.api });
    else if (origin && operation.family !== 'memory' && sizesDiffer(origin.size, operation.size))
      this.report('size-mismatch', index, made(buffer), {
        api: operation.api,
        ...sizeDetail(origin.size, operation.size),
      });
    this.freeShared(operation, target.id, index);
    for (const [, mapping] of this.mappings) {
      if (mapping.handedOver && mapping.buffer !== null && this.isPartOf(mapping.buffer, target.id))
        mapping.freedAwayAt ??= index;
      if (
        mapping.unmappedAt !== null ||
        mapping.faulty ||
        mapping.buffer === null ||
        mapping.origin?.outcome === 'failed'
      )
        continue;
      if (!this.isPartOf(mapping.buffer, target.id)) continue;
      mapping.faulty = true;
      mapping.freedAt = index;
      if (mapping.origin?.outcome === 'short')
        this.report(
          'short-mapping',
          index,
          mapped(mapping),
          { made: mapping.origin.api, why: 'freed', failing: 'yes' },
          facts(mapping),
        );
      else
        this.report(
          'free-while-mapped',
          index,
          [{ index: mapping.index, role: 'mapped' }],
          { api: operation.api, mapped: mapping.origin?.api ?? '' },
          facts(mapping),
        );
    }
    buffer.freedAt = index;
    if (operation.family !== 'memory') this.failures.release();
    if (buffer.allocation !== null && !this.pools.free(buffer.allocation)) this.system.free(buffer.allocation);
  }

  /** Pages go back to the allocator that the host can still reach, or may: what somebody else puts there is no secret. */
  private freeShared({ api }: Free, freed: BufferId, index: number): void {
    for (const [id, buffer] of this.buffers) {
      if (buffer.sharedAt === null || !this.isPartOf(id, freed)) continue;
      const conversion = this.program.operations[buffer.sharedAt];
      if (conversion?.op !== 'convert') continue;
      const { outcome, to, api: converted } = conversion;
      this.report(
        'shared-page-freed',
        index,
        [{ index: buffer.sharedAt, role: outcome === 'failed' ? 'failed' : 'converted' }],
        { api, converted, outcome, to },
      );
      buffer.sharedAt = null;
    }
  }

  private isPartOf(part: BufferId, whole: BufferId): boolean {
    for (let at: BufferId | null = part, hops = 0; at !== null && hops < 8; hops++) {
      if (at === whole) return true;
      at = this.buffers.get(at)?.within ?? null;
    }
    return false;
  }

  /** The allocation that a buffer is or lies in. */
  private allocationOf(id: BufferId): number | null {
    for (let at: BufferId | null = id, hops = 0; at !== null && hops < 8; hops++) {
      const buffer = this.buffers.get(at);
      if (!buffer) return null;
      if (buffer.allocation !== null) return buffer.allocation;
      at = buffer.within;
    }
    return null;
  }

  /** Memory that was there before the program. */
  private bufferOf(id: BufferId, index: number): Buffer {
    let buffer = this.buffers.get(id);
    if (!buffer) {
      buffer = {
        index,
        origin: null,
        memory: 'unknown',
        name: '',
        within: null,
        embedded: false,
        allocation: null,
        freedAt: null,
        sharedAt: null,
        handedOver: false,
      };
      this.buffers.set(id, buffer);
    }
    return buffer;
  }

  private map(operation: MapOperation, index: number): void {
    const buffer = operation.buffer.to === 'buffer' ? this.bufferOf(operation.buffer.id, index) : null;
    const memory = buffer?.memory ?? 'unknown';
    const failed = operation.outcome === 'failed';
    const mapping: Mapping = {
      origin: operation,
      declared: null,
      index,
      buffer: operation.buffer.to === 'buffer' ? operation.buffer.id : null,
      direction: operation.direction,
      grant: failed ? null : this.refusable(index, this.system.map(this.mapRequest(operation, memory))),
      owner: 'device',
      unmappedAt: null,
      freedAt: null,
      checkedAt: null,
      wronglyCheckedAt: null,
      givenBackAt: null,
      wasLent: false,
      isUnfilled:
        operation.direction === 'to-device' && (operation.contents === 'fresh' || operation.contents === 'cleared'),
      writtenAt: null,
      dirtyAt: null,
      rightsFailedAt: null,
      ignoredAt: null,
      faulty: false,
      handedOver: false,
      freedAwayAt: null,
    };
    this.mappings.set(operation.mapping, mapping);
    this.failures.acquire(index, operation.api, operation.outcome === 'ok');
    if (operation.outcome === 'short' && operation.lengthIgnored) {
      mapping.faulty = true;
      this.report('short-mapping', index, [], { made: operation.api, why: 'unchecked', failing: 'no' }, facts(mapping));
    }
    if (!failed) this.useMask(operation.device, index);
    const { dialect } = this.program;
    const early = mapping.buffer === null ? undefined : this.readBeforeMap.get(mapping.buffer);
    if (early !== undefined && mapping.buffer !== null) {
      this.readBeforeMap.delete(mapping.buffer);
      const read = this.program.operations[early];
      this.report('unmapped-sg-access', early, [{ index, role: 'mapped' }], {
        api: read?.api ?? '',
        mapped: operation.api,
      });
    }
    if (operation.mode === 'common' && operation.contents === 'fresh' && !failed && mapping.buffer !== null)
      this.shareStale(mapping.buffer, operation.api, index);
    if (
      buffer?.embedded &&
      !failed &&
      (operation.direction === 'from-device' || operation.direction === 'bidirectional')
    )
      this.report(
        'shared-cache-line',
        index,
        declared(buffer),
        { api: operation.api, name: buffer.name },
        { direction: operation.direction },
      );
    const isUnmappable =
      dialect === 'linux'
        ? ['stack', 'vmalloc', 'rodata', 'static', 'percpu', 'kmap'].includes(memory)
        : memory === 'stack';
    if (isUnmappable && !failed)
      this.report(
        'unmappable-memory',
        index,
        declared(buffer),
        { api: operation.api, memory, name: buffer?.name ?? '' },
        { direction: operation.direction, memory, dialect },
      );
    if (
      dialect === 'edk2' &&
      operation.mode === 'common' &&
      !failed &&
      ['heap', 'pages', 'stack', 'static'].includes(memory)
    )
      this.report('foreign-common-buffer', index, declared(buffer), {
        api: operation.api,
        memory,
        name: buffer?.name ?? '',
      });
  }

  private mapRequest({ buffer, size, direction, mode, attributes }: MapOperation, memory: MemoryKind): MapRequest {
    const id = buffer.to === 'buffer' ? buffer.id : null;
    return {
      bytes: size.bytes,
      direction,
      mode,
      memory,
      allocation: id === null ? null : this.allocationOf(id),
      buffer: id,
      attributes,
    };
  }

  /** The mapping that a reference names; one that the program was given is entered on its first use. */
  private mappingOf(id: MappingId, index: number): Mapping {
    let mapping = this.mappings.get(id);
    if (!mapping) {
      mapping = unknownMapping(index);
      this.mappings.set(id, mapping);
    }
    return mapping;
  }

  /** Data are used that an unmap was to bring, whose failure went unnoticed. */
  private readUnsure(mapping: Mapping, ignoredAt: number, index: number): void {
    mapping.ignoredAt = null;
    const unmap = this.program.operations[ignoredAt];
    this.report('unchecked-unmap', ignoredAt, [{ index, role: 'used' }], { api: unmap?.api ?? '' }, facts(mapping));
  }

  /** A mapping that was there all the time ends: when its memory is free already, that was freed while mapped. */
  private settleMemory(mapping: Mapping, { memory, api }: Unmap, index: number): void {
    const known = memory?.to === 'buffer' && !mapping.origin ? this.buffers.get(memory.id) : undefined;
    const freedAt = mapping.freedAwayAt ?? known?.freedAt ?? null;
    if (freedAt === null || mapping.faulty) return;
    mapping.faulty = true;
    const free = this.program.operations[freedAt];
    this.report('free-while-mapped', freedAt, [{ index, role: 'used' }], {
      api: free?.api ?? '',
      mapped: '',
      later: api,
    });
  }

  /** Uses of a mapping that does not exist (any more); true when such a fault was found. */
  private isInvalidUse(mapping: Mapping, index: number, api: string, use: 'unmap' | 'use'): boolean {
    const { origin } = mapping;
    if (origin?.outcome === 'failed') {
      if (mapping.faulty) return true;
      mapping.faulty = true;
      const at: RelatedOperation = { index: mapping.index, role: 'mapped' };
      if (mapping.checkedAt !== null && mapping.checkedAt < index) {
        const checked: RelatedOperation = { index: mapping.checkedAt, role: 'checked' };
        this.report(use === 'unmap' ? 'unmap-after-failed-map' : 'unchecked-mapping', index, [at, checked], {
          api,
          mapped: origin.api,
          tested: 'yes',
        });
      } else if (mapping.wronglyCheckedAt !== null && mapping.wronglyCheckedAt < index) {
        const wrong = this.program.operations[mapping.wronglyCheckedAt];
        this.report('wrong-mapping-check', mapping.wronglyCheckedAt, [at, { index, role: 'used' }], {
          api,
          mapped: origin.api,
          test: wrong?.op === 'check' ? wrong.test : '',
        });
      } else this.report('unchecked-mapping', mapping.index, [{ index, role: 'used' }], { api, mapped: origin.api });
      return true;
    }
    if (mapping.unmappedAt === null) return false;
    if (!mapping.faulty)
      this.report(
        use === 'unmap' ? 'double-unmap' : 'use-after-unmap',
        index,
        [{ index: mapping.unmappedAt, role: 'released' }, ...mapped(mapping)],
        { api, state: 'unmapped', ...this.lateness },
      );
    mapping.faulty = true;
    return true;
  }

  private unmap(operation: Unmap, index: number): void {
    const { target, api } = operation;
    if (target.to === 'null') return this.report('double-unmap', index, [], { api, state: 'null' });
    if (target.to === 'uninitialised')
      return this.report('double-unmap', index, [], { api, state: 'uninitialised', name: target.name });
    if (target.to === 'buffer') {
      const buffer = this.buffers.get(target.id);
      if (buffer?.origin && buffer.freedAt === null) {
        buffer.freedAt = index;
        this.report('api-mismatch', index, made(buffer), { api, made: buffer.origin.api });
      }
      return;
    }
    if (target.to !== 'mapping') return;
    const mapping = this.mappingOf(target.id, index);
    const isTakenBack = mapping.handedOver;
    takeBack(mapping);
    if (this.isInvalidUse(mapping, index, api, 'unmap')) return;
    if (!isTakenBack) this.settleWrites(mapping);
    const running = this.transfers.take('mapping', target.id) ?? this.takenFrom(operation);
    if (running) this.reportRunning(running, index, api, mapped(mapping));
    this.settleMemory(mapping, operation, index);
    // The list was mapped before the program began.
    if (operation.memory?.to === 'buffer') {
      this.readBeforeMap.delete(operation.memory.id);
      this.accessedByResult.delete(operation.memory.id);
    }
    this.failures.release();
    if (operation.statusIgnored && mapping.direction === 'from-device') mapping.ignoredAt = index;
    if (this.exiting && !this.asked) this.report('exit-boot-services-unmap-order', index, mapped(mapping), { api });
    mapping.unmappedAt = index;
    if (mapping.grant) this.system.unmap(mapping.grant);
    const origin = mapping.origin ?? mapping.declared;
    if (!origin || mapping.faulty) return;
    if (target.how !== 'exact') {
      mapping.faulty = true;
      return this.report('wrong-handle', index, mapped(mapping), { api, how: target.how, mapped: origin.api });
    }
    if (!origin.releasedBy?.includes(operation.family))
      return this.report('api-mismatch', index, mapped(mapping), { api, made: origin.api });
    if (differ(origin.direction, operation.direction))
      return this.report(
        'direction-mismatch',
        index,
        mapped(mapping),
        { api, made: origin.direction, released: operation.direction },
        facts(mapping),
      );
    if (origin.op !== 'map' || isTakenBack) return;
    if (operation.entries === 'mapped') return this.report('sg-count-mismatch', index, mapped(mapping), { api });
    if (origin.device !== null && operation.device !== null && origin.device !== operation.device)
      return this.report('device-mismatch', index, mapped(mapping), {
        api,
        made: origin.device,
        released: operation.device,
      });
    if (sizesDiffer(origin.size, operation.size))
      this.report('size-mismatch', index, mapped(mapping), { api, ...sizeDetail(origin.size, operation.size) });
  }

  private sync(operation: Sync, index: number): void {
    if (operation.target.to !== 'mapping') return;
    const mapping = this.mappingOf(operation.target.id, index);
    if (this.isInvalidUse(mapping, index, operation.api, 'use')) return;
    mapping.owner = operation.owner;
    // After a sync for the CPU the one for the device is the other half of a pair.
    if (operation.owner === 'cpu') mapping.wasLent = true;
    mapping.givenBackAt = operation.owner === 'device' && !mapping.wasLent ? index : null;
    if (operation.owner === 'device') {
      mapping.dirtyAt = null;
      mapping.writtenAt = null;
    }
    if (mapping.grant) this.system.sync(mapping.grant, operation.owner, operation.size.bytes);
    const origin = mapping.origin ?? mapping.declared;
    if (origin && origin.direction !== 'bidirectional' && differ(origin.direction, operation.direction))
      this.report(
        'direction-mismatch',
        index,
        mapped(mapping),
        { api: operation.api, made: origin.direction, released: operation.direction },
        facts(mapping),
      );
    else if (origin && operation.entries === 'mapped')
      this.report('sg-count-mismatch', index, mapped(mapping), { api: operation.api });
  }

  private cpuAccess(operation: CpuAccess, index: number): void {
    if (operation.target.to !== 'buffer') return;
    if (operation.op === 'cpu-read' && operation.value !== undefined) {
      this.values.set(operation.value, { readAt: index, testedAt: this.values.get(operation.value)?.testedAt ?? null });
      return;
    }
    if (operation.target.how === 'other-role') return this.readResult(operation.target.id, operation, index);
    if (this.useOfFailed(operation.target.id, operation.api, index)) return;
    if (operation.op === 'cpu-read' && this.readGivenBack(operation.target.id, operation.api, index)) return;
    for (const [, mapping] of this.mappings) {
      const { origin } = mapping;
      if (!origin || mapping.faulty || mapping.buffer !== operation.target.id) continue;
      if (mapping.isUnfilled) this.accessUnfilled(mapping, operation, index);
      if (operation.op === 'cpu-read' && mapping.ignoredAt !== null) this.readUnsure(mapping, mapping.ignoredAt, index);
      if (mapping.owner === 'cpu' && operation.op === 'cpu-write' && origin.direction !== 'from-device')
        mapping.writtenAt ??= index;
      if (
        mapping.unmappedAt !== null ||
        mapping.owner === 'cpu' ||
        origin.mode === 'common' ||
        origin.outcome === 'failed'
      )
        continue;
      const access = operation.op === 'cpu-read' ? 'read' : 'write';
      const isHarmless =
        origin.direction === 'unknown' ||
        origin.direction === 'bidirectional' ||
        (origin.direction === 'to-device' && access === 'read');
      if (isHarmless) continue;
      // A write is lost only if no sync for the device follows.
      if (access === 'write') mapping.dirtyAt ??= index;
      else this.reportAccess(mapping, origin, index, operation);
    }
  }

  /** What the CPU reads from memory that it has put nothing into, the device was to write; but it was mapped for reading only. */
  private accessUnfilled(mapping: Mapping, { op, api }: CpuAccess, index: number): void {
    if (op === 'cpu-read' && mapping.unmappedAt === null && mapping.owner === 'device') return;
    mapping.isUnfilled = false;
    const { origin } = mapping;
    if (op === 'cpu-write' || !origin) return;
    mapping.faulty = true;
    const detail = { api: origin.api, direction: origin.direction, read: api };
    this.report('wrong-operation', mapping.index, [{ index, role: 'used' }], detail, facts(mapping));
  }

  /** A scatterlist's DMA addresses and lengths are read before this program maps it: what is there is left from earlier. */
  private readResult(list: BufferId, { entry, api }: CpuAccess, index: number): void {
    if (entry === 'memory') return this.accessByResult(list, index);
    if (entry !== undefined) {
      const read = { ...(this.entriesRead.get(list) ?? { first: null, current: null }), [entry]: index };
      this.entriesRead.set(list, read);
      if (read.first !== null && read.current !== null)
        this.report('unmapped-sg-access', read.first, [{ index: read.current, role: 'used' }], { api, entry: 'first' });
    }
    if (![...this.mappings.values()].some((m) => m.buffer === list))
      this.readBeforeMap.set(list, this.readBeforeMap.get(list) ?? index);
  }

  /** The CPU goes through what an entry names, by the length that it has for the device. */
  private accessByResult(list: BufferId, index: number): void {
    const read = this.readBeforeMap.get(list);
    if (read !== undefined && !this.accessedByResult.has(list)) this.accessedByResult.set(list, { read, index });
  }

  /** A result of an allocation that failed, and that nobody looked at. */
  private useOfFailed(buffer: BufferId, api: string, index: number): boolean {
    const failed = this.failedAllocations.get(buffer);
    if (failed === undefined) return false;
    this.failedAllocations.delete(buffer);
    const made = this.program.operations[failed]?.api ?? '';
    this.report('unchecked-allocation', failed, [{ index, role: 'used' }], { api, made });
    return true;
  }

  /** Memory that the device filled is read after a sync for the device, where the one for the CPU was wanted. */
  private readGivenBack(buffer: BufferId, api: string, index: number): boolean {
    for (const mapping of this.mappings.values()) {
      const { givenBackAt } = mapping;
      if (mapping.buffer !== buffer || mapping.faulty || mapping.unmappedAt !== null || givenBackAt === null) continue;
      if (mapping.direction !== 'from-device') continue;
      mapping.faulty = true;
      const sync = this.program.operations[givenBackAt]?.api ?? '';
      this.report(
        'sync-mismatch',
        givenBackAt,
        [{ index, role: 'used' }, ...mapped(mapping)],
        { api: sync, read: api },
        { direction: 'from-device', access: 'read' },
      );
      return true;
    }
    return false;
  }

  private reportAccess(mapping: Mapping, origin: MapOperation, index: number, { op, api }: CpuAccess): void {
    mapping.faulty = true;
    const access = op === 'cpu-write' ? 'write' : 'read';
    this.report(
      'cpu-access-while-mapped',
      index,
      mapped(mapping),
      { api, access, direction: origin.direction, mapped: origin.api },
      { direction: origin.direction, access },
    );
  }

  /** The mapping ends, or the path does: what was written meanwhile is lost. */
  private settleWrites(mapping: Mapping): void {
    const write = mapping.dirtyAt === null ? undefined : this.program.operations[mapping.dirtyAt];
    if (mapping.dirtyAt !== null && write?.op === 'cpu-write' && mapping.origin && !mapping.faulty)
      this.reportAccess(mapping, mapping.origin, mapping.dirtyAt, write);
    mapping.dirtyAt = null;
  }

  private give(operation: Give, index: number): void {
    const { target } = operation;
    this.transfers.give(operation);
    if (target.to === 'mapping') {
      const mapping = this.mappingOf(target.id, index);
      if (target.how === 'other-role') return this.giveHostAddress(operation, target.id, mapping, index);
      mapping.givenBackAt = null;
      this.giveUnsynced(mapping, operation, index);
      this.giveLength(mapping, operation, index);
      // A descriptor is the device's only when it is told so: a test that follows the store is in time.
      if (operation.through === 'descriptor' && this.isTestedLater('mapping', target.id, index)) return;
      if (!this.isInvalidUse(mapping, index, operation.api, 'use')) this.settleWrites(mapping);
      return;
    }
    if (target.to !== 'buffer') return;
    if (!this.isTestedLater('buffer', target.id, index) && this.useOfFailed(target.id, operation.api, index)) return;
    if (target.how !== 'other-role') return;
    const buffer = this.buffers.get(target.id);
    if (!buffer?.origin || (this.program.dialect === 'linux' && operation.through === 'descriptor')) return;
    this.report(
      'unmapped-common-buffer',
      index,
      made(buffer),
      {
        api: operation.api,
        made: buffer.origin.api,
        through: operation.through,
        certain: operation.through === 'register' && !this.isToldRightly('buffer', target.id) ? 'yes' : 'no',
      },
      { direction: 'unknown', isShared: this.program.dialect === 'linux' || this.isMapped(target.id) },
    );
  }

  /** The platform knows an allocation by the address that it has given out. */
  private export({ target, api }: Export, index: number): void {
    if (target.to !== 'buffer' || this.useOfFailed(target.id, api, index)) return;
    const inner = this.buffers.get(target.id) ?? null;
    if (inner === null || inner.within === null) return;
    const whole = this.buffers.get(inner.within);
    this.report('export-offset', index, [...declared(inner), ...(whole ? made(whole) : [])], { api });
  }

  /** What the CPU wrote since it got the memory back was not handed over. */
  private giveUnsynced(mapping: Mapping, { api }: Give, index: number): void {
    const { writtenAt } = mapping;
    if (writtenAt === null || mapping.faulty) return;
    mapping.writtenAt = null;
    this.report(
      'missing-sync',
      index,
      [{ index: writtenAt, role: 'used' }, ...mapped(mapping)],
      { api, made: mapping.origin?.api ?? '', access: 'write' },
      facts(mapping),
    );
  }

  private giveLength({ origin, index: at }: Mapping, { size, api }: Give, index: number): void {
    if (!origin || origin.outcome === 'failed') return;
    const isLonger =
      size.bytes !== null && origin.size.bytes !== null
        ? size.bytes > origin.size.bytes
        : origin.size.key !== '?' && size.key.startsWith(`${origin.size.key}+`);
    if (isLonger)
      this.report('device-length-exceeds-mapping', index, [{ index: at, role: 'mapped' }], {
        api,
        mapped: origin.api,
        told: size.bytes === null ? '' : `${size.bytes}`,
        size: origin.size.bytes === null ? '' : `${origin.size.bytes}`,
      });
  }

  /** The memory is mapped, and the device gets its host address all the same. */
  private giveHostAddress({ api, through, isBeside }: Give, id: MappingId, mapping: Mapping, index: number): void {
    const { origin } = mapping;
    if (!origin || origin.outcome === 'failed' || mapping.unmappedAt !== null) return;
    // EDK2 casts pointers to numbers for its own notes; Linux makes an address of one only with a function that says so.
    const isMeant = through === 'register' || this.program.dialect === 'linux';
    const certain = isMeant && !isBeside && !this.isToldRightly('mapping', id) ? 'yes' : 'no';
    const detail = { api, mapped: origin.api, through, certain };
    this.report('unmapped-common-buffer', index, mapped(mapping), detail, {
      direction: 'unknown',
      isShared: origin.mode === 'common',
    });
  }

  /** Is the device told the same of the device address as well, earlier or later? What comes with it is a cookie. */
  private isToldRightly(what: 'mapping' | 'buffer', id: number): boolean {
    const told = this.program.operations.flatMap((o) =>
      o.op === 'give' && o.target.to === what && o.target.id === id
        ? [{ how: o.target.how, half: o.isUpperHalf ?? false }]
        : [],
    );
    return told.some(
      (one) => one.how === 'exact' && told.some(({ how, half }) => how !== 'exact' && half === one.half),
    );
  }

  private isTestedLater(what: 'mapping' | 'buffer', id: number, index: number): boolean {
    return this.program.operations.some(
      (o, i) => i > index && o.op === 'check' && o.right && o.target.to === what && o.target.id === id,
    );
  }

  private isMapped(buffer: BufferId): boolean {
    return [...this.mappings.values()].some(
      (m) => m.buffer === buffer && m.unmappedAt === null && m.origin?.outcome === 'ok',
    );
  }

  private leakOf(mapping: Mapping, origin: MapOperation, isForever: boolean): FaultKind {
    if (isForever) return 'lifecycle-leak';
    if (mapping.rightsFailedAt !== null) return 'access-rights-leak';
    return origin.outcome === 'short' ? 'short-mapping' : 'mapping-leak';
  }

  private setAttribute({ target, outcome, access }: SetAttribute, index: number): void {
    const mapping = target.to === 'mapping' ? this.mappings.get(target.id) : undefined;
    if (mapping && outcome === 'failed' && access !== 'none') mapping.rightsFailedAt = index;
  }

  private exitBootServices(phase: ExitBootServices['phase'], index: number): void {
    this.exiting = phase === 'begin';
    if (phase === 'begin') {
      this.asked = false;
      return;
    }
    const held = [...this.mappings.values()].find(
      ({ origin, unmappedAt, faulty }) =>
        origin?.outcome === 'ok' && unmappedAt === null && !faulty && origin.direction !== 'to-device',
    );
    if (held?.origin && !this.asked)
      this.report('exit-boot-services-leak', index, mapped(held), { made: held.origin.api }, facts(held));
    this.system.exitBootServices();
  }

  /** Told of faults that happen after the program has failed: its callers' doing. */
  private get lateness(): Record<string, string> {
    return this.hasFailed ? { after: 'return' } : {};
  }

  private end({ failing, api }: Return, index: number): void {
    this.hasFailed = failing;
    if (failing) return this.leaveRunning();
    const { unwound } = this.failures;
    if (unwound)
      this.report('swallowed-failure', index, [{ index: unwound.index, role: 'failed' }], { api, failed: unwound.api });
    for (const mapping of this.mappings.values()) {
      const { origin, buffer } = mapping;
      if (origin?.mode !== 'streaming' || origin.outcome !== 'ok' || mapping.unmappedAt !== null || mapping.faulty)
        continue;
      const memory = buffer === null ? undefined : this.buffers.get(buffer);
      if (memory?.origin && memory.memory === 'dma' && !memory.handedOver)
        this.report('one-shot-for-shared', mapping.index, made(memory), { made: origin.api }, facts(mapping));
    }
  }

  /** The function has failed, and what it has stopped is not what it has started. */
  private leaveRunning(): void {
    for (const { index, startedAt } of this.transfers.wrongStops) {
      const started = startedAt.map((at): RelatedOperation => ({ index: at, role: 'started' }));
      this.report('free-while-running', index, started, { api: this.apiAt(index), why: 'other-stopped' });
    }
  }

  private lose(operation: Lose, index: number): void {
    const { target, why } = operation;
    const detail = {
      why,
      failing: operation.failing ? 'yes' : 'no',
      certain: operation.certain === false ? 'no' : 'yes',
    };
    // Nothing went wrong yet: it is the end of the device's life that finds it.
    const isForever = (why === 'lifecycle-end' || why === 'not-undone') && !operation.failing;
    if (target.to === 'mapping') {
      const mapping = this.mappings.get(target.id);
      const { origin } = mapping ?? {};
      if (
        !mapping ||
        !origin ||
        (mapping.faulty && why !== 'memory-freed') ||
        mapping.unmappedAt !== null ||
        origin.outcome === 'failed' ||
        origin.managed
      )
        return;
      const related: RelatedOperation[] = [...mapped(mapping)];
      if (mapping.rightsFailedAt !== null) related.push({ index: mapping.rightsFailedAt, role: 'checked' });
      if (mapping.freedAt !== null) related.push({ index: mapping.freedAt, role: 'freed' });
      this.report(
        this.leakOf(mapping, origin, isForever),
        index,
        related,
        { ...detail, made: origin.api },
        facts(mapping),
      );
    } else if (target.to === 'buffer') {
      const buffer = this.buffers.get(target.id);
      if (!buffer?.origin || buffer.freedAt !== null || buffer.handedOver || buffer.origin.managed) return;
      const kind = buffer.origin.family.includes('channel')
        ? 'channel-leak'
        : isForever
          ? 'lifecycle-leak'
          : 'buffer-leak';
      this.report(kind, index, made(buffer), {
        ...detail,
        made: buffer.origin.api,
      });
    }
  }
}

/** A mapping that the program was given. */
const unknownMapping = (index: number): Mapping => ({
  origin: null,
  declared: null,
  index,
  buffer: null,
  direction: 'unknown',
  grant: null,
  owner: 'device',
  unmappedAt: null,
  freedAt: null,
  checkedAt: index,
  wronglyCheckedAt: null,
  givenBackAt: null,
  wasLent: false,
  isUnfilled: false,
  writtenAt: null,
  dirtyAt: null,
  rightsFailedAt: null,
  ignoredAt: null,
  faulty: false,
  handedOver: false,
  freedAwayAt: null,
});
const made = (buffer: Buffer): RelatedOperation[] =>
  buffer.origin ? [{ index: buffer.index, role: 'allocated' }] : [];
const declared = (buffer: Buffer | null): RelatedOperation[] =>
  buffer ? [{ index: buffer.index, role: buffer.origin ? 'allocated' : 'declared' }] : [];
const mapped = (mapping: Mapping): RelatedOperation[] =>
  mapping.origin || mapping.declared ? [{ index: mapping.index, role: 'mapped' }] : [];
const facts = ({ origin, declared }: Mapping): FaultFacts => ({
  direction: (origin ?? declared)?.direction ?? 'unknown',
});
const handOver = (mapping: Mapping): void => {
  if (mapping.faulty || mapping.unmappedAt !== null) return;
  mapping.faulty = true;
  mapping.handedOver = true;
};
/** Whoever ends a mapping believes that nobody else has. */
const takeBack = (mapping: Mapping): void => {
  if (!mapping.handedOver || mapping.origin?.outcome === 'failed') return;
  mapping.faulty = false;
  mapping.handedOver = false;
};
const differ = (a: string, b: string): boolean => a !== b && a !== 'unknown' && b !== 'unknown';
/** Bytes are given where pages are wanted, or the other way round: factors differ by 4096 at least. */
const sizesDiffer = (a: Size, b: Size): boolean =>
  a.bytes !== null && b.bytes !== null
    ? a.bytes !== b.bytes
    : (a.field !== undefined && b.field !== undefined && a.field !== b.field) ||
      (a.multiple !== undefined && a.multiple.of === b.multiple?.of && a.multiple.factor !== b.multiple.factor);
const sizeDetail = (made: Size, released: Size): Record<string, string> =>
  made.field !== undefined && released.field !== undefined
    ? { madeField: made.field, releasedField: released.field }
    : made.bytes === null && made.multiple && released.multiple
      ? { times: `${released.multiple.factor / made.multiple.factor}` }
      : { made: `${made.bytes}`, released: `${released.bytes}` };
