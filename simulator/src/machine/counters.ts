/** Exact counts of what a memory system had to do. A page is 4 KiB. */
export interface Counters {
  /** Calls that converted pages, and the pages in them: private → shared, and back. */
  readonly conversions: number;
  readonly pagesShared: number;
  readonly pagesPrivate: number;
  /** Exits to the hypervisor for conversions: TDX MapGPA calls, SEV-SNP page state change (PSC) batches. */
  readonly exits: number;
  readonly pscBatches: number;
  readonly pscEntries: number;
  readonly pvalidates: number;
  /** TDX page accepts, by page size. */
  readonly accepts4k: number;
  readonly accepts2m: number;
  readonly accepts1g: number;
  /** Pages whose cache lines were flushed for a change of the C-bit. */
  readonly cacheFlushedPages: number;
  /** Pages that nobody may use any more, because their conversion failed. */
  readonly leakedPages: number;
  /** Bytes copied into and out of bounce buffers. */
  readonly bytesToBounce: number;
  readonly bytesFromBounce: number;
  /** Bytes copied aside and back while a common buffer was converted in place. */
  readonly bytesStashed: number;
  /** Bytes of bounce buffers cleared after use. */
  readonly bytesZeroed: number;
  /** Cache write-backs and invalidations for devices that do not see the CPU's caches. */
  readonly cacheMaintenance: number;
  /** Slots of the bounce pool held now, and the most held at once: 2 KiB slots of swiotlb, pieces of IoMmuDxe's region. */
  readonly slots: number;
  readonly slotsHighWater: number;
  /** Pages allocated beside a pool to bounce with, held now, and the most held at once. */
  readonly bouncePages: number;
  readonly bouncePagesHighWater: number;
  /** Bounce buffers handed out while another mapping had them: a fault of the pool itself. */
  readonly overlaps: number;
  /** Acquisitions of the locks of swiotlb areas and of TCE pools. */
  readonly lockAcquisitions: number;
  /** IOVA pages held now. */
  readonly iovaPages: number;
  /** Searches of the IOVA tree, each under the tree's lock; what the caches served needs none. */
  readonly iovaSearches: number;
  /** IOTLB invalidation commands. */
  readonly invalidations: number;
  /** Unmapped ranges that the device may still reach, because their invalidation was put off. */
  readonly pendingInvalidations: number;
  /** Hypercalls that set or clear TCEs, or that change a guest's frames. */
  readonly hypercalls: number;
  /** Entries of TCE tables held now. */
  readonly tceEntries: number;
  /** Debug assertions of the firmware that were hit. */
  readonly asserts: number;
  /** Allocations and mappings that the system refused. */
  readonly refusals: number;
}

export type CounterName = keyof Counters;
export type CounterTally = { -readonly [K in CounterName]: number };

/** What a counter is in words, in the order in which people look at them. `gauge`: held now; the others only grow. */
export const COUNTERS: Readonly<Record<CounterName, { readonly title: string; readonly gauge?: true }>> = {
  conversions: { title: 'conversions' },
  pagesShared: { title: 'pages made shared' },
  pagesPrivate: { title: 'pages made private' },
  exits: { title: 'exits to the hypervisor' },
  pscBatches: { title: 'PSC batches' },
  pscEntries: { title: 'PSC entries' },
  pvalidates: { title: 'PVALIDATEs' },
  accepts4k: { title: 'accepts of 4 KiB' },
  accepts2m: { title: 'accepts of 2 MiB' },
  accepts1g: { title: 'accepts of 1 GiB' },
  cacheFlushedPages: { title: 'pages flushed from caches' },
  leakedPages: { title: 'pages leaked' },
  bytesToBounce: { title: 'bytes copied to bounce buffers' },
  bytesFromBounce: { title: 'bytes copied from bounce buffers' },
  bytesStashed: { title: 'bytes copied aside and back' },
  bytesZeroed: { title: 'bytes cleared' },
  cacheMaintenance: { title: 'cache maintenance calls' },
  slots: { title: 'slots held', gauge: true },
  slotsHighWater: { title: 'most slots held' },
  bouncePages: { title: 'bounce pages held', gauge: true },
  bouncePagesHighWater: { title: 'most bounce pages held' },
  overlaps: { title: 'bounce buffers handed out twice' },
  lockAcquisitions: { title: 'locks taken' },
  iovaPages: { title: 'IOVA pages held', gauge: true },
  iovaSearches: { title: 'IOVA tree searches' },
  invalidations: { title: 'IOTLB invalidations' },
  pendingInvalidations: { title: 'ranges waiting for invalidation', gauge: true },
  hypercalls: { title: 'hypercalls' },
  tceEntries: { title: 'TCEs held', gauge: true },
  asserts: { title: 'assertions hit' },
  refusals: { title: 'refusals' },
};

export const COUNTER_NAMES = Object.keys(COUNTERS) as readonly CounterName[];

export const isCounterName = (name: string): name is CounterName => Object.hasOwn(COUNTERS, name);

export const noCounters = (): CounterTally => ({
  conversions: 0,
  pagesShared: 0,
  pagesPrivate: 0,
  exits: 0,
  pscBatches: 0,
  pscEntries: 0,
  pvalidates: 0,
  accepts4k: 0,
  accepts2m: 0,
  accepts1g: 0,
  cacheFlushedPages: 0,
  leakedPages: 0,
  bytesToBounce: 0,
  bytesFromBounce: 0,
  bytesStashed: 0,
  bytesZeroed: 0,
  cacheMaintenance: 0,
  slots: 0,
  slotsHighWater: 0,
  bouncePages: 0,
  bouncePagesHighWater: 0,
  overlaps: 0,
  lockAcquisitions: 0,
  iovaPages: 0,
  iovaSearches: 0,
  invalidations: 0,
  pendingInvalidations: 0,
  hypercalls: 0,
  tceEntries: 0,
  asserts: 0,
  refusals: 0,
});

/** What changed between two moments: only the counters that differ. */
export function difference(before: Counters, after: Counters): Readonly<Partial<Counters>> {
  const changed: Partial<CounterTally> = {};
  for (const name of COUNTER_NAMES) if (after[name] !== before[name]) changed[name] = after[name] - before[name];
  return changed;
}

/** Counter by counter: what one run counted more than another. */
export function subtract(a: Counters, b: Counters): Counters {
  const rest = noCounters();
  for (const name of COUNTER_NAMES) rest[name] = a[name] - b[name];
  return rest;
}
