/**
 * What the analysis knows about an API: data, never code. One entry describes one function (or protocol member): what it
 * does to DMA memory, what each argument is for, how failure is told. Users describe their own wrappers in the same format.
 */

export type Dialect = 'linux' | 'edk2';

/** What an argument is for. `-` = of no interest. A role ending in `-out` is a pointer to the place that receives the value. */
export type Role =
  | '-'
  | 'this'
  | 'device'
  | 'buffer' // CPU pointer to the memory that is mapped, synced, converted or accessed
  | 'page' // struct page * (or physical address) of the memory
  | 'offset'
  | 'size'
  | 'size-in-out' // EDK2 NumberOfBytes
  | 'pages' // size as a number of pages
  | 'order'
  | 'count' // number of elements, multiplied with `size`
  | 'direction'
  | 'operation' // EDK2 map operation (direction and mode in one)
  | 'attributes'
  | 'gfp'
  | 'memory-type'
  | 'pool'
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
  | 'status';

/** How the caller is told that the operation failed. */
export type FailureSign =
  | 'mapping-error' // by dma_mapping_error () on the device address only
  | 'null'
  | 'zero'
  | 'nonzero' // int: 0 is success
  | 'negative'
  | 'not-positive' // count: 0 or negative
  | 'err-pointer' // IS_ERR ()
  | 'efi-error'
  | 'never'
  | 'silent'; // can fail but does not tell

export type Action =
  | 'allocate' // DMA memory
  | 'free'
  | 'map'
  | 'unmap'
  | 'sync'
  | 'check-mapping' // dma_mapping_error: non-zero when the device address is invalid
  | 'set-mask'
  | 'set-attribute' // IOMMU access rights
  | 'convert' // private <-> shared pages
  | 'to-device-address' // virt_to_phys and friends: a host address treated as a device address
  | 'allocate-memory' // ordinary memory (kmalloc, AllocatePool …)
  | 'free-memory'
  | 'read-memory' // CPU reads `buffer` (memcpy source, copy_to_user …)
  | 'write-memory' // CPU writes `buffer`
  | 'copy-memory' // `buffer` is written, `value` is read
  | 'give' // the device is told `value`: register write, doorbell
  | 'device-start'
  | 'device-stop'
  | 'channel-request' // dmaengine channel
  | 'channel-release'
  | 'atomic-enter'
  | 'atomic-leave'
  | 'sleep' // may sleep
  | 'memory-map-change' // UEFI memory map
  | 'register-callback' // `callback` will be called with `context` on `event`
  | 'manage' // devm_add_action: `callback` (`context`) releases by itself
  | 'pass' // returns `value` unchanged in meaning (cpu_to_le32, lower_32_bits, likely …)
  | 'is-error' // true when `value` tells failure (EFI_ERROR, IS_ERR)
  | 'assume' // control goes on only if `condition` holds (ASSERT)
  | 'assume-not' // BUG_ON
  | 'no-return'
  | 'sg-address' // sg_dma_address: device address of a mapped entry
  | 'sg-length' // sg_dma_len
  | 'sg-init' // puts `buffer` into the scatterlist
  | 'unmap-info-get' // dma_unmap_addr (owner, field): reads owner->field
  | 'unmap-info-set'
  | 'none'; // known to be of no effect on DMA memory: does not keep or release what it is given

export interface ApiModel {
  /** Function or macro name; for `call: "member"` the member's name. */
  readonly name: string;
  /** `function`: name (…); `member`: any-pointer->name (…) with exactly `args.length` arguments. */
  readonly call: 'function' | 'member';
  /** For members: how people call the protocol, for words ("PciIo"). */
  readonly protocol?: string;
  readonly dialects: readonly Dialect[];
  readonly action: Action;
  /** One role for each argument, in order. For members the first one is `this`. Variadic tail: not listed. */
  readonly args: readonly Role[];
  /** What the call returns. */
  readonly result?: 'device-address' | 'cpu-address' | 'page' | 'count' | 'status' | 'pointer' | 'value' | 'boolean' | 'void';
  readonly failure?: FailureSign;
  /** Matching ends carry the same family: single, page, sg, sgtable, resource, coherent, pool, pci-io … */
  readonly family?: string;
  /** Families whose release is also accepted for this one (dma_unmap_single for a page mapping is an error; for dma_map_page_attrs not). */
  readonly releasedBy?: readonly string[];
  readonly mode?: 'streaming' | 'common';
  /** Fixed direction where the call has no argument for it. */
  readonly direction?: 'to-device' | 'from-device' | 'bidirectional';
  /** sync: who owns the memory afterwards. convert: the new state. device-stop: `quiet` false = only asks for it. */
  readonly owner?: 'cpu' | 'device';
  readonly to?: 'shared' | 'private';
  readonly quiet?: boolean;
  /** Released by the framework when the device goes away. */
  readonly managed?: boolean;
  readonly memory?: 'dma' | 'heap' | 'pages' | 'vmalloc' | 'kmap' | 'percpu' | 'mmio' | 'user';
  /** May sleep: `always`, or `gfp` when the flags argument allows it. */
  readonly sleeps?: 'always' | 'gfp';
  /** register-callback: when it is called. */
  readonly event?: 'exit-boot-services' | 'timer' | 'interrupt' | 'completion' | 'work' | 'poll' | 'notify';
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
  readonly dialects: readonly Dialect[];
  readonly role:
    | 'probe'
    | 'remove'
    | 'open'
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

export interface ModelFile {
  readonly $schema?: string;
  readonly title: string;
  /** Kernel or EDK2 versions for which this was checked. */
  readonly version: string;
  readonly functions?: readonly ApiModel[];
  readonly constants?: readonly ConstantModel[];
  readonly iterators?: readonly IteratorModel[];
  readonly entryPoints?: readonly EntryPointModel[];
}
