/**
 * Dynamic DMA windows of pseries (Linux arch/powerpc/platforms/pseries/iommu.c, enable_ddw, 6.12): whether a device gets a
 * 64-bit window, how large it is, and whether RAM is mapped in it beforehand. Addresses are bytes, as bigint, because
 * windows begin at 2^59.
 */
export interface DdwRequest {
  /** Highest address that RAM can have once all of it is plugged in. */
  readonly ramMax: bigint;
  /** The partition has persistent memory, which can lie anywhere. */
  readonly persistentMemory: boolean;
  /** Free windows as queried, and again after the default window was removed. */
  readonly windows: number;
  readonly windowsAfterRemove: number;
  /** Longest run of TCEs the platform can give, in pages of the chosen size. */
  readonly largestBlock: bigint;
  /** Bit i: 4K, 64K, 16M, 32M, 64M, 128M, 256M, 16G, 2M. */
  readonly pageSizeMask: number;
  readonly dmaMaskBits: number;
  readonly hasDefaultWindow: boolean;
  /** The platform can give the default window back. */
  readonly canReset: boolean;
  /** The platform can limit the addresses of its windows to what the device reaches. */
  readonly canLimitAddresses: boolean;
  readonly defaultTableInUse: boolean;
  readonly applicable: boolean;
  readonly createFails: boolean;
  /** Where the platform puts the window. */
  readonly windowAddress: bigint;
  /** 32-bit MMIO range `[first, last]` of the bridge: its entries are never given out. */
  readonly mmio32: readonly [first: bigint, last: bigint];
}

export interface DynamicTable {
  readonly address: bigint;
  readonly bytes: bigint;
  /** Reserved entries, absolute: the end is truncated, and the allocator takes it as exclusive. */
  readonly reserved: readonly [start: bigint, end: bigint];
  /** The table stands where the default window's stood, because that is gone. */
  readonly replacesDefault: boolean;
}

export interface DdwWindow {
  readonly pageShift: number;
  /** log2 of its bytes. */
  readonly shift: number;
}

export interface DdwResult {
  readonly failed: boolean;
  /** What the caller is told: also true when the window could not be created after this had been decided. */
  readonly directMapping: boolean;
  readonly defaultRemoved: boolean;
  readonly windowsReset: boolean;
  /** The window asked for; null when it did not come so far. */
  readonly window: DdwWindow | null;
  readonly ramPremapped: boolean;
  readonly dynamicTable: DynamicTable | null;
  /** Device address of physical address 0 in the window; 0 without a window. */
  readonly dmaOffset: bigint;
  /** Above this device address nothing is mapped directly; 0 = no limit. */
  readonly busDmaLimit: bigint;
}

/** MAX_PHYSMEM_BITS of ppc64: the span in which persistent memory is looked for. */
const PHYSICAL_BITS = 51;
/** Least space behind RAM for which a window is split. */
const MIN_DYNAMIC_BYTES = 2n ** 31n;
/** log2 of the page size for each bit of the platform's mask (LoPAR: 2 MiB came last). */
const PAGE_SHIFTS = [12, 16, 24, 25, 26, 27, 28, 34, 21];

/** ⌈log2⌉ of a number of up to 64 bits; 0 for 0 and 1. */
const ceilLog2 = (value: bigint): number => (value <= 1n ? 0 : (value - 1n).toString(2).length);

const pageShiftOf = (mask: number): number =>
  PAGE_SHIFTS.reduce((best, shift, bit) => ((mask >> bit) & 1 ? Math.max(best, shift) : best), 0);

interface Layout {
  readonly shift: number;
  readonly direct: boolean;
  /** Where the dynamic table begins in the window; null = there is none. */
  readonly dynamicFrom: bigint | null;
}

/** Decides and creates the window. `hybrid` false = kernels before the split of one window (ff5163bb). */
export function enableDdw(request: DdwRequest, hybrid = true): DdwResult {
  const limited = request.dmaMaskBits !== 64;
  const failure = { failed: true, window: null, ramPremapped: false, dynamicTable: null, dmaOffset: 0n } as const;
  const nothing = { ...failure, directMapping: false, defaultRemoved: false, windowsReset: false, busDmaLimit: 0n };
  if (!request.applicable) return nothing;
  if (limited && !(request.canReset && request.canLimitAddresses)) return nothing;

  const defaultRemoved = request.windows === 0;
  if (defaultRemoved && (request.defaultTableInUse || !request.hasDefaultWindow || !request.canReset)) {
    return { ...nothing, windowsReset: limited };
  }
  const windowsReset = defaultRemoved || limited;
  const pageShift = pageShiftOf(request.pageSizeMask);
  if ((defaultRemoved && request.windowsAfterRemove === 0) || pageShift === 0) {
    return { ...nothing, defaultRemoved, windowsReset };
  }

  const layout = layOut(request, pageShift, defaultRemoved, hybrid);
  const window = { pageShift, shift: layout.shift };
  const dmaOffset = request.createFails ? 0n : request.windowAddress;
  const limits = request.persistentMemory && layout.direct && layout.shift !== PHYSICAL_BITS;
  const busDmaLimit = limits ? dmaOffset + 2n ** BigInt(ceilLog2(request.ramMax)) : 0n;
  const common = { directMapping: layout.direct, defaultRemoved, window, dmaOffset, busDmaLimit };
  if (request.createFails) return { ...failure, ...common, windowsReset };
  const dynamicTable = tableOf(request, window, layout, defaultRemoved);
  return { ...common, failed: false, windowsReset: false, ramPremapped: layout.direct, dynamicTable };
}

function layOut(request: DdwRequest, pageShift: number, defaultRemoved: boolean, hybrid: boolean): Layout {
  const ramBits = ceilLog2(request.ramMax);
  const offered = ceilLog2(BigInt.asUintN(64, request.largestBlock << BigInt(pageShift)));
  const available = Math.min(offered, request.dmaMaskBits);
  const wanted = request.persistentMemory && available >= PHYSICAL_BITS ? PHYSICAL_BITS : ramBits;
  if (available < wanted) return { shift: available, direct: false, dynamicFrom: 0n };
  if (!defaultRemoved || wanted === PHYSICAL_BITS || !request.persistentMemory) {
    return { shift: wanted, direct: true, dynamicFrom: null };
  }
  // The only window: RAM could be mapped in it, but persistent memory has nowhere else to go.
  const ram = 2n ** BigInt(ramBits);
  const splits = hybrid && 2n ** BigInt(available) >= MIN_DYNAMIC_BYTES + ram;
  return { shift: available, direct: splits, dynamicFrom: splits ? ram : 0n };
}

function tableOf(
  request: DdwRequest,
  { pageShift, shift }: DdwWindow,
  { dynamicFrom }: Layout,
  replacesDefault: boolean,
): DynamicTable | null {
  if (dynamicFrom === null) return null;
  const bits = BigInt(pageShift);
  const floor = (bytes: bigint): bigint => (bytes >> bits) << bits;
  return {
    address: floor(request.windowAddress + dynamicFrom),
    bytes: floor(2n ** BigInt(shift) - dynamicFrom),
    reserved: [request.mmio32[0] >> bits, request.mmio32[1] >> bits],
    replacesDefault,
  };
}

/** Whether a mapping of physical address `address` takes the pre-mapped part (dma_direct) instead of a table. */
export function mapsDirectly({ directMapping, busDmaLimit, dmaOffset }: DdwResult, address: bigint): boolean {
  return directMapping && (busDmaLimit === 0n || busDmaLimit >= dmaOffset + address);
}

/** Whether an unmapped handle is taken for one of the pre-mapped part; those of the dynamic part above it are, too. */
export function unmapsDirectly({ directMapping, dmaOffset }: DdwResult, handle: bigint): boolean {
  return directMapping && handle >= dmaOffset;
}
