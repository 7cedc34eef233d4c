import type { TceTable } from './tce.ts';

/** One element: address and length in bytes. */
export interface Segment {
  readonly address: number;
  readonly bytes: number;
}

export interface ScatterlistRequest {
  readonly cpu: number;
  /** Highest device address, 2^n - 1. */
  readonly dmaMask: number;
  /** Device's segment boundary mask, bytes, 2^n - 1. */
  readonly segmentBoundaryMask: number;
  /** Longest merged segment, in bytes. */
  readonly maxSegmentBytes: number;
}

/** Entries that `bytes` bytes at `address` touch. */
const entriesFor = (address: number, bytes: number, pageBytes: number): number =>
  Math.ceil(((address % pageBytes) + bytes) / pageBytes);

/**
 * Maps the elements of a scatterlist one after the other, each from where the one before ended, and merges neighbours whose
 * device addresses continue exactly. Null, with nothing mapped, when one does not fit.
 */
export function mapScatterlist(
  table: TceTable,
  elements: readonly Segment[],
  request: ScatterlistRequest,
): Segment[] | null {
  const { pageShift, offset, kernelPageBytes } = table.options;
  const pageBytes = 2 ** pageShift;
  const mask = Math.floor(request.dmaMask / pageBytes);
  const boundary = Math.floor(request.segmentBoundaryMask / pageBytes) + 1;
  const alignable = Math.max(0, Math.log2(kernelPageBytes) - pageShift);
  const out: Segment[] = [];
  let after = 0;
  let next: number | null = null;
  for (const { address, bytes } of elements) {
    if (bytes === 0) {
      next = null;
      continue;
    }
    const pages = entriesFor(address, bytes, pageBytes);
    const alignOrder = bytes >= kernelPageBytes && address % kernelPageBytes === 0 ? alignable : 0;
    const entry = table.allocate({ cpu: request.cpu, pages, alignOrder, mask, boundary, after });
    if (entry === null) {
      unmapScatterlist(table, out);
      return null;
    }
    after = entry + pages;
    const device = (entry + offset) * pageBytes + (address % pageBytes);
    const last = out.at(-1);
    if (last !== undefined && device === next && last.bytes + bytes <= request.maxSegmentBytes) {
      out[out.length - 1] = { address: last.address, bytes: last.bytes + bytes };
    } else out.push({ address: device, bytes });
    next = device + bytes;
  }
  return out;
}

/** Frees what `mapScatterlist` returned, by the merged lengths. */
export function unmapScatterlist(table: TceTable, segments: readonly Segment[]): void {
  const { pageShift, offset } = table.options;
  const pageBytes = 2 ** pageShift;
  for (const { address, bytes } of segments) {
    table.free(Math.floor(address / pageBytes) - offset, entriesFor(address, bytes, pageBytes));
  }
}
