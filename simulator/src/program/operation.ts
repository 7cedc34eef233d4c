/**
 * The language of DMA programs: what a piece of driver code does to memory, mappings and devices, in order.
 *
 * A program is straight-line: one path through the code, with every fallible operation's outcome already decided.
 * It knows nothing of C; `site` is an opaque number by which the producer finds the source position again.
 * Sizes are bytes unless a name says otherwise. A `Size` with `bytes: null` is not known; `key` identifies the
 * expression, so that two sizes with equal keys are the same number even when neither is known.
 */

export type BufferId = number;
export type MappingId = number;
export type Site = number;

/** Which allocator or object a piece of memory came from, as far as DMA cares. */
export type MemoryKind =
  | 'dma' // AllocateBuffer, dma_alloc_*: fit for a common buffer
  | 'heap' // kmalloc, AllocatePool
  | 'pages' // alloc_pages, AllocatePages
  | 'stack'
  | 'static' // module data, bss
  | 'rodata'
  | 'vmalloc'
  | 'kmap'
  | 'percpu'
  | 'mmio'
  | 'user'
  | 'unknown';

/** Transfer direction seen from the device: `to-device` = the device reads memory. */
export type Direction = 'to-device' | 'from-device' | 'bidirectional' | 'none' | 'unknown';

/** A streaming mapping belongs to one transfer; a common (coherent) one is shared for its whole life. */
export type MappingMode = 'streaming' | 'common';

/** What the program has put into memory since it got it: nothing, zeros, or something. */
export type Contents = 'fresh' | 'cleared' | 'filled';

/** `short`: fewer bytes than asked were mapped (EDK2 `NumberOfBytes`). */
export type Outcome = 'ok' | 'failed' | 'short';

export interface Size {
  readonly bytes: number | null;
  readonly key: string;
  /** The size is `factor` times the number named `of`, which is not known; up to rounding to pages. */
  readonly multiple?: { readonly of: string; readonly factor: number };
  /** The size is what this field holds: those of two fields have nothing to do with each other. */
  readonly field?: string;
}

/**
 * How the program names the thing that an operation works on.
 * - `exact`: the very value that the producing operation returned;
 * - `offset`: that value, advanced by a number of bytes;
 * - `address-of`: a pointer to the place that holds the value, where the value itself was wanted;
 * - `other-role`: another result of the same operation (CPU address for device address …).
 */
export type Reference =
  | { readonly to: 'mapping'; readonly id: MappingId; readonly how: 'exact' | 'offset' | 'address-of' | 'other-role' }
  | { readonly to: 'buffer'; readonly id: BufferId; readonly how: 'exact' | 'offset' | 'address-of' | 'other-role' }
  | { readonly to: 'null' }
  | { readonly to: 'uninitialised'; readonly name: string }
  | { readonly to: 'unknown' };

interface Common {
  readonly site: Site;
  /** The API or statement as the source names it, for words only: "dma_map_single", "PciIo->Map". */
  readonly api: string;
}

/** Allocation of memory that a device may share (`family` "coherent", "pool", "pci-io" …) or of ordinary memory. */
export interface Allocate extends Common {
  readonly op: 'allocate';
  readonly buffer: BufferId;
  readonly memory: MemoryKind;
  readonly family: string;
  /** Families whose release is right for this one. */
  readonly releasedBy: readonly string[];
  readonly device: string | null;
  readonly size: Size;
  readonly outcome: Outcome;
  /** Released by the device-managed framework, not by the program. */
  readonly managed: boolean;
  /** Attribute names in force, for example "dual-address-cycle". */
  readonly attributes: readonly string[];
}

/** Memory that was there before the program began, or whose origin is not an operation (parameters, locals, globals). */
export interface Declare extends Common {
  readonly op: 'declare';
  readonly buffer: BufferId;
  readonly memory: MemoryKind;
  readonly name: string;
  readonly size: Size;
  /** The buffer that this memory is a part of, or is reached from and freed with. */
  readonly within: BufferId | null;
  /** An array inside a structure that does not start on a cache line of its own: other fields share its first and last line. */
  readonly embedded?: boolean;
}

/** A mapping that was made before the program began, of memory that the program knows. */
export interface DeclareMapping extends Common {
  readonly op: 'declare-mapping';
  readonly mapping: MappingId;
  readonly buffer: Reference;
  readonly direction: Direction;
  /** Families whose release is right for it; absent = the call that made it is not known. */
  readonly releasedBy?: readonly string[];
}

export interface Free extends Common {
  readonly op: 'free';
  readonly target: Reference;
  readonly family: string;
  readonly device: string | null;
  /** The channel that was given it before the program began. */
  readonly channel?: string;
  readonly size: Size;
}

export interface MapOperation extends Common {
  readonly op: 'map';
  readonly mapping: MappingId;
  readonly buffer: Reference;
  /** Where in the buffer the mapping begins, when not at its beginning: equal texts are the same place. */
  readonly start?: string;
  readonly size: Size;
  readonly direction: Direction;
  readonly mode: MappingMode;
  readonly family: string;
  readonly releasedBy: readonly string[];
  readonly device: string | null;
  readonly outcome: Outcome;
  readonly managed: boolean;
  readonly attributes: readonly string[];
  /** What is in the memory; absent = not known. */
  readonly contents?: Contents;
  /** Nobody looks at how many bytes were mapped. */
  readonly lengthIgnored?: boolean;
}

export interface Unmap extends Common {
  readonly op: 'unmap';
  readonly target: Reference;
  /** What was mapped, where the mapping was there before the program began. */
  readonly memory?: Reference;
  /** Nobody looks at what the call returns. */
  readonly statusIgnored?: boolean;
  readonly family: string;
  readonly device: string | null;
  readonly size: Size;
  readonly direction: Direction;
  /** Entries given (scatterlists): `original` = as asked at map time, `mapped` = the returned count. */
  readonly entries: 'original' | 'mapped' | 'unknown' | null;
  /** The channel that was given it before the program began. */
  readonly channel?: string;
}

export interface Sync extends Common {
  readonly op: 'sync';
  readonly target: Reference;
  readonly owner: 'cpu' | 'device';
  readonly direction: Direction;
  readonly size: Size;
  readonly entries: 'original' | 'mapped' | 'unknown' | null;
}

/** The program tests whether a mapping or allocation worked. `right` = by the test that the API defines. */
export interface Check extends Common {
  readonly op: 'check';
  readonly target: Reference;
  readonly right: boolean;
  /** The test as written: "dma_mapping_error", "== 0", "< 0", "!". */
  readonly test: string;
}

/** The CPU touches memory. */
export interface CpuAccess extends Common {
  readonly op: 'cpu-read' | 'cpu-write';
  readonly target: Reference;
  /** Memory that the host can write: by this name the program knows what was read there. */
  readonly value?: string;
  /** While a scatterlist is walked: the entry that was reached (`current`), its first one at each step, or what an entry names. */
  readonly entry?: 'first' | 'current' | 'memory';
}

/** The program compares what it has read from memory that the host can write. */
export interface TestValue extends Common {
  readonly op: 'test-value';
  readonly value: string;
}

/** And uses it where a wrong one does harm. */
export interface UseValue extends Common {
  readonly op: 'use-value';
  readonly value: string;
  readonly as: 'index' | 'length';
}

/**
 * An address that only the device understands is used as one of the CPU's, or loses its upper bits; `upper-half`: these are
 * told to a device that drives 64 bits.
 */
export interface Translate extends Common {
  readonly op: 'translate';
  readonly target: Reference;
  readonly as: 'virtual' | 'page' | 'dereferenced' | 'truncated' | 'upper-half';
}

/**
 * The device is told an address (descriptor, register, doorbell). `what` is what that address is made of: a mapping, or a
 * host address (`buffer`) that no mapping made into a device address.
 */
export interface Give extends Common {
  readonly op: 'give';
  readonly target: Reference;
  readonly through: 'descriptor' | 'register' | 'call' | 'field';
  /** Length that the device is told with the address. A key `KEY+…` is longer than the one of `KEY`. */
  readonly size: Size;
  /** Channel or queue through which it is told; absent = not known. */
  readonly device?: string | null;
  /** A host address that is told together with the device address: perhaps for somebody else. */
  readonly isBeside?: boolean;
  /** Of the address only its upper half. */
  readonly isUpperHalf?: boolean;
}

/** An allocation is handed on whole, by its address: to user space (dma_mmap_coherent), to another driver (dma_get_sgtable). */
export interface Export extends Common {
  readonly op: 'export';
  readonly target: Reference;
}

/** Bus mastering, queue or channel started / stopped; `stop` with `quiet: false` only asks for it (asynchronous). */
export interface DevicePower extends Common {
  readonly op: 'device-start' | 'device-stop';
  readonly device: string | null;
  readonly quiet: boolean;
}

/** The program waits until the device is done. `failed`: it went on though the device was not (a timeout). */
export interface Wait extends Common {
  readonly op: 'wait';
  readonly outcome: Outcome;
}

/**
 * The program says how many address bits the device drives: 1 to 64. Until it does, the platform says so. `failed`: the platform
 * cannot serve such a device.
 */
export interface SetMask extends Common {
  readonly op: 'set-mask';
  readonly device: string | null;
  readonly bits: number;
  /** For common memory only: streaming mappings are not limited by it. */
  readonly mode?: MappingMode;
  readonly outcome?: Outcome;
}

/** IOMMU access rights (EDKII_IOMMU_PROTOCOL.SetAttribute). */
export interface SetAttribute extends Common {
  readonly op: 'set-attribute';
  readonly target: Reference;
  readonly access: 'none' | 'read' | 'write' | 'both' | 'unknown';
  readonly outcome: Outcome;
}

/** set_memory_decrypted / set_memory_encrypted and the like: explicit page conversion. */
export interface Convert extends Common {
  readonly op: 'convert';
  readonly target: Reference;
  readonly to: 'shared' | 'private';
  /** What is in the memory; absent = not known. */
  readonly contents?: Contents;
  readonly size: Size;
  readonly outcome: Outcome;
}

/** A change of the UEFI memory map (AllocatePool, FreePool, AllocatePages …) where that matters. */
export interface MemoryMapChange extends Common {
  readonly op: 'memory-map-change';
}

/** ExitBootServices begins (`begin`: handlers run, memory map locked) or is over (`end`: the OS owns memory). */
export interface ExitBootServices extends Common {
  readonly op: 'exit-boot-services';
  readonly phase: 'begin' | 'end';
}

/** Spin lock taken or released, interrupts off or on: contexts in which nothing may sleep. */
export interface AtomicSection extends Common {
  readonly op: 'atomic-enter' | 'atomic-leave';
}

/** A call that may sleep. */
export interface Sleep extends Common {
  readonly op: 'sleep';
}

/**
 * The program no longer holds any reference to the target: the last variable or field with its handle is gone.
 * `returning`: function ended with success / failure; `overwritten`: another value was put into its only place;
 * `owner-freed`: the object whose field held it was freed; `unwound`: the function failed and, unlike its other failing
 * paths, left behind what it had made; `passed-over`: it failed and released what it had made before the target;
 * `memory-freed`: the memory of a mapping was freed, the mapping was not taken away;
 * `half-done`: it failed and left what its callers release when it works, and only then;
 * `unclaimed`: it failed, and none of its callers releases anything of the kind when it has;
 * `not-undone`: what ends the device's use, after the function that began it, has left it alone.
 */
export interface Lose extends Common {
  readonly op: 'lose';
  readonly target: Reference;
  readonly why:
    | 'returning'
    | 'overwritten'
    | 'owner-freed'
    | 'unwound'
    | 'passed-over'
    | 'memory-freed'
    | 'half-done'
    | 'unclaimed'
    | 'lifecycle-end'
    | 'not-undone';
  /** True when the path reports failure to its caller. */
  readonly failing: boolean;
  /** False: the path stands for several things at once (elements of a loop, callees), so that another holder may have been missed. */
  readonly certain?: boolean;
  /** Sites of the decisions that no path without the loss takes, first to last: where it went wrong. */
  readonly decisions?: readonly number[];
  /** Site where the paths that fail go on together: where a release may belong. */
  readonly cleanUp?: number;
}

/** The program ends, and tells whoever called it how it went. */
export interface Return extends Common {
  readonly op: 'return';
  readonly failing: boolean;
}

/** Code that is not seen may have released, replaced or kept the target: from here on nothing is claimed about it. */
export interface HandOver extends Common {
  readonly op: 'hand-over';
  readonly target: Reference;
}

export type Operation =
  | Allocate
  | Declare
  | DeclareMapping
  | Free
  | MapOperation
  | Unmap
  | Sync
  | Check
  | CpuAccess
  | TestValue
  | UseValue
  | Translate
  | Give
  | Export
  | DevicePower
  | Wait
  | SetMask
  | SetAttribute
  | Convert
  | MemoryMapChange
  | ExitBootServices
  | AtomicSection
  | Sleep
  | Lose
  | Return
  | HandOver;

/** One path, as straight-line operations. */
export interface Program {
  readonly name: string;
  readonly dialect: 'linux' | 'edk2';
  readonly operations: readonly Operation[];
}
