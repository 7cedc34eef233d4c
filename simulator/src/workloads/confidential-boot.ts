import type { DmaOperation } from '../bounce/efi.ts';
import { IoMmuDxe } from '../bounce/iommudxe.ts';
import { IOMMU_DXE_VERSIONS } from '../bounce/iommudxe-versions.ts';
import { GuestMemory, type MemoryTechnology } from '../memory/guest-memory.ts';
import { FOUR_GIB, PAGE_BYTES } from '../memory/page.ts';
import { PageAllocator } from '../memory/page-allocator.ts';
import { SNP_GHCB_MAXIMUM } from '../memory/snp.ts';
import { type CostEstimate, estimate } from '../platforms/cost-estimate.ts';

/** A confidential guest in firmware: the DMA driver, its memory, and the mappings that needed pages of their own. */
export class ConfidentialFirmware {
  readonly memory: GuestMemory;
  readonly driver: IoMmuDxe;
  /** Mappings whose pages had to be converted, because no reserved piece was there for them. */
  converted = 0;
  bytesCopied = 0;

  constructor(technology: MemoryTechnology, version: keyof typeof IOMMU_DXE_VERSIONS) {
    // Accepts count by 4 KiB, the size for which there is a figure.
    this.memory = new GuestMemory({ technology, snp: SNP_GHCB_MAXIMUM, acceptLimit: '4k' });
    const pages = new PageAllocator([{ start: 0x1000_0000, end: FOUR_GIB }]);
    this.driver = new IoMmuDxe(IOMMU_DXE_VERSIONS[version], pages, this.memory);
    this.driver.initialise();
  }

  map(operation: DmaOperation, host: number, bytes: number): number {
    const result = this.driver.map(operation, host, bytes);
    if (result.status !== 'SUCCESS') throw new RangeError(`map of ${bytes} bytes: ${result.status}`);
    this.bytesCopied += result.copiedBytes;
    if (result.sharedPages > 0) this.converted += 1;
    return result.mapping;
  }

  unmap(mapping: number): void {
    this.bytesCopied += this.driver.unmap(mapping).copiedBytes;
  }

  /** A common buffer of one page, allocated and mapped. */
  commonPage(): { readonly host: number; readonly mapping: number } {
    const buffer = this.driver.allocateBuffer(1, 0, 'BootServicesData');
    if (buffer.status !== 'SUCCESS') throw new RangeError(`common buffer: ${buffer.status}`);
    return { host: buffer.host, mapping: this.map('CommonBuffer', buffer.host, PAGE_BYTES) };
  }

  /** ExitBootServices, with nothing mapped any more. */
  exit(): void {
    this.driver.exitBootServices();
  }

  /** Time for all conversions, the reserved region's included, by what they consist of. */
  conversionTime(): CostEstimate {
    const { conversions, exits, pagesToShared, pagesToPrivate, accepts4k } = this.memory.counters;
    switch (this.memory.technology) {
      case 'plain':
        return estimate({});
      case 'sev':
        return estimate({ 'sev-cbit-flush': conversions });
      case 'sev-snp':
        return estimate({ vmexit: exits, 'snp-convert-4k': pagesToShared + pagesToPrivate });
      case 'tdx':
        return estimate({ tdvmcall: exits, 'tdx-accept-4k': accepts4k });
    }
  }

  /** Time for the mappings that were converted, by the figure derived from the boot itself; TDX only. */
  pairTime(): CostEstimate | null {
    return this.memory.technology === 'tdx' ? estimate({ 'ovmf-pair': this.converted }) : null;
  }
}
