import type { Effects } from '../../bounce/efi.ts';
import { IoMmuDxe } from '../../bounce/iommudxe.ts';
import { IOMMU_DXE_VERSIONS } from '../../bounce/iommudxe-versions.ts';
import { PciIo } from '../../bounce/pci-io.ts';
import { PciRootBridgeIo, type RootBridgeMapping } from '../../bounce/root-bridge.ts';
import { LegacyVirtioDevice, ModernVirtioDevice, type VirtioDevice } from '../../bounce/virtio-device.ts';
import type { Counters } from '../../machine/counters.ts';
import type {
  AllocateGrant,
  AllocateRequest,
  ConvertRequest,
  MapGrant,
  MapRequest,
  MemorySystem,
} from '../../machine/memory-system.ts';
import { GuestMemory, type MemoryCounters } from '../../memory/guest-memory.ts';
import { FOUR_GIB } from '../../memory/page.ts';
import { PageAllocator } from '../../memory/page-allocator.ts';
import type { IoMmuDxePart, PlatformDescription } from '../description.ts';
import { busMasterOperation } from './bus-master.ts';
import { guestMemory } from './guest.ts';
import { ASSUMED_BYTES, HostMemory, pagesOf } from './host-memory.ts';
import { Ledger } from './ledger.ts';

/** Memory that firmware allocates from: below 4 GiB, where DXE keeps its own, as long as there is some. */
const FREE_MEMORY = [
  { start: 0x4000_0000, end: 0xb000_0000 },
  { start: FOUR_GIB + 0x4000_0000, end: 2 * FOUR_GIB },
] as const;

/** The drivers and the memory beneath them: made on first use, because IoMmuDxe shares its region then. */
interface Stack {
  readonly device: VirtioDevice;
  readonly iommu: IoMmuDxe | null;
  readonly memory: GuestMemory;
  /** What guest memory had counted when the stack was ready. */
  readonly atStart: MemoryCounters;
}

interface Allocation {
  readonly host: number;
  readonly pages: number;
}

interface Live {
  readonly token: RootBridgeMapping;
  readonly common: boolean;
  readonly bytes: number;
  readonly deviceAddress: number;
}

/** A driver on EDK2: PciIo or a virtio transport, on the PCI root bridge, on IoMmuDxe where there is one. */
export class FirmwareSystem implements MemorySystem {
  readonly #description: PlatformDescription;
  readonly #ledger = new Ledger();
  readonly #host: HostMemory;
  readonly #allocations = new Map<number, Allocation>();
  readonly #mappings = new Map<number, Live>();
  readonly #bounced = new Set<number>();
  #made: Stack | null = null;
  #next = 1;

  constructor(description: PlatformDescription) {
    this.#description = description;
    this.#host = new HostMemory(description.device.buffers);
  }

  allocate({ bytes }: AllocateRequest): AllocateGrant {
    const id = this.#next++;
    const pages = pagesOf(bytes);
    const result = this.#stack.device.allocateSharedPages(pages);
    this.#account(result);
    if (result.status !== 'SUCCESS') return { id, refused: this.#refuse(result.status) };
    this.#allocations.set(id, { host: result.host, pages });
    return { id, refused: null };
  }

  free(id: number): void {
    const allocation = this.#allocations.get(id);
    if (allocation === undefined) return;
    this.#allocations.delete(id);
    this.#account(this.#stack.device.freeSharedPages(allocation.host, allocation.pages));
  }

  map(request: MapRequest): MapGrant {
    const id = this.#next++;
    const bytes = request.bytes ?? ASSUMED_BYTES;
    const host = this.#allocations.get(request.allocation ?? -1)?.host ?? this.#host.addressOf(request.buffer, bytes);
    const operation = busMasterOperation(request);
    const common = operation === 'CommonBuffer';
    const result = this.#stack.device.mapSharedBuffer(operation, host, bytes);
    this.#account(result);
    if (result.status !== 'SUCCESS') return { id, address: 'none', refused: this.#refuse(result.status) };
    const { counters } = this.#ledger;
    if (common) counters.bytesStashed += result.copiedBytes;
    else counters.bytesToBounce += result.copiedBytes;
    const { deviceAddress } = result;
    const bounced = deviceAddress !== host;
    if (bounced) {
      if (this.#bounced.has(deviceAddress)) counters.overlaps += 1;
      this.#bounced.add(deviceAddress);
      this.#ledger.holdBouncePages(result.pagesAllocated);
    }
    this.#mappings.set(id, { token: result.mapping, common, bytes, deviceAddress });
    return { id, address: bounced ? 'bounce' : 'host', refused: null };
  }

  unmap({ id, address }: MapGrant): void {
    const live = this.#mappings.get(id);
    if (live === undefined) return;
    this.#mappings.delete(id);
    const result = this.#stack.device.unmapSharedBuffer(live.token);
    this.#account(result);
    const { counters } = this.#ledger;
    if (live.common) counters.bytesStashed += result.copiedBytes;
    else counters.bytesFromBounce += result.copiedBytes;
    if (address !== 'bounce') return;
    this.#bounced.delete(live.deviceAddress);
    this.#ledger.holdBouncePages(-result.pagesFreed);
  }

  /** PciIo->Flush () moves no data. */
  sync(): void {}

  convert({ allocation, buffer, bytes, to }: ConvertRequest): void {
    const own = this.#allocations.get(allocation ?? -1);
    const host = own?.host ?? this.#host.addressOf(buffer, bytes ?? ASSUMED_BYTES);
    this.#stack.memory.convert(host, bytes === null && own !== undefined ? own.pages : pagesOf(bytes), to);
  }

  exitBootServices(): void {
    const { iommu } = this.#stack;
    if (iommu === null) return;
    const result = iommu.exitBootServices();
    this.#account(result);
    // Each common buffer goes aside and back; the rest is what devices wrote.
    const common = [...this.#mappings.values()].filter((live) => live.common);
    const stashed = result.mappings.length === 0 ? 0 : common.reduce((sum, { bytes }) => sum + 2 * bytes, 0);
    this.#ledger.counters.bytesStashed += stashed;
    this.#ledger.counters.bytesFromBounce += result.copiedBytes - stashed;
    this.#mappings.clear();
  }

  counters(): Counters {
    const made = this.#made;
    return made === null ? { ...this.#ledger.counters } : this.#ledger.with(made.memory, made.atStart);
  }

  startup(): Counters {
    const { atStart, memory } = this.#stack;
    return new Ledger().with({ technology: memory.technology, counters: atStart });
  }

  get #stack(): Stack {
    this.#made ??= this.#create();
    return this.#made;
  }

  #create(): Stack {
    const { bounce, device, memory: part } = this.#description;
    const memory = guestMemory(part) ?? new GuestMemory({ technology: 'plain' });
    const pages = new PageAllocator(FREE_MEMORY);
    const iommu = bounce.kind === 'iommudxe' ? startIoMmuDxe(bounce, pages, memory) : null;
    const bridge = new PciRootBridgeIo(bounce.kind === 'root-bridge' ? bounce.above4GiB : true, pages);
    bridge.iommu = iommu;
    const atStart = { ...memory.counters };
    switch (device.transport ?? 'pci-io') {
      case 'virtio-legacy':
      case 'virtio-mmio':
        return { device: new LegacyVirtioDevice(pages), iommu, memory, atStart };
      case 'virtio-1.0':
        return { device: new ModernVirtioDevice(new PciIo(bridge, true)), iommu, memory, atStart };
      case 'pci-io':
        // The four DMA members of virtio 1.0 are PciIo's own, with its attributes.
        return {
          device: new ModernVirtioDevice(new PciIo(bridge, device.dualAddressCycle ?? false)),
          iommu,
          memory,
          atStart,
        };
    }
  }

  #account({ asserts, zeroedBytes }: Effects): void {
    const { counters } = this.#ledger;
    counters.asserts += asserts;
    counters.bytesZeroed += zeroedBytes;
    const pieces = bitsOf(this.#stack.iommu?.bitmap ?? 0);
    this.#ledger.holdSlots(pieces - counters.slots);
  }

  #refuse(status: string): string {
    this.#ledger.counters.refusals += 1;
    return REASONS[status] ?? status;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  UNSUPPORTED: 'UNSUPPORTED: a common buffer that the device does not reach cannot be moved',
  OUT_OF_RESOURCES: 'OUT_OF_RESOURCES: no pages are left that the device reaches',
};

function startIoMmuDxe({ version }: IoMmuDxePart, pages: PageAllocator, memory: GuestMemory): IoMmuDxe {
  const iommu = new IoMmuDxe(IOMMU_DXE_VERSIONS[version], pages, memory);
  iommu.initialise();
  return iommu;
}

function bitsOf(bitmap: number): number {
  let count = 0;
  for (let bits = bitmap; bits !== 0; bits &= bits - 1) count += 1;
  return count;
}
