import type { Platform } from '../platforms/platform.ts';
import type {
  Allocate,
  BufferId,
  Convert,
  CpuAccess,
  Free,
  Give,
  Lose,
  MapOperation,
  MappingId,
  MemoryKind,
  Operation,
  Program,
  Sync,
  Unmap,
} from '../program/index.ts';
import { BlockPools, isPool, isPoolBlock } from './block-pools.ts';
import { consequence, type FaultFacts } from './consequences.ts';
import type { Counters } from './counters.ts';
import type { MapGrant, MapRequest, MemorySystem } from './memory-system.ts';
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
  readonly allocation: number | null;
  freedAt: number | null;
  handedOver: boolean;
}

interface Mapping {
  /** Null for a mapping that the program was given. */
  readonly origin: MapOperation | null;
  readonly index: number;
  readonly buffer: BufferId | null;
  readonly grant: MapGrant | null;
  /** Who may touch the memory now. */
  owner: 'cpu' | 'device';
  unmappedAt: number | null;
  checkedAt: number | null;
  wronglyCheckedAt: number | null;
  /** The CPU wrote here while the device owned the memory, and did not hand it back by a sync since. */
  dirtyAt: number | null;
  /** A fault of this mapping was reported: what follows from it is not reported again. */
  faulty: boolean;
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
  private readonly violations: Violation[] = [];
  private readonly refusals: Refusal[] = [];
  private exiting = false;

  constructor(program: Program, platform: Platform) {
    this.program = program;
    this.platform = platform;
    this.system = platform.create(program.dialect);
    this.pools = new BlockPools(this.system);
  }

  run(observe?: Observer): Run {
    this.program.operations.forEach((operation, index) => {
      this.execute(operation, index);
      observe?.(index, this.system);
    });
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
          allocation: null,
          freedAt: null,
          handedOver: false,
        });
        return;
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
      case 'give':
        return this.give(operation, index);
      case 'lose':
        return this.lose(operation, index);
      case 'hand-over':
        if (operation.target.to === 'mapping') this.mappingOf(operation.target.id, index).faulty = true;
        else if (operation.target.to === 'buffer') this.bufferOf(operation.target.id, index).handedOver = true;
        return;
      case 'memory-map-change':
        if (this.exiting) this.report('exit-boot-services-memory-map', index, [], { api: operation.api });
        return;
      case 'exit-boot-services':
        this.exiting = operation.phase === 'begin';
        if (operation.phase === 'end') this.system.exitBootServices();
        return;
      case 'convert':
        return this.convert(operation);
      case 'set-mask':
        this.system.setMask?.(operation.bits);
        return;
      case 'device-start':
      case 'device-stop':
      case 'set-attribute':
      case 'atomic-enter':
      case 'atomic-leave':
        return;
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

  private refusable<T extends { readonly refused: string | null }>(index: number, grant: T): T {
    if (grant.refused !== null) this.refusals.push({ index, reason: grant.refused });
    return grant;
  }

  private convert({ target, size, to, outcome }: Convert): void {
    if (target.to !== 'buffer' || outcome === 'failed') return;
    this.system.convert({ allocation: this.allocationOf(target.id), buffer: target.id, bytes: size.bytes, to });
  }

  private allocate(operation: Allocate, index: number): void {
    // Whatever the name stood for before, it stands for this from here on.
    this.readBeforeMap.delete(operation.buffer);
    this.buffers.delete(operation.buffer);
    if (operation.outcome === 'failed') return;
    this.buffers.set(operation.buffer, {
      index,
      origin: operation,
      memory: operation.memory,
      name: operation.api,
      within: null,
      allocation: this.granted(operation, index),
      freedAt: null,
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
    const buffer = this.bufferOf(target.id, index);
    if (buffer.handedOver) return;
    if (buffer.freedAt !== null) {
      // Two frees of ordinary memory are another tool's business; reference counts make most of them right.
      if (buffer.origin || operation.family !== 'memory')
        this.report('double-free', index, [{ index: buffer.freedAt, role: 'released' }, ...made(buffer)], {
          api: operation.api,
          state: 'freed',
        });
      return;
    }
    const { origin } = buffer;
    if (origin && !origin.releasedBy.includes(operation.family))
      this.report('api-mismatch', index, made(buffer), { api: operation.api, made: origin.api });
    else if (origin && operation.family !== 'memory' && sizesDiffer(origin.size, operation.size))
      this.report('size-mismatch', index, made(buffer), {
        api: operation.api,
        made: `${origin.size.bytes}`,
        released: `${operation.size.bytes}`,
      });
    for (const [, mapping] of this.mappings) {
      if (
        mapping.unmappedAt !== null ||
        mapping.faulty ||
        mapping.buffer === null ||
        mapping.origin?.outcome === 'failed'
      )
        continue;
      if (!this.isPartOf(mapping.buffer, target.id)) continue;
      mapping.faulty = true;
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
    if (buffer.allocation !== null && !this.pools.free(buffer.allocation)) this.system.free(buffer.allocation);
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
        allocation: null,
        freedAt: null,
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
      index,
      buffer: operation.buffer.to === 'buffer' ? operation.buffer.id : null,
      grant: failed ? null : this.refusable(index, this.system.map(this.mapRequest(operation, memory))),
      owner: 'device',
      unmappedAt: null,
      checkedAt: null,
      wronglyCheckedAt: null,
      dirtyAt: null,
      faulty: false,
    };
    this.mappings.set(operation.mapping, mapping);
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
    const isUnmappable =
      dialect === 'linux'
        ? ['stack', 'vmalloc', 'rodata', 'static', 'percpu', 'kmap'].includes(memory)
        : memory === 'stack';
    if (isUnmappable && !failed)
      this.report(
        'unmappable-memory',
        index,
        declared(buffer),
        // UEFI does not forbid it: EDK2 moved away from it by policy.
        { api: operation.api, memory, name: buffer?.name ?? '', certain: dialect === 'linux' ? 'yes' : 'no' },
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
      mapping = {
        origin: null,
        index,
        buffer: null,
        grant: null,
        owner: 'device',
        unmappedAt: null,
        checkedAt: index,
        wronglyCheckedAt: null,
        dirtyAt: null,
        faulty: false,
      };
      this.mappings.set(id, mapping);
    }
    return mapping;
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
        { api, state: 'unmapped' },
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
    if (this.isInvalidUse(mapping, index, api, 'unmap')) return;
    this.settleWrites(mapping);
    mapping.unmappedAt = index;
    if (mapping.grant) this.system.unmap(mapping.grant);
    const { origin } = mapping;
    if (!origin || mapping.faulty) return;
    if (target.how !== 'exact') {
      mapping.faulty = true;
      return this.report('wrong-handle', index, mapped(mapping), { api, how: target.how, mapped: origin.api });
    }
    if (!origin.releasedBy.includes(operation.family))
      return this.report('api-mismatch', index, mapped(mapping), { api, made: origin.api });
    if (differ(origin.direction, operation.direction))
      return this.report(
        'direction-mismatch',
        index,
        mapped(mapping),
        { api, made: origin.direction, released: operation.direction },
        facts(mapping),
      );
    if (operation.entries === 'mapped') return this.report('sg-count-mismatch', index, mapped(mapping), { api });
    if (origin.device !== null && operation.device !== null && origin.device !== operation.device)
      return this.report('device-mismatch', index, mapped(mapping), {
        api,
        made: origin.device,
        released: operation.device,
      });
    if (sizesDiffer(origin.size, operation.size))
      this.report('size-mismatch', index, mapped(mapping), {
        api,
        made: `${origin.size.bytes}`,
        released: `${operation.size.bytes}`,
      });
  }

  private sync(operation: Sync, index: number): void {
    if (operation.target.to !== 'mapping') return;
    const mapping = this.mappingOf(operation.target.id, index);
    if (this.isInvalidUse(mapping, index, operation.api, 'use')) return;
    mapping.owner = operation.owner;
    if (operation.owner === 'device') mapping.dirtyAt = null;
    if (mapping.grant) this.system.sync(mapping.grant, operation.owner, operation.size.bytes);
    const { origin } = mapping;
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
    if (operation.target.how === 'other-role') return this.readResult(operation.target.id, index);
    for (const [, mapping] of this.mappings) {
      const { origin } = mapping;
      if (!origin || mapping.faulty || mapping.buffer !== operation.target.id) continue;
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

  /** A scatterlist's DMA addresses and lengths are read before this program maps it: what is there is left from earlier. */
  private readResult(list: BufferId, index: number): void {
    if (![...this.mappings.values()].some((m) => m.buffer === list))
      this.readBeforeMap.set(list, this.readBeforeMap.get(list) ?? index);
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
    if (target.to === 'mapping') {
      const mapping = this.mappingOf(target.id, index);
      // A descriptor is the device's only when it is told so: a test that follows the store is in time.
      if (operation.through === 'descriptor' && this.isTestedLater(target.id, index)) return;
      if (!this.isInvalidUse(mapping, index, operation.api, 'use')) this.settleWrites(mapping);
      return;
    }
    if (target.to !== 'buffer' || target.how !== 'other-role') return;
    const buffer = this.buffers.get(target.id);
    if (!buffer?.origin || (this.program.dialect === 'linux' && operation.through === 'descriptor')) return;
    this.report(
      'unmapped-common-buffer',
      index,
      made(buffer),
      { api: operation.api, made: buffer.origin.api, through: operation.through },
      { direction: 'unknown', isShared: this.program.dialect === 'linux' || this.isMapped(target.id) },
    );
  }

  private isTestedLater(mapping: MappingId, index: number): boolean {
    return this.program.operations.some(
      (o, i) => i > index && o.op === 'check' && o.right && o.target.to === 'mapping' && o.target.id === mapping,
    );
  }

  private isMapped(buffer: BufferId): boolean {
    return [...this.mappings.values()].some(
      (m) => m.buffer === buffer && m.unmappedAt === null && m.origin?.outcome === 'ok',
    );
  }

  private lose(operation: Lose, index: number): void {
    const { target, why } = operation;
    const detail = {
      why,
      failing: operation.failing ? 'yes' : 'no',
      certain: operation.certain === false ? 'no' : 'yes',
    };
    if (target.to === 'mapping') {
      const mapping = this.mappings.get(target.id);
      const { origin } = mapping ?? {};
      if (
        !mapping ||
        !origin ||
        mapping.faulty ||
        mapping.unmappedAt !== null ||
        origin.outcome === 'failed' ||
        origin.managed
      )
        return;
      this.report(
        origin.outcome === 'short' ? 'short-mapping' : 'mapping-leak',
        index,
        mapped(mapping),
        { ...detail, made: origin.api },
        facts(mapping),
      );
    } else if (target.to === 'buffer') {
      const buffer = this.buffers.get(target.id);
      if (!buffer?.origin || buffer.freedAt !== null || buffer.handedOver || buffer.origin.managed) return;
      this.report(buffer.origin.family.includes('channel') ? 'channel-leak' : 'buffer-leak', index, made(buffer), {
        ...detail,
        made: buffer.origin.api,
      });
    }
  }
}

const made = (buffer: Buffer): RelatedOperation[] =>
  buffer.origin ? [{ index: buffer.index, role: 'allocated' }] : [];
const declared = (buffer: Buffer | null): RelatedOperation[] =>
  buffer ? [{ index: buffer.index, role: buffer.origin ? 'allocated' : 'declared' }] : [];
const mapped = (mapping: Mapping): RelatedOperation[] =>
  mapping.origin ? [{ index: mapping.index, role: 'mapped' }] : [];
const facts = (mapping: Mapping): FaultFacts => ({ direction: mapping.origin?.direction ?? 'unknown' });
const differ = (a: string, b: string): boolean => a !== b && a !== 'unknown' && b !== 'unknown';
const sizesDiffer = (a: { bytes: number | null }, b: { bytes: number | null }): boolean =>
  a.bytes !== null && b.bytes !== null && a.bytes !== b.bytes;
