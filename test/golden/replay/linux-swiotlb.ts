/** Linux's bounce pool: slots, copies, and the decisions of the direct-mapping layer above it. */
import {
  BounceCopy,
  copyRange,
  type DirectDevice,
  DirectMapping,
  type DirectOptions,
  mapDirect,
  NEVER_ENDS,
  type SlotGrant,
  Swiotlb,
  type SwiotlbDevice,
  syncCopies,
  syncDirect,
  TOO_LARGE,
  type TransferDirection,
  unmapCopiesBack,
  unmapDirect,
} from '../../../simulator/src/bounce/swiotlb/index.ts';
import { optionalNumber, readDevices, readDirectDevices, releaseOf } from './linux-swiotlb-header.ts';
import {
  ForeignLine,
  type Header,
  type JsonObject,
  numberField,
  type Operation,
  type Outputs,
  type Replayer,
  stringField,
} from './replayer.ts';

const SKIP_CPU_SYNC = 32;
/** Where the transient pools are put, which no trace of them says: above all memory of the traces. */
const TRANSIENT_BASE = 2 ** 44;

export const linuxSwiotlb: Replayer = {
  systems: ['linux-swiotlb'],
  inputs: {
    map: ['id', 'cpu', 'dev', 'addr', 'size', 'aam', 'dir', 'attrs'],
    unmap: ['id', 'dir', 'attrs'],
    snap: [],
    grow_work: ['start'],
    sync_cpu: ['id', 'off', 'len', 'dir'],
    sync_dev: ['id', 'off', 'len', 'dir'],
    force_bounce: ['on'],
    map_page: ['id', 'cpu', 'dev', 'phys', 'size', 'dir', 'skip_sync'],
    unmap_page: ['id', 'skip_sync'],
  },
  start(header) {
    const replay = new Replay(header);
    return (operation) => replay.execute(operation);
  },
};

interface Live {
  readonly device: number;
  /** Address given to the device. */
  readonly address: number;
  readonly size: number;
  readonly grant: SlotGrant | null;
  readonly direction: TransferDirection;
}

class Replay {
  private readonly swiotlb: Swiotlb;
  private readonly devices: ReadonlyMap<number, SwiotlbDevice>;
  private readonly directDevices: ReadonlyMap<number, DirectDevice>;
  private direct: DirectOptions;
  private readonly live = new Map<number, Live>();
  private readonly copy = new BounceCopy();
  private readonly mapping = new DirectMapping();
  private readonly growing: boolean;
  private readonly modern: boolean;
  private nextTransient = TRANSIENT_BASE;

  constructor({ version, parameters }: Header) {
    const release = releaseOf(version);
    this.modern = release === '6.12';
    this.growing = numberField(parameters, 'dynamic') === 1;
    const options = {
      release,
      slots: numberField(parameters, 'nslabs'),
      areas: numberField(parameters, 'nareas'),
      start: numberField(parameters, 'pool_start'),
    };
    this.swiotlb = this.growing
      ? new Swiotlb({
          ...options,
          dynamic: {
            areas: numberField(parameters, 'default_nareas'),
            allocate: (bytes) => {
              const start = this.nextTransient;
              this.nextTransient += 2 ** Math.ceil(Math.log2(bytes));
              return start;
            },
          },
        })
      : new Swiotlb(options);
    this.devices = readDevices(parameters);
    this.directDevices = readDirectDevices(parameters, this.devices);
    this.direct = {
      forceBounce: false,
      bounceUnalignedKmalloc: parameters.bounce_unaligned_kmalloc === 1,
      minAlign: optionalNumber(parameters, 'arch_dma_minalign', 1),
      cacheAlign: optionalNumber(parameters, 'cache_alignment', 1),
    };
  }

  execute(operation: Operation): Outputs {
    switch (operation.op) {
      case 'map':
        return this.map(operation);
      case 'unmap':
        return this.unmap(operation);
      case 'snap':
        return this.snapshot();
      case 'grow_work':
        return this.grow(operation);
      case 'sync_cpu':
        return this.sync(operation, 'cpu');
      case 'sync_dev':
        return this.sync(operation, 'device');
      case 'force_bounce':
        this.direct = { ...this.direct, forceBounce: numberField(operation, 'on') === 1 };
        return {};
      case 'map_page':
        return this.mapPage(operation);
      case 'unmap_page':
        return this.unmapPage(operation);
      default:
        throw new ForeignLine(`unknown operation "${operation.op}"`);
    }
  }

  private map(operation: Operation): Outputs {
    const { swiotlb } = this;
    const device = this.device(numberField(operation, 'dev'));
    const origin = numberField(operation, 'addr');
    const size = numberField(operation, 'size');
    const align = numberField(operation, 'aam');
    const id = numberField(operation, 'id');
    const address = swiotlb.map(device, numberField(operation, 'cpu'), origin, size, align);
    if (address < 0) {
      const why = address === TOO_LARGE ? 'too_large' : address === NEVER_ENDS ? 'search_never_ends' : 'full';
      return { ok: 0, why, need: swiotlb.slotsFor(device, origin, size, align), ...this.totals() };
    }
    const grant = swiotlb.grantOf(address);
    if (grant === null) throw new Error(`no mapping at the address ${address} that was just returned`);
    const direction = operation.dir === undefined ? 'bidirectional' : directionOf(operation);
    this.live.set(id, { device: numberField(operation, 'dev'), address, size, grant, direction });
    const outputs = {
      ok: 1,
      slot: grant.slot,
      pad: grant.padding,
      off: grant.offset,
      n: grant.slots,
      area: grant.area,
      area_used: grant.pool < 0 ? grant.slots : this.areaUsed(grant),
      ...this.totals(),
      ...this.growthState(grant.pool),
    };
    if (operation.dir === undefined) return outputs;
    copyRange(swiotlb, device, address, size, this.copy);
    return { ...outputs, tlb: address, ...this.copied('to_bounce') };
  }

  private unmap(operation: Operation): Outputs {
    const { device, address, size, grant } = this.liveOf(operation);
    const copying = operation.dir !== undefined;
    this.copy.length = 0;
    this.copy.warned = false;
    if (copying) {
      const skipSync = (numberField(operation, 'attrs') & SKIP_CPU_SYNC) !== 0;
      if (unmapCopiesBack(directionOf(operation), skipSync)) {
        copyRange(this.swiotlb, this.device(device), address, size, this.copy);
      }
    }
    this.swiotlb.unmap(address);
    this.live.delete(numberField(operation, 'id'));
    return {
      ...(grant === null || grant.pool < 0 ? {} : { area: grant.area, area_used: this.areaUsed(grant) }),
      ...this.totals(),
      ...(this.growing ? { pool: grant?.pool, transient_slots: this.swiotlb.transientSlots } : {}),
      ...(copying ? this.copied('from_bounce') : {}),
    };
  }

  private snapshot(): Outputs {
    const pool = this.swiotlb.poolAt(0);
    const areas = Array.from({ length: pool?.areas ?? 0 }, (_, area) => area);
    return {
      areas: areas.map((area) => pool?.usedIn(area) ?? 0),
      next: areas.map((area) => pool?.nextIn(area) ?? 0),
      ...this.totals(),
    };
  }

  private grow(operation: Operation): Outputs {
    const pool = this.swiotlb.grow(numberField(operation, 'start'));
    return {
      pool: this.swiotlb.poolCount - 1,
      nslabs: pool.slots,
      nareas: pool.areas,
      total_nslabs: this.swiotlb.totalSlots,
    };
  }

  private sync(operation: Operation, owner: 'cpu' | 'device'): Outputs {
    const live = this.liveOf(operation);
    const address = live.address + numberField(operation, 'off');
    const length = numberField(operation, 'len');
    const into = owner === 'cpu' ? 'from_bounce' : 'to_bounce';
    this.copy.length = 0;
    this.copy.warned = false;
    const direct = this.directDevices.get(live.device);
    if (direct !== undefined) {
      const calls = syncDirect(this.swiotlb, direct, owner, address, length, live.direction, this.copy);
      return {
        cache_sync_for_device: owner === 'device' ? calls : 0,
        cache_sync_for_cpu: owner === 'cpu' ? calls : 0,
        ...this.copied(into),
      };
    }
    if (syncCopies(owner, directionOf(operation))) {
      copyRange(this.swiotlb, this.device(live.device), address, length, this.copy);
    }
    return this.copied(into);
  }

  private mapPage(operation: Operation): Outputs {
    const { swiotlb, mapping } = this;
    const number = numberField(operation, 'dev');
    const device = this.directDevice(number);
    const physical = numberField(operation, 'phys');
    const size = numberField(operation, 'size');
    const direction = directionOf(operation);
    const skipSync = numberField(operation, 'skip_sync') === 1;
    const cpu = numberField(operation, 'cpu');
    mapDirect(swiotlb, device, cpu, physical, size, direction, skipSync, this.direct, mapping);
    this.copy.length = 0;
    const { address, bounced, cacheSyncs } = mapping;
    const ok = address >= 0;
    if (ok) this.live.set(numberField(operation, 'id'), { device: number, address, size, grant: null, direction });
    return {
      ok: ok ? 1 : 0,
      ...(ok ? { how: bounced ? 'bounce' : 'direct', dma: address } : {}),
      cache_sync_for_device: cacheSyncs,
      cp: copies(mapping.copy, 'to_bounce'),
      used: swiotlb.used,
    };
  }

  private unmapPage(operation: Operation): Outputs {
    const { device, address, size, direction } = this.liveOf(operation);
    const skipSync = numberField(operation, 'skip_sync') === 1;
    const calls = unmapDirect(this.swiotlb, this.directDevice(device), address, size, direction, skipSync, this.copy);
    this.live.delete(numberField(operation, 'id'));
    return { cache_sync_for_cpu: calls, cp: copies(this.copy, 'from_bounce'), used: this.swiotlb.used };
  }

  private totals(): Outputs {
    return { used: this.swiotlb.used, ...(this.modern ? { hiwater: this.swiotlb.highWaterMark } : {}) };
  }

  private growthState(pool: number): Outputs {
    if (!this.growing) return {};
    return {
      pool,
      transient_slots: this.swiotlb.transientSlots,
      grow_queued: this.swiotlb.growQueued ? 1 : 0,
    };
  }

  private copied(into: 'to_bounce' | 'from_bounce'): Outputs {
    return { cp: copies(this.copy, into), ...(this.copy.warned ? { warn: 1 } : {}) };
  }

  private areaUsed(grant: SlotGrant): number {
    return this.swiotlb.poolAt(grant.pool)?.usedIn(grant.area) ?? 0;
  }

  private liveOf(operation: Operation): Live {
    const live = this.live.get(numberField(operation, 'id'));
    if (live === undefined) throw new ForeignLine(`mapping ${String(operation.id)} does not exist`);
    return live;
  }

  private device(number: number): SwiotlbDevice {
    const device = this.devices.get(number);
    if (device === undefined) throw new ForeignLine(`device ${number} is not in the header`);
    return device;
  }

  private directDevice(number: number): DirectDevice {
    const device = this.directDevices.get(number);
    if (device === undefined) throw new ForeignLine(`device ${number} is not in the header`);
    return device;
  }
}

function copies(copy: BounceCopy, into: 'to_bounce' | 'from_bounce'): readonly JsonObject[] {
  return copy.length === 0 ? [] : [{ d: into, orig: copy.original, tlb: copy.bounce, len: copy.length }];
}

function directionOf(operation: Operation): TransferDirection {
  const name = stringField(operation, 'dir');
  if (name === 'to') return 'to-device';
  if (name === 'from') return 'from-device';
  if (name === 'bidi') return 'bidirectional';
  throw new ForeignLine(`unknown direction "${name}"`);
}
