/**
 * How OvmfPkg/IoMmuDxe behaved over time, as data. The commits are EDK2's; each entry says only what that version did
 * differently from the one before.
 */

/** One size class of the reserved shared region. Each piece is a private header page followed by its data. */
export interface ReservedClass {
  readonly name: string;
  readonly slots: number;
  readonly dataBytes: number;
  /** Bit of slot 0 in the region's bitmap. */
  readonly firstBit: number;
  /** The bits by which the driver recognises a free slot. Wrong in 2025 for the two largest classes. */
  readonly mask: number;
}

export interface IoMmuDxeBehaviour {
  readonly name: string;
  /** EDK2 commit whose file this is. */
  readonly commit: string;
  /**
   * `while-allocated`: AllocateBuffer shares the pages, FreeBuffer makes them private, Map is a no-operation.
   * `while-mapped`: Map and Unmap convert in place by way of a private stash.
   */
  readonly commonBuffersShared: 'while-allocated' | 'while-mapped';
  /** Unmap clears the bounce pages before they go back. */
  readonly zeroesBounce: boolean;
  /** What keeps a bounce buffer below 4 GiB: the 32-bit operation, or a host buffer that ends above 4 GiB. */
  readonly bounceBelow4GiB: 'by-operation' | 'by-host-end';
  /**
   * What becomes of a MAP_INFO: nothing is kept; `recycled` = Unmap of a common buffer keeps it for a later Map;
   * `live` = a list of the mappings in force.
   */
  readonly mapInfos: 'unlisted' | 'recycled' | 'live';
  /** Unmaps everything at ExitBootServices, without touching the memory map. */
  readonly exitBootServices: boolean;
  /** Classes of the reserved shared region, ascending; null before 2022-12. */
  readonly reserved: readonly ReservedClass[] | null;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** IoMmuBuffer.c: sized by a grub boot of about 5,100 operations, all but some 20 below 32 KiB. */
const RESERVED: readonly ReservedClass[] = [
  { name: '4K', slots: 4, dataBytes: 4 * KIB, firstBit: 0, mask: 0xf },
  { name: '32K', slots: 8, dataBytes: 32 * KIB, firstBit: 4, mask: 0xff0 },
  { name: '128K', slots: 2, dataBytes: 128 * KIB, firstBit: 12, mask: 0x3000 },
  { name: '1M', slots: 1, dataBytes: MIB, firstBit: 14, mask: 0x4000 },
  { name: '2M', slots: 2, dataBytes: 2 * MIB, firstBit: 15, mask: 0x18000 },
];

const V2017_07: IoMmuDxeBehaviour = {
  name: '2017-07',
  commit: 'f9d129e68a',
  commonBuffersShared: 'while-allocated',
  zeroesBounce: false,
  bounceBelow4GiB: 'by-host-end',
  mapInfos: 'unlisted',
  exitBootServices: false,
  reserved: null,
};

const V2017_08: IoMmuDxeBehaviour = {
  ...V2017_07,
  name: '2017-08',
  commit: 'd0c9afea42',
  commonBuffersShared: 'while-mapped',
  zeroesBounce: true,
  bounceBelow4GiB: 'by-operation',
  mapInfos: 'recycled',
};

const V2017_09: IoMmuDxeBehaviour = {
  ...V2017_08,
  name: '2017-09',
  commit: '7aee391fa3',
  mapInfos: 'live',
  exitBootServices: true,
};

/** The same driver, which now also knows TDX. */
const V2021: IoMmuDxeBehaviour = { ...V2017_09, name: '2021', commit: '2520182122' };

const HEAD: IoMmuDxeBehaviour = { ...V2021, name: 'head', commit: 'c5aa7e7d94', reserved: RESERVED };

/** The 1M and 2M masks do not cover their own bits, so these classes look free for ever. */
const V2025_BAD_MASKS: IoMmuDxeBehaviour = {
  ...HEAD,
  name: '2025-bad-masks',
  commit: 'e27cfda33b^',
  reserved: RESERVED.map((entry) =>
    entry.name === '1M' ? { ...entry, mask: 0x40000 } : entry.name === '2M' ? { ...entry, mask: 0x180000 } : entry,
  ),
};

/** By name: `2017-07`, `2017-08`, `2017-09`, `2021`, `2025-bad-masks`, `head`. */
export const IOMMU_DXE_VERSIONS = {
  '2017-07': V2017_07,
  '2017-08': V2017_08,
  '2017-09': V2017_09,
  '2021': V2021,
  '2025-bad-masks': V2025_BAD_MASKS,
  head: HEAD,
} as const satisfies Record<string, IoMmuDxeBehaviour>;
