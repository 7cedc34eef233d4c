import { type DdwRequest, enableDdw } from '../iommu/ddw.ts';
import { TceTable } from '../iommu/tce.ts';
import { TceDevice } from '../iommu/tce-device.ts';
import { estimate } from '../platforms/cost-estimate.ts';
import { parametersOf, type Row, randomIntegers, type Workload } from './workload.ts';

const GIB = 2n ** 30n;
const KERNEL_PAGE = 65536;

const PARAMETERS = {
  operations: { title: 'I/O operations, mapped and unmapped one by one', value: 10_000, min: 1, max: 100_000 },
  bytes: { title: 'bytes of one, on a 64 KiB boundary', value: 65_536, min: 1, max: 2 ** 24 },
  pmemPercent: { title: 'percent of them in persistent memory', value: 20, min: 0, max: 100 },
  ramGiB: { title: 'RAM, GiB, a power of two', value: 128, min: 1, max: 4096 },
  seed: { title: 'seed of the addresses', value: 1, min: 0, max: 2 ** 32 - 1 },
} as const;

/** An SR-IOV adapter of a pseries partition: a single window, at 2^59, of at most 1 TiB and 2 MiB pages. */
const adapter = (ramGiB: number): DdwRequest => ({
  ramMax: BigInt(ramGiB) * GIB,
  persistentMemory: true,
  windows: 0,
  windowsAfterRemove: 1,
  largestBlock: 2n ** 19n,
  pageSizeMask: 0x103,
  dmaMaskBits: 64,
  hasDefaultWindow: true,
  canReset: true,
  canLimitAddresses: true,
  defaultTableInUse: false,
  applicable: true,
  createFails: false,
  windowAddress: 2n ** 59n,
  mmio32: [0n, 0n],
});

interface Mode {
  readonly name: string;
  readonly request: (ramGiB: number) => DdwRequest;
  readonly hybrid: boolean;
}

const MODES: readonly Mode[] = [
  { name: 'all dynamic', request: adapter, hybrid: false },
  // As if there were no persistent memory: RAM is pre-mapped and nothing else is left.
  { name: 'all direct', request: (ramGiB) => ({ ...adapter(ramGiB), persistentMemory: false }), hybrid: false },
  { name: 'hybrid', request: adapter, hybrid: true },
];

export const sriovPmem: Workload = {
  name: 'sriov-vpmem',
  title: 'I/O of an SR-IOV adapter with a single DMA window, in a partition with persistent memory',
  claim: 'the split serves RAM without hypercalls and persistent memory still works; all direct fails for it',
  source: 'Linux ff5163bb (powerpc/pseries/iommu: split a dynamic DMA window)',
  parameters: PARAMETERS,
  columns: [
    { id: 'mode', title: 'window', unit: 'text' },
    { id: 'premapped', title: 'pre-mapped', unit: 'count' },
    { id: 'dynamic', title: 'dynamic', unit: 'count' },
    { id: 'refused', title: 'failed', unit: 'count' },
    { id: 'hypercalls', title: 'hypercalls', unit: 'count' },
    { id: 'perOperation', title: 'hypercalls per I/O', unit: 'ratio' },
    { id: 'premap', title: 'hypercalls once', unit: 'count' },
    { id: 'time', title: 'time of hypercalls', unit: 'time' },
  ],
  run(overrides) {
    const parameter = parametersOf(PARAMETERS, overrides);
    const ramGiB = parameter('ramGiB');
    if (!Number.isInteger(Math.log2(ramGiB))) throw new RangeError('ramGiB must be a power of two');
    const operations = parameter('operations');
    return MODES.map(({ name, request, hybrid }): Row => {
      const random = randomIntegers(parameter('seed'));
      const chosen = request(ramGiB);
      const device = new TceDevice({
        ddw: enableDdw(chosen, hybrid),
        ramMax: chosen.ramMax,
        defaultTable: new TceTable({
          entries: 2 ** 18,
          offset: 0,
          pageShift: 12,
          reserved: [0, 0],
          kernelPageBytes: KERNEL_PAGE,
        }),
        kernelPageBytes: KERNEL_PAGE,
        multiple: true,
      });
      for (let n = 0; n < operations; n += 1) {
        const inPmem = random(100) < parameter('pmemPercent');
        const base = inPmem ? 4n * chosen.ramMax : 0n;
        const page = random((ramGiB * 2 ** 30) / KERNEL_PAGE / 2);
        device.unmap(device.map(n % 4, base + BigInt(page * KERNEL_PAGE), parameter('bytes')));
      }
      const { routes, hypercalls, premapHypercalls } = device.counters;
      return {
        mode: name,
        premapped: routes['pre-mapped'],
        dynamic: routes.dynamic,
        refused: routes.refused,
        hypercalls,
        perOperation: hypercalls / operations,
        premap: premapHypercalls,
        time: estimate({ 'h-put-tce': hypercalls }),
      };
    });
  },
};
