/** edk2-noncoherentdmalib: EmbeddedPkg's DMA library for devices that do not see the CPU's caches. */
import { type DmaLibEffects, NonCoherentDmaLib } from '../../../simulator/src/bounce/dmalib.ts';
import type { BusMasterOperation } from '../../../simulator/src/bounce/efi.ts';
import { PageAllocator } from '../../../simulator/src/memory/page-allocator.ts';
import { flag, memoryType } from './edk2-pages.ts';
import {
  bigField,
  ForeignLine,
  type Header,
  numberField,
  type Operation,
  type Outputs,
  type Replayer,
  stringField,
} from './replayer.ts';

export const edk2DmaLib: Replayer = {
  systems: ['edk2-noncoherentdmalib'],
  inputs: {
    map: ['id', 'operation', 'host', 'bytes', 'buf'],
    unmap: ['id'],
    alloc: ['id', 'pages', 'align', 'mtype'],
    // The number of pages given is not recorded; the status says whether it was the right one.
    free: ['id', 'status'],
  },
  start(header) {
    const replay = new Replay(header);
    return (operation) => replay.execute(operation);
  },
};

/** The stub's low and high memory, which these headers do not repeat. */
const FREE_MEMORY = [
  { start: 0x1000_0000, end: 0x4000_0000 },
  { start: 0x1_0000_0000, end: 0x1_8000_0000 },
];

class Replay {
  readonly #pages = new PageAllocator(FREE_MEMORY);
  readonly #library: NonCoherentDmaLib;
  readonly #deviceOffset: number;
  readonly #cacheLine: number;
  readonly #mapped = new Map<number, { readonly mapping: number; readonly operation: BusMasterOperation }>();
  readonly #buffers = new Map<number, { readonly host: number; readonly pages: number }>();

  constructor({ parameters }: Header) {
    this.#cacheLine = numberField(parameters, 'dma_buffer_alignment');
    this.#deviceOffset = numberField(parameters, 'device_offset');
    const deviceLimit = Number(bigField(parameters, 'device_limit'));
    this.#library = new NonCoherentDmaLib(
      { cacheLine: this.#cacheLine, deviceOffset: this.#deviceOffset, deviceLimit },
      this.#pages,
    );
  }

  execute(operation: Operation): Outputs {
    switch (operation.op) {
      case 'map':
        return this.#map(operation);
      case 'unmap':
        return this.#unmap(operation);
      case 'alloc':
        return this.#allocate(operation);
      case 'free':
        return this.#free(operation);
      default:
        throw new ForeignLine(`unknown operation "${operation.op}"`);
    }
  }

  #map(operation: Operation): Outputs {
    const dma = dmaOperation(operation);
    const result = this.#library.map(dma, numberField(operation, 'host'), numberField(operation, 'bytes'));
    const { status } = result;
    if (status !== 'SUCCESS' || dma === null) return { status, ...this.#after(result) };
    const { mapping, relation, cpuAddress } = result;
    this.#mapped.set(numberField(operation, 'id'), { mapping, operation: dma });
    return {
      status,
      relation,
      device_minus_cpu: this.#deviceOffset,
      bounce_aligned: relation === 'identity' ? undefined : flag((cpuAddress ?? 0) % this.#cacheLine === 0),
      data_ok: dma === 'Write' ? undefined : 1,
      ...this.#after(result),
    };
  }

  #unmap(operation: Operation): Outputs {
    const mapped = this.#mapped.get(numberField(operation, 'id'));
    if (mapped === undefined) throw new ForeignLine('no such mapping');
    const result = this.#library.unmap(mapped.mapping);
    return { status: result.status, data_ok: mapped.operation === 'Write' ? 1 : undefined, ...this.#after(result) };
  }

  #allocate(operation: Operation): Outputs {
    const pages = numberField(operation, 'pages');
    const alignment = numberField(operation, 'align');
    const result = this.#library.allocateBuffer(pages, alignment, memoryType(operation));
    if (result.status !== 'SUCCESS') return { status: result.status, ...this.#after(result) };
    const { status, host } = result;
    this.#buffers.set(numberField(operation, 'id'), { host, pages });
    return { status, host, aligned: flag(host % Math.max(alignment, 1) === 0), ...this.#after(result) };
  }

  #free(operation: Operation): Outputs {
    const buffer = this.#buffers.get(numberField(operation, 'id'));
    if (buffer === undefined) throw new ForeignLine('free of an unknown buffer');
    const wrong = stringField(operation, 'status') !== 'SUCCESS';
    const result = this.#library.freeBuffer(buffer.host, buffer.pages + (wrong ? 1 : 0));
    return { status: result.status, ...this.#after(result) };
  }

  #after(effects: DmaLibEffects): Outputs {
    return {
      flush: effects.cache.map(({ type, on, bytes }) => ({ type, on, len: bytes })),
      copied: effects.copiedBytes,
      pg_alloc: effects.pagesAllocated,
      pg_free: effects.pagesFreed,
      pool_alloc: effects.poolAllocations,
      pool_free: effects.poolFrees,
      cur_pages: this.#pages.used,
      uncached_list: this.#library.uncachedBuffers,
      set_attributes: effects.attributeChanges > 0 ? effects.attributeChanges : undefined,
      asserts: effects.asserts > 0 ? effects.asserts : undefined,
    };
  }
}

function dmaOperation(operation: Operation): BusMasterOperation | null {
  const name = stringField(operation, 'operation');
  return name === 'Read' || name === 'Write' || name === 'CommonBuffer' ? name : null;
}
