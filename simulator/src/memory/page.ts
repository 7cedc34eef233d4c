/** Page arithmetic. Addresses and sizes are bytes and stay below 2^53; a page is 4 KiB unless a name says otherwise. */

export const PAGE_BYTES = 4096;

/** First address that a 32-bit device cannot reach. */
export const FOUR_GIB = 2 ** 32;

/** Number of 4 KiB pages that hold `bytes` bytes starting on a page boundary; 0 bytes need 0 pages. */
export const pagesFor = (bytes: number): number => Math.ceil(bytes / PAGE_BYTES);

/** Smallest multiple of `granule` that is not below `value`. */
export const ceilTo = (value: number, granule: number): number => Math.ceil(value / granule) * granule;
