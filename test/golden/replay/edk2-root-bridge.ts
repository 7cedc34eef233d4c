/** edk2-rootbridgeio: the PCI root bridge, with and without an IOMMU protocol. */
import {
  type DmaOperation,
  type Effects,
  isDmaOperation,
  isRead,
  isWrite,
  noEffects,
} from '../../../simulator/src/bounce/efi.ts';
import { type IoMmu, PciRootBridgeIo, type RootBridgeMapping } from '../../../simulator/src/bounce/root-bridge.ts';
import { FOUR_GIB } from '../../../simulator/src/memory/page.ts';
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

export const edk2RootBridge: Replayer = {
  systems: ['edk2-rootbridgeio'],
  inputs: {
    map: ['id', 'dma_above4g', 'iommu', 'operation', 'host', 'bytes'],
    unmap: ['id'],
    unmap_bad: ['mapping'],
    alloc: ['id', 'dma_above4g', 'iommu', 'pages', 'dac', 'attr', 'mtype'],
    free: ['id'],
  },
  start(header) {
    const replay = new Replay(header);
    return (operation) => replay.execute(operation);
  },
};

/** An IOMMU protocol that does nothing but remember what it was last asked. */
class Recorder implements IoMmu {
  operation: DmaOperation | null = null;
  attributes: number | null = null;

  map(operation: DmaOperation, host: number, bytes: number) {
    this.operation = operation;
    return { ...noEffects(), status: 'SUCCESS', mapping: 1, deviceAddress: host, bytes } as const;
  }

  unmap() {
    return { ...noEffects(), status: 'SUCCESS' } as const;
  }

  allocateBuffer(_pages: number, attributes: number) {
    this.attributes = attributes;
    return { ...noEffects(), status: 'SUCCESS', host: 0 } as const;
  }

  freeBuffer() {
    return { ...noEffects(), status: 'SUCCESS' } as const;
  }
}

class Replay {
  readonly #pages: PageAllocator;
  readonly #bridge: PciRootBridgeIo;
  readonly #mapped = new Map<number, { readonly mapping: RootBridgeMapping; readonly operation: DmaOperation }>();
  readonly #buffers = new Map<number, number>();

  constructor({ parameters }: Header) {
    this.#pages = pageAllocator(parameters);
    this.#bridge = new PciRootBridgeIo(false, this.#pages);
  }

  execute(operation: Operation): Outputs {
    switch (operation.op) {
      case 'map':
        return this.#map(operation);
      case 'unmap':
        return this.#unmap(operation);
      case 'unmap_bad':
        return this.#answer(this.#bridge.unmap(null));
      case 'alloc':
        return this.#allocate(operation);
      case 'free':
        return this.#answer(this.#bridge.freeBuffer(this.#of(this.#buffers, operation)));
      default:
        throw new ForeignLine(`unknown operation "${operation.op}"`);
    }
  }

  #map(operation: Operation): Outputs {
    const recorder = this.#configure(operation);
    const name = stringField(operation, 'operation');
    const dma = isDmaOperation(name) ? name : null;
    const host = numberField(operation, 'host');
    const result = this.#bridge.map(dma, host, numberField(operation, 'bytes'));
    const { status, bytes } = result;
    if (status !== 'SUCCESS' || dma === null) return { status, bytes_out: bytes, ...this.#after(result) };
    const { mapping, deviceAddress } = result;
    this.#mapped.set(numberField(operation, 'id'), { mapping, operation: dma });
    if (mapping.kind === 'iommu') {
      return { status, bytes_out: bytes, iommu_operation: recorder.operation, ...this.#after(result) };
    }
    return {
      status,
      bytes_out: bytes,
      relation: mapping.kind === 'direct' ? 'identity' : 'bounce',
      mapping: mapping.kind === 'direct' ? 'none' : 'tracked',
      dev_above4g: flag(deviceAddress >= FOUR_GIB),
      data_ok: isRead(dma) ? 1 : undefined,
      ...this.#after(result),
    };
  }

  #unmap(operation: Operation): Outputs {
    const { mapping, operation: dma } = this.#of(this.#mapped, operation);
    // Nothing is told of the data behind the protocol, which here is a stub.
    const told = mapping.kind !== 'iommu' && isWrite(dma);
    const { status, ...effects } = this.#bridge.unmap(mapping);
    return { status, data_ok: told ? 1 : undefined, ...this.#after(effects) };
  }

  #allocate(operation: Operation): Outputs {
    const recorder = this.#configure(operation);
    const pages = numberField(operation, 'pages');
    const result = this.#bridge.allocateBuffer(pages, numberField(operation, 'attr'), memoryType(operation));
    const { status } = result;
    if (status !== 'SUCCESS') return { status, ...this.#after(result) };
    if (recorder.attributes !== null) return { status, iommu_attr: recorder.attributes, ...this.#after(result) };
    const { host } = result;
    this.#buffers.set(numberField(operation, 'id'), host);
    return { status, host, above4g: flag(host >= FOUR_GIB), ...this.#after(result) };
  }

  #configure(operation: Operation): Recorder {
    const recorder = new Recorder();
    this.#bridge.dmaAbove4GiB = numberField(operation, 'dma_above4g') === 1;
    this.#bridge.iommu = numberField(operation, 'iommu') === 1 ? recorder : null;
    return recorder;
  }

  #of<T>(known: ReadonlyMap<number, T>, operation: Operation): T {
    const found = known.get(numberField(operation, 'id'));
    if (found === undefined) throw new ForeignLine('unknown id');
    return found;
  }

  #answer({ status, ...effects }: Effects & { readonly status: string }): Outputs {
    return { status, ...this.#after(effects) };
  }

  #after(effects: Effects): Outputs {
    return {
      copied: effects.copiedBytes,
      pg_alloc: effects.pagesAllocated,
      pg_free: effects.pagesFreed,
      pool_alloc: effects.poolAllocations,
      pool_free: effects.poolFrees,
      cur_pages: this.#pages.used,
      maps: this.#bridge.tracked,
    };
  }
}
