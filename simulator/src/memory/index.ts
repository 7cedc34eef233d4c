export {
  type ConversionStatus,
  GuestMemory,
  type GuestMemoryOptions,
  type MemoryCounters,
  type MemoryTechnology,
  type PageState,
} from './guest-memory.ts';
export { ceilTo, FOUR_GIB, PAGE_BYTES, pagesFor } from './page.ts';
export { type MemoryRegion, PageAllocator, type PageSource } from './page-allocator.ts';
export { SNP_GHCB_MAXIMUM, SNP_LINUX, type SnpBatch, type SnpOptions, snpBatches } from './snp.ts';
export {
  type AcceptLimit,
  type Accepts,
  accepts,
  type MapGpa,
  type MapGpaReply,
  type MapGpaResult,
  mapGpa,
} from './tdx.ts';
