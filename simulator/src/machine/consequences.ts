import type { Traits } from './memory-system.ts';
import type { FaultKind } from './violation.ts';

/** Facts of the mapping or buffer at fault that decide whether it shows. */
export interface FaultFacts {
  readonly direction: string;
  readonly access?: 'read' | 'write';
  readonly memory?: string;
  readonly dialect?: 'linux' | 'edk2';
  /** The buffer was made shared, when it was mapped (EDK2) or allocated (Linux), but its host address is used. */
  readonly isShared?: boolean;
}

/** What a fault does on a platform with these traits; null where it happens to work. */
export function consequence(kind: FaultKind, traits: Traits, facts: FaultFacts): string | null {
  const stale = traits.bounces
    ? 'the bounce buffer and the memory differ'
    : traits.coherent
      ? null
      : 'CPU caches and memory differ';
  switch (kind) {
    case 'mapping-leak':
      return (
        traits.held &&
        `each time ${traits.held} stay${traits.held.startsWith('bounce') || traits.held.startsWith('pages') ? '' : 's'} taken`
      );
    case 'lifecycle-leak':
      return traits.held
        ? `each time the device is removed ${traits.held} stay taken`
        : traits.encrypted
          ? 'the memory stays shared with the host and is lost'
          : 'the memory is lost when the device is removed';
    case 'access-rights-leak':
      return traits.translates
        ? 'the device keeps its access to the memory'
        : traits.held && `${traits.held} stay taken`;
    case 'swallowed-failure':
      return 'when memory is short the caller goes on as if all were well';
    case 'unchecked-unmap':
      return traits.bounces ? 'when the copy back fails old data are taken for new' : null;
    case 'exit-boot-services-unmap-order':
      if (traits.translates) return 'the device faults, or writes where it must not';
      return traits.encrypted || traits.bounces ? 'the device still writes into memory that was taken back' : null;
    case 'exit-boot-services-leak':
      return traits.translates ? null : 'the device can write into memory that the operating system owns by then';
    case 'one-shot-for-shared':
      return stale && `${stale}: neither side sees what the other writes`;
    case 'short-mapping':
      return traits.held && 'the short mapping stays';
    case 'buffer-leak':
      return traits.encrypted ? 'the memory stays shared with the host and is lost' : 'the memory is lost';
    case 'channel-leak':
      return 'the channel stays taken: nobody else can use it';
    case 'double-unmap':
    case 'unmap-after-failed-map':
      if (traits.translates) return 'an IOVA range that belongs to somebody else is unmapped';
      return traits.bounces ? 'a bounce buffer that belongs to somebody else is freed' : null;
    case 'double-free':
      return 'memory that belongs to somebody else is freed';
    case 'use-after-unmap':
      if (traits.translates) return 'the device faults, or reaches memory of a later mapping';
      return traits.bounces ? 'the device uses a bounce buffer of somebody else' : null;
    case 'free-while-mapped':
      if (traits.translates) return 'the device can still reach the freed memory';
      return traits.bounces ? 'the later unmap copies into freed memory' : null;
    case 'direction-mismatch':
      return stale && `${stale}: data are not copied, or the wrong way`;
    case 'sync-mismatch':
      return stale;
    case 'cpu-access-while-mapped':
      return (
        stale &&
        (facts.access === 'write' ? `${stale}: what the CPU wrote is lost` : `${stale}: the CPU reads old data`)
      );
    case 'size-mismatch':
      return traits.translates || traits.bounces ? 'only a part is released, or too much' : null;
    case 'api-mismatch':
      return traits.encrypted
        ? 'pages are freed while shared, or converted twice'
        : traits.bounces || traits.translates
          ? 'the wrong thing is released'
          : null;
    case 'device-mismatch':
      return traits.translates ? "the other device's address space is changed" : null;
    case 'wrong-handle':
      return traits.bounces || traits.translates ? 'the mapping is not found: it leaks, or another one goes' : null;
    case 'export-offset':
      return traits.translates || !traits.coherent
        ? 'the allocation is looked up by its address: its first pages are handed on, or none'
        : null;
    case 'unmapped-sg-access':
      return 'the length is that of an earlier mapping, or 0';
    case 'sg-count-mismatch':
      return traits.translates ? 'entries were merged: a part stays mapped' : null;
    case 'unchecked-mapping':
    case 'wrong-mapping-check':
      return traits.mapCanFail ? 'when no space is left the device is given an address that is not valid' : null;
    case 'unchecked-allocation':
      return 'when memory is short a null pointer is used';
    case 'sleeping-in-atomic':
      return 'the CPU that holds the lock may schedule: deadlock, or "scheduling while atomic"';
    case 'free-while-running':
      if (traits.translates) return 'the running transfer faults, or reaches memory of a later mapping';
      return 'the running transfer reads or overwrites memory of somebody else';
    case 'unchecked-mask':
      return traits.mapCanFail ? 'every mapping fails, or the device gets addresses that it cannot drive' : null;
    case 'wrong-address':
      if (facts.access === 'write') return 'addresses above 4 GiB lose their upper half';
      if (traits.translates || traits.offset) return 'the number means another place to the CPU: wild access';
      return traits.bounces ? 'the CPU reaches the bounce buffer in place of the memory' : null;
    case 'missing-sync':
      return stale;
    case 'device-length-exceeds-mapping':
      if (traits.translates) return 'the device faults behind the mapping, or reaches memory of another one';
      return traits.bounces
        ? 'the device reads or overwrites the bounce buffer of somebody else'
        : 'the device reaches the memory behind';
    case 'shared-cache-line':
      if (traits.bounces) return null;
      return traits.coherent ? null : 'the neighbours in the cache line and the data overwrite each other';
    case 'shared-page-freed':
      return traits.encrypted ? 'the host reads and writes what the next owner of the pages puts there' : null;
    case 'missing-dual-address-cycle':
      return traits.bounces ? 'every buffer above 4 GiB is bounced, and common buffers there are refused' : null;
    case 'stale-secret-shared':
      return traits.encrypted ? 'the host reads what the memory held before, where the conversion keeps it' : null;
    case 'wrong-operation':
      if (traits.translates) return 'the device faults when it writes: it may only read there';
      return stale && `${stale}: the CPU reads what was there before`;
    case 'double-fetch':
    case 'host-controlled-value':
      return traits.encrypted ? 'the host chooses the number, and reads or writes memory of the guest with it' : null;
    case 'invalid-attributes':
      return 'the flag is ignored, or the call fails with a warning';
    case 'unmapped-common-buffer':
      if (traits.translates || traits.offset) return 'the host address means nothing to the device';
      return traits.encrypted && !facts.isShared
        ? 'the device reads ciphertext: the memory was never made shared'
        : traits.coherent
          ? null
          : 'caches are not written back';
    case 'foreign-common-buffer':
      return traits.bounces || traits.encrypted ? 'the memory cannot be made shared in place' : null;
    case 'exit-boot-services-memory-map':
      return 'the memory map changes under the boot loader: ExitBootServices fails or the map is wrong';
    case 'unmappable-memory':
      if (facts.memory !== 'stack') return 'the address has no valid physical page behind it';
      if (facts.dialect === 'linux') return 'the stack is not in the direct map: the call fails, or maps another page';
      // Firmware's stack is ordinary memory.
      if (traits.bounces) return null;
      if (traits.translates) return 'the device gets access to the live stack around the buffer';
      return traits.coherent ? null : 'the buffer shares cache lines with live variables';
  }
}
