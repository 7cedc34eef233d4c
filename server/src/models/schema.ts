/**
 * What the analysis knows about an API: data, never code. One entry describes one function (or protocol member): what it
 * does to DMA memory, what each argument is for, how failure is told. Users describe their own wrappers in the same format.
 */

export type Dialect = 'linux' | 'edk2';

/** What an argument is for. `-` = of no interest. A role ending in `-out` is a pointer to the place that receives the value. */
export type Role =
  | '-'
  | 'this' // the protocol itself
  | 'device' // struct device, or what stands for it
  | 'buffer' // CPU pointer to the memory that is mapped, synced, converted or accessed
  | 'page' // struct page * (or physical address) of the memory
  | 'offset' // bytes
  | 'size' // bytes
  | 'size-in-out' // EDK2 NumberOfBytes
  | 'pages' // size as a number of pages
  | 'order' // size as a power of two of pages
  | 'count' // number of elements, multiplied with `size`
  | 'direction' // of the transfer
  | 'operation' // EDK2 map operation (direction and mode in one)
  | 'attributes' // flags of the mapping, the allocation or the event
  | 'gfp'
  | 'memory-type'
  | 'pool' // the pool, slab or protocol that memory comes from
  | 'scatterlist'
  | 'sg-table'
  | 'entries' // nents
  | 'mapping' // EDK2 mapping token
  | 'mapping-out'
  | 'device-address'
  | 'device-address-out'
  | 'cpu-address'
  | 'cpu-address-out'
  | 'iova'
  | 'access' // IOMMU access rights
  | 'value' // the value written, converted or passed through
  | 'condition'
  | 'callback'
  | 'context' // argument handed to the callback
  | 'status'
  | 'object' // structure that stands for what was mapped or allocated (scsi_cmnd, snd_dma_buffer, VRING)
  | 'channel' // what is started and stopped: dmaengine channel, URB
  | 'owner' // unmap-info: structure that has the field
  | 'field' // unmap-info: name of the field
  | 'place' // lvalue that receives `value` (WRITE_ONCE)
  | 'value-out' // pointer to the place that receives `value` (smp_store_release, WriteUnaligned32)
  | 'value-at'; // pointer to the place that holds the value (PciIo->Mem.Write)

/** How the caller is told that the operation failed. */
export type FailureSign =
  | 'mapping-error' // by dma_mapping_error () on the device address only
  | 'null'
  | 'zero'
  | 'nonzero' // int: 0 is success
  | 'negative'
  | 'not-positive' // count: 0 or negative
  | 'err-pointer' // IS_ERR ()
  | 'err-pointer-or-null' // IS_ERR_OR_NULL ()
  | 'efi-error'
  | 'never'
  | 'silent'; // can fail but does not tell

export type Action =
  | 'allocate' // DMA memory
  | 'free' // DMA memory
  | 'map' // memory becomes reachable for a device
  | 'unmap' // ends a mapping
  | 'transfer' // the function itself maps `buffer` for one transfer (usb_control_msg)
  | 'sync' // hands mapped memory to CPU or device: `owner`
  | 'check-mapping' // dma_mapping_error: non-zero when the device address is invalid
  | 'set-mask' // how many address bits the device drives: `value`, a mask or a number up to 64
  | 'set-attribute' // IOMMU access rights
  | 'convert' // private <-> shared pages
  | 'mapped-address' // device address of memory which its allocator has mapped (page_pool_get_dma_addr)
  | 'to-host-address' // `value`, an address of physical memory, as one of the CPU's (phys_to_virt, pfn_to_page)
  | 'to-device-address' // virt_to_phys and friends: a host address treated as a device address
  | 'allocate-memory' // ordinary memory (kmalloc, AllocatePool …)
  | 'free-memory' // ordinary memory
  | 'read-memory' // CPU reads `buffer` (memcpy source, copy_to_user …)
  | 'write-memory' // CPU writes `buffer`
  | 'copy-memory' // `buffer` is written, `value` is read; a scatterlist stands for the side that has no argument
  | 'give' // the device is told `value` (or a mapped `scatterlist`): register write, doorbell, descriptor
  | 'export' // hands a whole allocation on by its addresses: `cpu-address`, `device-address` (dma_mmap_coherent)
  | 'device-attributes' // PciIo->Attributes: `operation` and `attributes` say what is enabled or disabled
  | 'device-start' // from here on the device may access memory by itself
  | 'device-stop' // bus mastering, queue or channel off; with `quiet` the device is silent when the call returns
  | 'channel-request' // dmaengine channel
  | 'channel-release' // dmaengine channel
  | 'atomic-enter' // spin lock taken, interrupts off
  | 'atomic-leave' // and the end of it
  | 'wait' // waits until the device is done; `failure` tells how a timeout or a signal shows
  | 'sleep' // may sleep
  | 'memory-map-change' // UEFI memory map
  | 'register-callback' // `callback` will be called with `context` on `event`
  | 'manage' // devm_add_action: `callback` (`context`) releases by itself
  | 'keep' // keeps `value` reachable: list_add, dev_set_drvdata; a variadic tail repeats the pair of `object` and `value`
  | 'kept' // returns what `keep` put into the same place of `device` or `object`, or puts it into `value-out`: dev_get_drvdata
  | 'container' // the object in which `value` points to the field named by `field`: container_of
  | 'store' // `place` or `value-out` receives `value`
  | 'scale' // returns `value` in another unit: `from` bytes and pages
  | 'pass' // returns `value` unchanged in meaning (cpu_to_le32, lower_32_bits, likely …)
  | 'part' // returns a part of `value`, which may be zero where that is not (upper_32_bits, RShiftU64)
  | 'is-error' // true when `value` tells failure (EFI_ERROR, IS_ERR)
  | 'assume' // control goes on only if `condition` holds (ASSERT)
  | 'assume-not' // the opposite: BUG_ON
  | 'no-return' // control does not come back
  | 'sg-address' // sg_dma_address: device address of a mapped entry
  | 'sg-length' // sg_dma_len
  | 'sg-virtual' // sg_virt
  | 'sg-init' // puts `buffer` into the scatterlist
  | 'unmap-info-get' // dma_unmap_addr (owner, field): reads owner->field
  | 'unmap-info-set' // stores `value` in owner->field
  | 'none'; // known to be of no effect on DMA memory: does not keep or release what it is given

export interface ApiModel {
  /** Function or macro name; for `call: "member"` the member's name. */
  readonly name: string;
  /** `function`: name (…); `member`: any-pointer->name (…) with exactly `args.length` arguments. */
  readonly call: 'function' | 'member';
  /** For members: how people call the protocol, for words ("PciIo"). */
  readonly protocol?: string;
  /**
   * For members that several protocols share (Map, Unmap …): parts of the receiver's text, without regard to case, which tell
   * that this protocol is meant ("iommu" matches `mIoMmu->Map`). An entry without `receivers` answers when no other does.
   */
  readonly receivers?: readonly string[];
  readonly dialects: readonly Dialect[];
  readonly action: Action;
  /**
   * One role for each argument, in order. A member that is handed its own protocol has `this` there. Variadic tail: not listed.
   * A function that lost or gained a last argument between versions is listed in its longest form.
   */
  readonly args: readonly Role[];
  /** Members: takes more arguments than `args` names (InstallMultipleProtocolInterfaces). */
  readonly variadic?: boolean;
  /** What the call returns. */
  readonly result?:
    | 'device-address'
    | 'cpu-address'
    | 'page'
    | 'count'
    | 'status'
    | 'pointer'
    | 'value'
    | 'boolean'
    | 'void';
  readonly failure?: FailureSign;
  /** Matching ends carry the same family: single, page, sg, sgtable, resource, coherent, pool, pci-io … */
  readonly family?: string;
  /** Families whose release is also accepted for this one (dma_unmap_single for a page mapping is an error; for dma_map_page_attrs not). */
  readonly releasedBy?: readonly string[];
  readonly mode?: 'streaming' | 'common';
  /** Fixed direction where the call has no argument for it. none: the direction that the result stands for (usb_rcvbulkpipe). */
  readonly direction?: 'to-device' | 'from-device' | 'bidirectional';
  /** sync: who owns the memory afterwards. convert: the new state. device-stop: `quiet` false = only asks for it. */
  readonly owner?: 'cpu' | 'device';
  readonly to?: 'shared' | 'private';
  readonly quiet?: boolean;
  /** Released by the framework when the device goes away. */
  readonly managed?: boolean;
  readonly memory?: 'dma' | 'heap' | 'pages' | 'vmalloc' | 'kmap' | 'percpu' | 'mmio' | 'user';
  /** allocate-memory: the memory comes all zero. */
  readonly zeroed?: boolean;
  /** May sleep: `always`, or `gfp` when the flags argument allows it. */
  readonly sleeps?: 'always' | 'gfp';
  /** register-callback: when it is called. */
  readonly event?: 'exit-boot-services' | 'timer' | 'interrupt' | 'completion' | 'work' | 'poll' | 'notify';
  /** register-callback: the field of `object` that keeps the buffer (urb->transfer_buffer). keep, kept: that of `device` or `object`. */
  readonly keepsIn?: string;
  /** register-callback: `buffer` will be mapped for the transfer that the callback ends. */
  readonly transfers?: boolean;
  /** allocate: a field of `object` that is not null where the call has worked (dmab->area). */
  readonly fills?: string;
  /** The call does this only where the argument (index from 0) has this constant value: SetDeviceStatus (…, 0) resets. */
  readonly when?: { readonly argument: number; readonly value: number };
  /** Drops one reference: the memory goes only with the last one (put_page). */
  readonly counted?: boolean;
  /** UEFI: changes the memory map, or may. */
  readonly changesMemoryMap?: boolean;
  /** scale: what `value` counts before; the result counts the other (pages of 4 KiB, rounded up). */
  readonly from?: 'bytes' | 'pages';
  /** Asked again with the same arguments, it gives the same answer, in `value-out` and as status. */
  readonly stable?: boolean;
  /** Accepts NULL (or a failed value) and does nothing. */
  readonly acceptsNull?: boolean;
  /** Where this is documented: spec section, kernel document, header. */
  readonly source?: string;
}

/** A named constant that the APIs take. */
export interface ConstantModel {
  readonly name: string;
  readonly dialects: readonly Dialect[];
  readonly value?: number;
  readonly direction?: 'to-device' | 'from-device' | 'bidirectional' | 'none';
  readonly mode?: 'streaming' | 'common';
  /** This constant, returned or compared with, means failure / success. */
  readonly status?: 'success' | 'error';
  /** gfp flags: allows sleeping. */
  readonly sleeps?: boolean;
  readonly attribute?: string;
}

/** An iterator macro: `name (…) { body }` runs the body once per element. */
export interface IteratorModel {
  /** `*` stands for any letters; an exact name goes before such a pattern. */
  readonly name: string;
  readonly dialects: readonly Dialect[];
  /** Index of the argument that takes each element in turn; of the one that is walked. */
  readonly element?: number;
  readonly over?: number;
  /** Index of an argument that counts from 0 to the one in `limit`. */
  readonly counter?: number;
  readonly limit?: number;
  readonly of: 'scatterlist' | 'list' | 'pages' | 'other';
}

/** Member of an operations table, and the part its function plays in the life of a device. */
export interface EntryPointModel {
  readonly member: string;
  /** struct tag (Linux) or protocol type (EDK2) of the table; absent = any. */
  readonly table?: string;
  /** Index of the member in tables that are initialised by position. */
  readonly position?: number;
  /** Members of the same table that end what this one began; none of them is called where this one has failed. */
  readonly undoneBy?: readonly string[];
  /** Members of the same table that are called some time after this one has worked, without undoing all that it began. */
  readonly followedBy?: readonly string[];
  readonly dialects: readonly Dialect[];
  readonly role:
    | 'probe'
    | 'remove'
    | 'open'
    | 'attach' // set up on the way: where it fails, its counterpart or the function that led here still runs
    | 'stop'
    | 'suspend'
    | 'resume'
    | 'shutdown'
    | 'request'
    | 'complete'
    | 'binding-start'
    | 'binding-stop'
    | 'binding-supported'
    | 'exit-boot-services';
}

/** Functions that neither keep nor release what they are given nor touch DMA memory: `none` (or `sleep`) entries, in short. */
export interface HarmlessGroup {
  readonly subject: string;
  readonly dialects: readonly Dialect[];
  readonly action: 'none' | 'sleep';
  readonly names: readonly string[];
}

export interface ModelFile {
  readonly $schema?: string;
  readonly title: string;
  /** Kernel or EDK2 versions for which this was checked. */
  readonly version: string;
  /** Headers and documents that the facts were taken from. */
  readonly sources?: readonly string[];
  readonly functions?: readonly ApiModel[];
  readonly harmless?: readonly HarmlessGroup[];
  readonly constants?: readonly ConstantModel[];
  readonly iterators?: readonly IteratorModel[];
  readonly entryPoints?: readonly EntryPointModel[];
}
