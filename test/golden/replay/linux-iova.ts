/** Linux's IOVA allocator and the IOMMU DMA layer above it. */
import type { FlushQueueOptions } from '../../../simulator/src/iommu/flush-queue.ts';
import { IovaAllocator, type IovaSource } from '../../../simulator/src/iommu/iova-allocator.ts';
import { IovaDomain } from '../../../simulator/src/iommu/iova-domain.ts';
import { SIZE_CLASSES } from '../../../simulator/src/iommu/iova-rcache.ts';
import type { IovaTree } from '../../../simulator/src/iommu/iova-tree.ts';
import {
  bigField,
  ForeignLine,
  type Header,
  type Json,
  type JsonObject,
  numberField,
  type Operation,
  type Outputs,
  type Replayer,
  stringField,
} from './replayer.ts';

export const linuxIova: Replayer = {
  systems: ['linux-iova'],
  inputs: {
    reserve: ['pfn_lo', 'pfn_hi'],
    alloc: ['id', 'pages', 'limit_pfn', 'size_aligned'],
    free: ['id'],
    alloc_fast: ['id', 'cpu', 'pages', 'limit_pfn', 'flush_rcache'],
    free_fast: ['id', 'cpu'],
    alloc_n: ['cpu', 'pages', 'n'],
    free_n: ['cpu', 'n', 'order'],
    map: ['id', 'cpu', 'phys', 'size'],
    unmap: ['id', 'cpu'],
    pairs: ['n', 'spread_over_cpus', 'first_cpu', 'advance_1ms_every'],
    time: ['advance_ms'],
    totals: [],
  },
  start(header) {
    const replay = header.parameters.mode === undefined ? new AllocatorReplay(header) : new DomainReplay(header);
    return (operation) => replay.execute(operation);
  },
};

interface Range {
  readonly pfn: number;
  readonly pages: number;
}

const SOURCES: Readonly<Record<IovaSource, string>> = {
  rcache: 'rcache',
  tree: 'tree',
  'tree-after-flush': 'tree_after_rcache_flush',
  none: 'fail',
};

/** The files without a DMA layer: tree, caches, depot. */
class AllocatorReplay {
  private readonly allocator: IovaAllocator;
  private readonly tree: IovaTree;
  private readonly limit: number;
  private readonly live = new Map<number, Range>();
  /** Ranges of the bulk operations, oldest first. */
  private bulk: Range[] = [];
  private now = 0;

  constructor({ parameters }: Header) {
    this.allocator = new IovaAllocator(numberField(parameters, 'cpus'), numberField(parameters, 'start_pfn'));
    this.tree = this.allocator.tree;
    this.limit = Number(bigField(parameters, 'limit') / bigField(parameters, 'granule'));
  }

  execute(operation: Operation): Outputs {
    switch (operation.op) {
      case 'reserve': {
        const range = this.tree.reserve(numberField(operation, 'pfn_lo'), numberField(operation, 'pfn_hi'));
        // Some lines do not record the range.
        const recorded = operation.result_lo !== undefined;
        return { ...(recorded ? { result_lo: range.low, result_hi: range.high } : {}), nodes: this.tree.ranges };
      }
      case 'alloc': {
        const pages = numberField(operation, 'pages');
        const aligned = numberField(operation, 'size_aligned') === 1;
        const pfn = this.tree.allocate(pages, numberField(operation, 'limit_pfn'), aligned);
        this.keep(operation, pfn, pages);
        return { pfn: Math.max(0, pfn), ...this.treeState() };
      }
      case 'free':
        this.tree.free(this.forget(operation).pfn);
        return this.treeState();
      case 'alloc_fast':
        return this.allocateFast(operation);
      case 'free_fast': {
        const { pfn, pages } = this.forget(operation);
        const cached = this.allocator.free(numberField(operation, 'cpu'), pfn, pages, this.now);
        return { to: cached ? 'rcache' : 'tree', nodes: this.tree.ranges };
      }
      case 'alloc_n':
        return this.allocateMany(operation);
      case 'free_n':
        return this.freeMany(operation);
      case 'time':
        return this.advance(numberField(operation, 'advance_ms'));
      default:
        throw new ForeignLine(`"${operation.op}" needs a header with a mode`);
    }
  }

  private allocateFast(operation: Operation): Outputs {
    const pages = numberField(operation, 'pages');
    const limit = numberField(operation, 'limit_pfn');
    const flush = numberField(operation, 'flush_rcache') === 1;
    const pfn = this.allocator.allocate(numberField(operation, 'cpu'), pages, limit, flush);
    this.keep(operation, pfn, pages);
    return { pfn: Math.max(0, pfn), from: SOURCES[this.allocator.source], nodes: this.tree.ranges };
  }

  private allocateMany(operation: Operation): Outputs {
    const cpu = numberField(operation, 'cpu');
    const pages = numberField(operation, 'pages');
    const pfns: number[] = [];
    let hits = 0;
    for (let count = numberField(operation, 'n'); count > 0; count--) {
      const pfn = this.allocator.allocate(cpu, pages, this.limit, true);
      if (pfn < 0) continue;
      if (this.allocator.source === 'rcache') hits++;
      pfns.push(pfn);
      this.bulk.push({ pfn, pages });
    }
    return {
      got: pfns.length,
      first_pfn: pfns[0] ?? 0,
      last_pfn: pfns.at(-1) ?? 0,
      sum_pfn: pfns.reduce((sum, pfn) => sum + pfn, 0),
      hash: hashOf(pfns),
      rcache_hits: hits,
      live: this.bulk.length,
      ...this.depotState(),
    };
  }

  private freeMany(operation: Operation): Outputs {
    const cpu = numberField(operation, 'cpu');
    const count = numberField(operation, 'n');
    const newestFirst = stringField(operation, 'order') === 'newest_first';
    const keep = this.bulk.length - count;
    const freed = newestFirst ? this.bulk.slice(Math.max(0, keep)).reverse() : this.bulk.slice(0, count);
    this.bulk = newestFirst ? this.bulk.slice(0, Math.max(0, keep)) : this.bulk.slice(count);
    let toTree = 0;
    for (const { pfn, pages } of freed) if (!this.allocator.free(cpu, pfn, pages, this.now)) toTree++;
    return { hash: hashOf(freed.map(({ pfn }) => pfn)), to_tree: toTree, live: this.bulk.length, ...this.depotState() };
  }

  private advance(ms: number): Outputs {
    const end = this.now + ms;
    const { rcache } = this.allocator;
    let runs = 0;
    while (rcache.nextWork <= end) runs += rcache.work(rcache.nextWork, this.tree);
    this.now = end;
    return { t_ms: end, depot_work_runs: runs, ...this.depotState() };
  }

  private keep(operation: Operation, pfn: number, pages: number): void {
    if (pfn >= 0) this.live.set(numberField(operation, 'id'), { pfn, pages });
  }

  private forget(operation: Operation): Range {
    return forget(this.live, operation);
  }

  private treeState(): Outputs {
    return { nodes: this.tree.ranges, max32: this.tree.smallestFailing32 };
  }

  private depotState(): Outputs {
    const depot = Array.from({ length: SIZE_CLASSES }, (_, sizeClass) => this.allocator.rcache.depotSize(sizeClass));
    return { depot, nodes: this.tree.ranges };
  }
}

/** The files with a DMA layer: strict, or lazy with one queue or a queue for each CPU. */
class DomainReplay {
  private readonly domain: IovaDomain;
  private readonly cpus: number;
  private readonly lazy: boolean;
  private readonly bulk: boolean;
  private readonly live = new Map<number, Range>();

  constructor({ parameters, scenario }: Header) {
    this.cpus = numberField(parameters, 'cpus');
    this.lazy = stringField(parameters, 'mode') === 'lazy';
    this.bulk = scenario === 'bulk';
    this.domain = new IovaDomain({
      cpus: this.cpus,
      start: numberField(parameters, 'start_pfn'),
      limit: Number(bigField(parameters, 'dma_mask') / bigField(parameters, 'granule')),
      try32First: numberField(parameters, 'pci_32bit_workaround') === 1,
      queue: this.lazy ? queueOf(parameters) : null,
    });
  }

  execute(operation: Operation): Outputs {
    const before = { ...this.domain.counters };
    switch (operation.op) {
      case 'map':
        return this.map(operation);
      case 'unmap': {
        const { pfn, pages } = forget(this.live, operation);
        this.domain.unmap(numberField(operation, 'cpu'), pfn, pages);
        const { flushAll, sync, released } = this.domain.counters;
        return {
          flush_all: flushAll - before.flushAll,
          sync: sync - before.sync,
          ...(this.lazy ? { freed: released - before.released, ...this.queueState() } : {}),
        };
      }
      case 'time': {
        this.domain.advance(numberField(operation, 'advance_ms'));
        const { flushAll, released } = this.domain.counters;
        return {
          t_ms: this.domain.now,
          flush_all: flushAll - before.flushAll,
          ...(this.bulk ? {} : { freed: released - before.released }),
          ...this.queueState(),
        };
      }
      case 'pairs': {
        this.pairs(operation);
        const { flushAll, timerFires } = this.domain.counters;
        return {
          flush_all: flushAll - before.flushAll,
          timer_fires: timerFires - before.timerFires,
          ...this.queueState(),
          t_ms: this.domain.now,
        };
      }
      case 'totals':
        return this.totals();
      default:
        throw new ForeignLine(`"${operation.op}" needs a header without a mode`);
    }
  }

  private map(operation: Operation): Outputs {
    const physical = numberField(operation, 'phys');
    const pages = IovaDomain.pagesOf(physical, numberField(operation, 'size'));
    const pfn = this.domain.map(numberField(operation, 'cpu'), pages);
    if (pfn < 0) return { ok: 0 };
    this.live.set(numberField(operation, 'id'), { pfn, pages });
    return { ok: 1, dma: jsonNumber(BigInt(pfn) * 4096n + BigInt(physical % 4096)) };
  }

  private pairs(operation: Operation): void {
    const count = numberField(operation, 'n');
    const spread = numberField(operation, 'spread_over_cpus') === 1;
    const first = numberField(operation, 'first_cpu');
    const every = numberField(operation, 'advance_1ms_every');
    for (let pair = 0; pair < count; pair++) {
      const cpu = spread ? pair % this.cpus : first;
      const pfn = this.domain.map(cpu, 1);
      if (pfn >= 0) this.domain.unmap(cpu, pfn, 1);
      if (every > 0 && (pair + 1) % every === 0) this.domain.advance(1);
    }
  }

  private totals(): Outputs {
    const { maps, unmaps, flushAll, sync, syncPages, timerFires } = this.domain.counters;
    return { maps, unmaps, flush_all: flushAll, sync, sync_pages: syncPages, timer_fires: timerFires };
  }

  private queueState(): Outputs {
    return { queued_after: this.domain.queued, timer_on: this.domain.timerRunning ? 1 : 0 };
  }
}

function queueOf(parameters: JsonObject): Omit<FlushQueueOptions, 'cpus'> {
  return {
    shared: stringField(parameters, 'queue') === 'single',
    slots: numberField(parameters, 'queue_slots'),
    timeout: numberField(parameters, 'timeout_ms'),
  };
}

function forget(live: Map<number, Range>, operation: Operation): Range {
  const id = numberField(operation, 'id');
  const range = live.get(id);
  if (range === undefined) throw new ForeignLine(`range ${id} does not exist`);
  live.delete(id);
  return range;
}

function hashOf(pfns: readonly number[]): number {
  return pfns.reduce((hash, pfn) => (31 * hash + (pfn % 1000000007)) % 1000000007, 0);
}

/** As the traces write numbers: a string from 2^53 on. */
function jsonNumber(value: bigint): Json {
  return value < 2n ** 53n ? Number(value) : value.toString();
}
