/** powerpc-tce: the entry allocator of a PowerPC IOMMU table, and scatterlists mapped through it. */
import { TceTable } from '../../../simulator/src/iommu/tce.ts';
import { mapScatterlist, type Segment, unmapScatterlist } from '../../../simulator/src/iommu/tce-scatterlist.ts';
import {
  bigField,
  ForeignLine,
  type Header,
  isJsonList,
  type Json,
  listField,
  numberField,
  type Operation,
  type Outputs,
  type Replayer,
} from './replayer.ts';

export const powerpcTce: Replayer = {
  systems: ['powerpc-tce'],
  inputs: {
    init: [],
    alloc: ['id', 'cpu', 'npages', 'align_order', 'mask'],
    free: ['id'],
    map_sg: ['id', 'cpu', 'max_seg', 'in'],
    unmap_sg: ['id'],
  },
  start(header) {
    const replay = new Replay(header);
    return (operation) => replay.execute(operation);
  },
};

/** The device of the scatterlist traces addresses all 64 bits. */
const FULL_MASK = 2 ** 64 - 1;
const EIO = -5;

class Replay {
  readonly #table: TceTable;
  readonly #segmentBoundaryMask: number;
  readonly #runs = new Map<number, { readonly entry: number; readonly pages: number }>();
  readonly #lists = new Map<number, readonly Segment[]>();

  constructor({ parameters }: Header) {
    const [first, end] = listField(parameters, 'reserved').map(numberOf);
    this.#table = new TceTable({
      entries: numberField(parameters, 'it_size'),
      offset: numberField(parameters, 'it_offset'),
      pageShift: numberField(parameters, 'tce_page_shift'),
      reserved: [first ?? 0, end ?? 0],
      kernelPageBytes: numberField(parameters, 'kernel_page_size'),
    });
    this.#segmentBoundaryMask = Number(bigField(parameters, 'seg_boundary_mask'));
  }

  execute(operation: Operation): Outputs {
    switch (operation.op) {
      case 'init':
        return this.#after();
      case 'alloc':
        return this.#allocate(operation);
      case 'free':
        return this.#free(operation);
      case 'map_sg':
        return this.#mapList(operation);
      case 'unmap_sg':
        unmapScatterlist(this.#table, this.#of(this.#lists, operation));
        return this.#after();
      default:
        throw new ForeignLine(`unknown operation "${operation.op}"`);
    }
  }

  #allocate(operation: Operation): Outputs {
    const pages = numberField(operation, 'npages');
    const entry = this.#table.allocate({
      cpu: numberField(operation, 'cpu'),
      pages,
      alignOrder: numberField(operation, 'align_order'),
      mask: Number(bigField(operation, 'mask')),
      boundary: Math.floor(this.#segmentBoundaryMask / 2 ** this.#table.options.pageShift) + 1,
    });
    if (entry === null) return { ok: 0, ...this.#after() };
    this.#runs.set(numberField(operation, 'id'), { entry, pages });
    return { ok: 1, entry, pool: this.#table.poolOf(entry), ...this.#after() };
  }

  #free(operation: Operation): Outputs {
    const { entry, pages } = this.#of(this.#runs, operation);
    this.#table.free(entry, pages);
    return this.#after();
  }

  #mapList(operation: Operation): Outputs {
    const segments = mapScatterlist(this.#table, listField(operation, 'in').map(segmentOf), {
      cpu: numberField(operation, 'cpu'),
      dmaMask: FULL_MASK,
      segmentBoundaryMask: this.#segmentBoundaryMask,
      maxSegmentBytes: numberField(operation, 'max_seg'),
    });
    if (segments === null) return { ret: EIO, ...this.#after() };
    this.#lists.set(numberField(operation, 'id'), segments);
    return { ret: segments.length, out: segments.map(({ address, bytes }) => [address, bytes]), ...this.#after() };
  }

  #of<T>(known: ReadonlyMap<number, T>, operation: Operation): T {
    const found = known.get(numberField(operation, 'id'));
    if (found === undefined) throw new ForeignLine('unknown id');
    return found;
  }

  #after(): Outputs {
    return { hints: this.#table.hints, used: this.#table.used };
  }
}

function numberOf(value: Json): number {
  if (typeof value !== 'number') throw new ForeignLine('not a number');
  return value;
}

function segmentOf(value: Json): Segment {
  if (!isJsonList(value)) throw new ForeignLine('not a segment');
  const [address, bytes] = value.map(numberOf);
  if (address === undefined || bytes === undefined) throw new ForeignLine('not a segment');
  return { address, bytes };
}
