import { PAGE_BYTES } from './page.ts';

/**
 * SEV-SNP page state changes (AMD GHCB specification 2.x, "Page State Change"; Linux arch/x86/coco/sev/core.c).
 *
 * A range becomes a list of entries of 4 KiB or 2 MiB; a batch of entries costs one exit. Before pages become shared their
 * validation is rescinded (PVALIDATE); after pages became private they are validated. Both happen per batch, so a range is
 * never wholly in one state while it is being converted.
 */
export interface SnpOptions {
  /** Entries per exit: 1 to 253 (GHCB shared buffer). Linux uses 64. */
  readonly batchEntries: number;
  /** The range lies in the direct map and may use 2 MiB entries; false for vmalloc memory. */
  readonly largeEntries: boolean;
  /** The host backs 2 MiB entries by 2 MiB pages; otherwise PVALIDATE answers SIZEMISMATCH and each 4 KiB page is done alone. */
  readonly largeBacking: boolean;
}

/** VMGEXIT_PSC_MAX_ENTRY of Linux 6.x. */
export const SNP_LINUX: SnpOptions = { batchEntries: 64, largeEntries: true, largeBacking: true };
/** All that fits the GHCB's 2032-byte shared buffer: 8 bytes of header, 8 bytes per entry (VMGEXIT_PSC_MAX_COUNT). */
export const SNP_GHCB_MAXIMUM: SnpOptions = { batchEntries: 253, largeEntries: true, largeBacking: true };

export interface SnpBatch {
  /** Page number of the first page of the batch. */
  readonly first: number;
  readonly pages: number;
  readonly entries: number;
  /** PVALIDATE instructions; a 2 MiB attempt that fails for its size counts too. */
  readonly pvalidates: number;
}

const PAGES_PER_2M = (2 * 1024 * 1024) / PAGE_BYTES;

/** The batches in which `pages` pages from page number `first` on are converted, in order. */
export function snpBatches(first: number, pages: number, options: SnpOptions): SnpBatch[] {
  const batches: SnpBatch[] = [];
  const end = first + pages;
  const large = options.largeBacking ? 1 : 1 + PAGES_PER_2M;
  let page = first;
  while (page < end) {
    const start = page;
    let entries = 0;
    let pvalidates = 0;
    while (page < end && entries < options.batchEntries) {
      const whole = options.largeEntries && page % PAGES_PER_2M === 0 && end - page >= PAGES_PER_2M;
      page += whole ? PAGES_PER_2M : 1;
      pvalidates += whole ? large : 1;
      entries += 1;
    }
    batches.push({ first: start, pages: page - start, entries, pvalidates });
  }
  return batches;
}
