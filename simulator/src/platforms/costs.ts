/**
 * What operations cost, as published, with where each figure comes from. Counts of operations are exact; these figures are
 * not, and one that nobody has published is null: it must be shown as unknown, never taken for 0.
 */

/**
 * `measured`: published as a measurement. `derived`: computed from published numbers. `claimed`: told without a method.
 * `source`: read from source code. `unknown`: not published. `calibrate`: to be measured on the user's machine.
 */
export type CostKind = 'measured' | 'derived' | 'claimed' | 'source' | 'unknown' | 'calibrate';

export interface CostFigure {
  readonly id: string;
  readonly operation: string;
  readonly unit: 'ns' | 'ns/byte' | 'entries' | 'million operations/s' | 'percent' | 'Gbit/s';
  readonly low: number | null;
  readonly typical: number | null;
  readonly high: number | null;
  /** Hardware and software on which it was found. */
  readonly hardware: string;
  readonly source: string;
  readonly kind: CostKind;
}

const US = 1_000;
const MS = 1_000_000;

const NOT_PUBLISHED = {
  unit: 'ns',
  low: null,
  typical: null,
  high: null,
  hardware: '',
  source: '',
  kind: 'unknown',
} as const;

export const COSTS = {
  'tdx-accept-4k': {
    id: 'tdx-accept-4k',
    operation: 'TDX page accept of 4 KiB, zeroing included, one thread',
    unit: 'ns',
    low: 5 * US,
    typical: 9 * US,
    high: 16 * US,
    hardware: 'Sapphire, Emerald and Granite Rapids',
    source: 'intel/lkvs tdx_mem_test baselines (2024-05); kata-containers#13535; asterinas#1691',
    kind: 'derived',
  },
  'tdx-accept-4k-late': {
    id: 'tdx-accept-4k-late',
    operation: 'TDX page accept of 4 KiB late in the bring-up of 248 vCPUs, host backing with 4 KiB pages',
    unit: 'ns',
    low: null,
    typical: 153 * US,
    high: null,
    hardware: 'Granite Rapids',
    source: 'dstack#1220',
    kind: 'claimed',
  },
  'tdx-accept-4k-32cpu': {
    id: 'tdx-accept-4k-32cpu',
    operation: 'TDX page accept of 4 KiB, wall time per page with 32 vCPUs',
    unit: 'ns',
    low: 1.3 * US,
    typical: null,
    high: 1.5 * US,
    hardware: 'as tdx-accept-4k',
    source: 'intel/lkvs tdx_mem_test baselines (2024-05)',
    kind: 'derived',
  },
  tdvmcall: {
    id: 'tdvmcall',
    operation: 'TDX exit to the host (MapGPA and the like)',
    unit: 'ns',
    low: null,
    typical: 3.85 * US,
    high: null,
    hardware: 'Sapphire Rapids',
    source: 'TUM-DSE/CVM_eval',
    kind: 'measured',
  },
  'td-module-call': {
    id: 'td-module-call',
    operation: 'call served inside the TDX module',
    unit: 'ns',
    low: null,
    typical: 0.65 * US,
    high: null,
    hardware: 'Sapphire Rapids',
    source: 'TUM-DSE/CVM_eval',
    kind: 'measured',
  },
  vmexit: {
    id: 'vmexit',
    operation: 'exit of an ordinary guest',
    unit: 'ns',
    low: null,
    typical: 1 * US,
    high: null,
    hardware: "CVM_eval's example machine",
    source: 'TUM-DSE/CVM_eval',
    kind: 'measured',
  },
  'snp-convert-4k': {
    id: 'snp-convert-4k',
    operation: 'SEV-SNP PVALIDATE and RMPADJUST of 4 KiB',
    unit: 'ns',
    low: null,
    typical: 3.4 * US,
    high: null,
    hardware: '64 virtual processors, OpenHCL',
    source: 'microsoft/OHCL-Linux-Kernel#85',
    kind: 'derived',
  },
  'snp-psc-batch': {
    id: 'snp-psc-batch',
    operation: 'page state changes in one exit: Linux, and at most',
    unit: 'entries',
    low: null,
    typical: 64,
    high: 253,
    hardware: 'any',
    source: 'Linux arch/x86/include/asm/sev-common.h',
    kind: 'source',
  },
  'sev-cbit-flush': { ...NOT_PUBLISHED, id: 'sev-cbit-flush', operation: 'C-bit change with its cache flush' },
  'ovmf-pair': {
    id: 'ovmf-pair',
    operation: 'allocate, convert and revert a bounce buffer in OVMF',
    unit: 'ns',
    low: 20 * US,
    typical: 60 * US,
    high: 200 * US,
    hardware: 'pre-production TDX',
    source: 'EDK2 c4e76d2fba: hundreds of ms for about 5,000',
    kind: 'derived',
  },
  'vtd-iotlb': {
    id: 'vtd-iotlb',
    operation: 'VT-d queued IOTLB invalidation',
    unit: 'ns',
    low: null,
    typical: 2 * US,
    high: null,
    hardware: 'Kaby Lake',
    source: 'Linux Documentation/ABI/testing/debugfs-intel-iommu, example',
    kind: 'measured',
  },
  'vtd-iotlb-slow': {
    id: 'vtd-iotlb-slow',
    operation: 'IOTLB invalidation by the slow engine of the Xen report',
    unit: 'ns',
    low: null,
    typical: 1 * MS,
    high: null,
    hardware: 'Ibex Peak graphics',
    source: 'xen-devel report',
    kind: 'claimed',
  },
  'smmuv3-sync': {
    id: 'smmuv3-sync',
    operation: 'SMMUv3 CMD_SYNC on an empty queue, local to remote node',
    unit: 'ns',
    low: 240,
    typical: null,
    high: 550,
    hardware: 'HiSilicon',
    source: 'cover letter of the per-NUMA CMA patches',
    kind: 'measured',
  },
  'smmuv2-map-4k': {
    id: 'smmuv2-map-4k',
    operation: 'iommu_map_sg per 4 KiB at scale',
    unit: 'ns',
    low: null,
    typical: 580,
    high: null,
    hardware: 'SM8150',
    source: 'Linux ef75702d6d65',
    kind: 'measured',
  },
  'amdvi-wait': { ...NOT_PUBLISHED, id: 'amdvi-wait', operation: 'AMD-Vi COMPLETION_WAIT' },
  'strict-vs-lazy': {
    id: 'strict-vs-lazy',
    operation: '4 KiB random reads on 8 SSDs: strict (low) against lazy (high)',
    unit: 'million operations/s',
    low: 2.8,
    typical: null,
    high: 16.4,
    hardware: 'two Grace processors',
    source: 'NVIDIA/NV-Kernels#182',
    kind: 'measured',
  },
  'vtd-batch-gain': {
    id: 'vtd-batch-gain',
    operation: 'gain in netperf UDP by flushing at 250 entries or 10 ms',
    unit: 'percent',
    low: 15,
    typical: null,
    high: 20,
    hardware: 'Intel, 2008',
    source: 'Linux 5e0d2a6fc094',
    kind: 'measured',
  },
  'h-put-tce': { ...NOT_PUBLISHED, id: 'h-put-tce', operation: 'hypercall that sets or clears TCEs' },
  memcpy: {
    ...NOT_PUBLISHED,
    id: 'memcpy',
    operation: 'bounce copy',
    unit: 'ns/byte',
    source: 'a loop on the machine itself',
    kind: 'calibrate',
  },
  'swiotlb-lock': {
    id: 'swiotlb-lock',
    operation: 'network throughput over one swiotlb lock (low) against areas (high)',
    unit: 'Gbit/s',
    low: 20,
    typical: null,
    high: 34,
    hardware: 'confidential guest on Azure',
    source: 'cover letter of the swiotlb areas RFC, 2022',
    kind: 'claimed',
  },
} as const satisfies Record<string, CostFigure>;

export type CostId = keyof typeof COSTS;
