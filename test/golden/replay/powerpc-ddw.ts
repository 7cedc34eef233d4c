/** powerpc-ddw: each operation is one independent decision about a device's dynamic DMA window. */
import {
  type DdwRequest,
  type DdwResult,
  enableDdw,
  mapsDirectly,
  unmapsDirectly,
} from '../../../simulator/src/iommu/ddw.ts';
import {
  bigField,
  type Header,
  type Json,
  listField,
  numberField,
  type Operation,
  type Outputs,
  type Replayer,
} from './replayer.ts';

const INPUTS = [
  'ram_max',
  'pmem',
  'windows',
  'windows_after_remove',
  'largest_block',
  'page_size_mask',
  'dma_mask_bits',
  'default_window',
  'reset_ext',
  'limited_addr_ok',
  'default_table_in_use',
  'ddw_applicable',
  'create_fails',
  'win_addr',
];

export const powerpcDdw: Replayer = {
  systems: ['powerpc-ddw'],
  inputs: { enable_ddw: INPUTS },
  start(header) {
    const mmio32 = mmio32Of(header);
    return (operation) => {
      const request = requestOf(operation, mmio32);
      return outputsOf(request, enableDdw(request));
    };
  },
};

function mmio32Of({ parameters }: Header): readonly [bigint, bigint] {
  const [first = 0n, last = 0n] = listField(parameters, 'mmio32').map((value) => bigField({ value }, 'value'));
  return [first, last];
}

function requestOf(operation: Operation, mmio32: readonly [bigint, bigint]): DdwRequest {
  const is = (field: string): boolean => numberField(operation, field) === 1;
  return {
    ramMax: bigField(operation, 'ram_max'),
    persistentMemory: is('pmem'),
    windows: numberField(operation, 'windows'),
    windowsAfterRemove: numberField(operation, 'windows_after_remove'),
    largestBlock: bigField(operation, 'largest_block'),
    pageSizeMask: numberField(operation, 'page_size_mask'),
    dmaMaskBits: numberField(operation, 'dma_mask_bits'),
    hasDefaultWindow: is('default_window'),
    canReset: is('reset_ext'),
    canLimitAddresses: is('limited_addr_ok'),
    defaultTableInUse: is('default_table_in_use'),
    applicable: is('ddw_applicable'),
    createFails: is('create_fails'),
    windowAddress: bigField(operation, 'win_addr'),
    mmio32,
  };
}

function outputsOf(request: DdwRequest, result: DdwResult): Outputs {
  const { window, dynamicTable } = result;
  const created = window !== null;
  const property = result.directMapping ? 'linux,direct64-ddr-window-info' : 'linux,dma64-ddr-window-info';
  return {
    direct_mapping: flag(result.directMapping),
    failed: flag(result.failed),
    default_removed: flag(result.defaultRemoved),
    windows_reset: flag(result.windowsReset),
    created: flag(created),
    page_shift: window?.pageShift,
    window_shift: window?.shift,
    property: created && !result.failed ? property : undefined,
    ram_premapped: flag(result.ramPremapped),
    dynamic_table: dynamicTable === null ? undefined : {
      addr: String(dynamicTable.address),
      len: String(dynamicTable.bytes),
      page_shift: window?.pageShift,
      reserved_tce: dynamicTable.reserved.map(Number),
      table_slot: dynamicTable.replacesDefault ? 0 : 1,
    },
    bus_dma_limit: String(result.busDmaLimit),
    dma_offset: String(result.dmaOffset),
    ...(result.busDmaLimit === 0n ? {} : probesOf(request, result)),
  };
}

const KERNEL_PAGE = 65536n;

/** The harness asked around the limit, which is 2^⌈log2 ram_max⌉ above the window's start. */
function probesOf({ ramMax }: DdwRequest, result: DdwResult): Outputs {
  const limit = result.busDmaLimit - result.dmaOffset;
  const addresses = [KERNEL_PAGE, ramMax - KERNEL_PAGE, limit, limit + KERNEL_PAGE, limit * 2n];
  const handles: readonly (readonly [string, bigint])[] = [
    ['direct part', result.dmaOffset + KERNEL_PAGE],
    ['dynamic part', (result.dynamicTable?.address ?? 0n) + KERNEL_PAGE],
    ['default 32-bit window', KERNEL_PAGE],
  ];
  return {
    probe: addresses.map((phys) => ({ phys: jsonOf(phys), map_direct: flag(mapsDirectly(result, phys)) })),
    probe_unmap: handles.map(([what, handle]) => ({
      handle: String(handle),
      what,
      treated_as_direct: flag(unmapsDirectly(result, handle)),
    })),
  };
}

/** Traces write numbers above 2^53 as strings. */
const jsonOf = (value: bigint): Json => (value > BigInt(Number.MAX_SAFE_INTEGER) ? String(value) : Number(value));
const flag = (value: boolean): number => (value ? 1 : 0);
