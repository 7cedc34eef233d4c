/** edk2-iommudxe and its history: the IOMMU protocol driver of OVMF. */
import {
  ATTRIBUTE_DUAL_ADDRESS_CYCLE,
  type DmaOperation,
  type Effects,
  isCommonBuffer,
  isDmaOperation,
  isRead,
  noEffects,
} from '../../../simulator/src/bounce/efi.ts';
import { IoMmuDxe } from '../../../simulator/src/bounce/iommudxe.ts';
import { reservedBytes } from '../../../simulator/src/bounce/iommudxe-reserved.ts';
import type { Source } from '../../../simulator/src/bounce/iommudxe-results.ts';
import { IOMMU_DXE_VERSIONS, type IoMmuDxeBehaviour } from '../../../simulator/src/bounce/iommudxe-versions.ts';
import { GuestMemory } from '../../../simulator/src/memory/guest-memory.ts';
import { FOUR_GIB, PAGE_BYTES } from '../../../simulator/src/memory/page.ts';
import type { PageAllocator } from '../../../simulator/src/memory/page-allocator.ts';
import { flag, memoryType, pageAllocator } from './edk2-pages.ts';
import {
  ForeignLine,
  type Header,
  numberField,
  type Operation,
  type Outputs,
  type Replayer,
  stringField,
} from './replayer.ts';

/** A mapping as the harness remembers it: also after the driver has forgotten it. */
interface Mapped {
  readonly token: number;
  readonly operation: DmaOperation;
  readonly bytes: number;
  readonly deviceAddress: number;
  readonly source: Source;
}

export const edk2IoMmuDxe: Replayer = {
  systems: ['edk2-iommudxe', 'edk2-iommudxe-history'],
  inputs: {
    init: [],
    alloc: ['id', 'pages', 'dac', 'attr_extra', 'mtype'],
    map: ['id', 'operation', 'host', 'bytes', 'buf'],
    unmap: ['id'],
    free: ['id', 'pages'],
    set_attr: ['id', 'access'],
    exit_boot_stage1: [],
    exit_boot_live: [],
    exit_boot_stage2: [],
    after_exit: ['id', 'operation', 'bytes'],
  },
  start(header) {
    const replay = new Replay(header);
    return (operation) => replay.execute(operation);
  },
};

class Replay {
  readonly #behaviour: IoMmuDxeBehaviour;
  /** The driver in the state in which it could not reserve its region. */
  readonly #unreserved: boolean;
  readonly #pages: PageAllocator;
  readonly #memory: GuestMemory;
  readonly #driver: IoMmuDxe;
  readonly #buffers = new Map<number, number>();
  readonly #mapped = new Map<number, Mapped>();

  constructor({ version, parameters }: Header) {
    this.#behaviour = behaviourOf(version);
    this.#unreserved = numberField(parameters, 'reserved_pool') === 0;
    this.#pages = pageAllocator(parameters);
    const cc = stringField(parameters, 'cc');
    if (cc !== 'sev' && cc !== 'tdx') throw new ForeignLine(`unknown cc "${cc}"`);
    this.#memory = new GuestMemory({ technology: cc });
    this.#driver = new IoMmuDxe(this.#behaviour, this.#pages, this.#memory);
  }

  execute(operation: Operation): Outputs {
    switch (operation.op) {
      case 'init':
        return this.#init();
      case 'alloc':
        return this.#allocate(operation);
      case 'map':
        return this.#map(operation);
      case 'unmap':
        return this.#unmap(operation);
      case 'free':
        return this.#free(operation);
      case 'set_attr':
        return { status: this.#driver.setAttribute(this.#of(operation).token, numberField(operation, 'access')) };
      case 'exit_boot_stage1':
        return { events_signalled: 1, ...this.#after(noEffects()) };
      case 'exit_boot_live':
        return { ids_in_teardown_order: this.#live().reverse() };
      case 'exit_boot_stage2':
        return this.#exit();
      case 'after_exit':
        return this.#afterExit(operation);
      default:
        throw new ForeignLine(`unknown operation "${operation.op}"`);
    }
  }

  #init(): Outputs {
    const { reserved } = this.#behaviour;
    const { status, ...effects } = this.#unreserved ? { ...noEffects(), status: 'SUCCESS' } : this.#driver.initialise();
    const { region } = this.#driver;
    if (reserved === null) return { status, ...this.#after(effects) };
    const classes = reserved.map(({ name, slots, dataBytes, firstBit, mask }) => ({
      cls: name,
      slots,
      data_bytes: dataBytes,
      header_bytes: PAGE_BYTES,
      start: region?.classStart(name),
      first_bit: firstBit,
      mask,
    }));
    return {
      status,
      reserved_base: region?.base ?? 0,
      reserved_bytes: region === null ? 0 : reservedBytes(reserved),
      classes: region === null ? undefined : classes,
      ...this.#after(effects),
    };
  }

  #allocate(operation: Operation): Outputs {
    const dac = numberField(operation, 'dac') === 1 ? ATTRIBUTE_DUAL_ADDRESS_CYCLE : 0;
    const attributes = numberField(operation, 'attr_extra') | dac;
    const result = this.#driver.allocateBuffer(numberField(operation, 'pages'), attributes, memoryType(operation));
    if (result.status !== 'SUCCESS') return { status: result.status, ...this.#after(result) };
    const { status, host, source } = result;
    this.#buffers.set(numberField(operation, 'id'), host);
    return { status, host, above4g: flag(host >= FOUR_GIB), ...sourceFields(source), ...this.#after(result) };
  }

  #map(operation: Operation): Outputs {
    const name = stringField(operation, 'operation');
    const dma = isDmaOperation(name) ? name : null;
    const host = numberField(operation, 'host');
    const result = this.#driver.map(dma, host, numberField(operation, 'bytes'));
    const { status, bytes } = result;
    if (status !== 'SUCCESS' || dma === null) return { status, bytes_out: bytes, ...this.#after(result) };
    const { mapping: token, deviceAddress, source, duplicate } = result;
    const reads = isRead(dma) || isCommonBuffer(dma);
    this.#mapped.set(numberField(operation, 'id'), { token, operation: dma, bytes, deviceAddress, source });
    return {
      status,
      bytes_out: bytes,
      relation: deviceAddress === host ? 'identity' : 'bounce',
      dev_above4g: flag(deviceAddress >= FOUR_GIB),
      ...sourceFields(source),
      duplicate_of_live_mapping: duplicate ? 1 : undefined,
      data_ok: reads ? flag(this.#memory.isShared(deviceAddress, bytes)) : undefined,
      ...this.#after(result),
    };
  }

  #unmap(operation: Operation): Outputs {
    const mapped = this.#of(operation);
    const reached = this.#memory.isShared(mapped.deviceAddress, mapped.bytes);
    const { status, ...effects } = this.#driver.unmap(mapped.token);
    return { status, data_ok: isRead(mapped.operation) ? undefined : flag(reached), ...this.#after(effects) };
  }

  #free(operation: Operation): Outputs {
    const host = this.#buffers.get(numberField(operation, 'id'));
    if (host === undefined) throw new ForeignLine('free of an unknown buffer');
    const { status, ...effects } = this.#driver.freeBuffer(host);
    return { status, ...this.#after(effects) };
  }

  #exit(): Outputs {
    const { mappings, ...effects } = this.#driver.exitBootServices();
    return { live_before: mappings.length, ...this.#after(effects) };
  }

  /** What the guest reads in its own view once all pages are private again. */
  #afterExit(operation: Operation): Outputs {
    const mapped = this.#of(operation);
    const shared = flag(this.#memory.stateAt(mapped.deviceAddress) === 'shared');
    // The reserved region is converted last and without a copy: SEV scrambles the zeroes, TDX gives zeroes again.
    const reserved = mapped.source !== 'pages';
    if (isRead(mapped.operation)) {
      const zero = !reserved || this.#memory.technology === 'tdx';
      return { dev_page_shared: shared, bounce_zeroed: flag(zero) };
    }
    return { dev_page_shared: shared, host_has_device_data: flag(!(reserved && isCommonBuffer(mapped.operation))) };
  }

  #live(): number[] {
    const ids = [...this.#mapped].filter(([, mapped]) => this.#driver.mapping(mapped.token) !== undefined);
    return ids.sort(([, a], [, b]) => a.token - b.token).map(([id]) => id);
  }

  #of(operation: Operation): Mapped {
    const mapped = this.#mapped.get(numberField(operation, 'id'));
    if (mapped === undefined) throw new ForeignLine('no such mapping');
    return mapped;
  }

  /** The fields that every line ends with. */
  #after(effects: Effects): Outputs {
    const { live, recycled } = this.#driver.counts;
    const maps = { unlisted: -1, recycled, live }[this.#behaviour.mapInfos];
    return {
      shared: effects.sharedPages,
      priv: effects.privatePages,
      copied: effects.copiedBytes,
      zeroed: effects.zeroedBytes,
      pg_alloc: effects.pagesAllocated,
      pg_free: effects.pagesFreed,
      pool_alloc: effects.poolAllocations,
      pool_free: effects.poolFrees,
      cur_shared: this.#memory.sharedPages,
      cur_pages: this.#pages.used,
      maps,
      bitmap: this.#behaviour.reserved === null ? undefined : this.#driver.bitmap,
      asserts: effects.asserts > 0 ? effects.asserts : undefined,
    };
  }
}

function behaviourOf(version: string): IoMmuDxeBehaviour {
  if (version.includes('parent of e27cfda33b')) return IOMMU_DXE_VERSIONS['2025-bad-masks'];
  const behaviour = Object.values(IOMMU_DXE_VERSIONS).find(({ commit }) => version.includes(commit));
  if (behaviour === undefined) throw new ForeignLine(`unknown version "${version}"`);
  return behaviour;
}

function sourceFields(source: Source): Outputs {
  return source === 'pages' ? { src: 'pages' } : { src: 'reserved', cls: source.className, slot: source.slot };
}
