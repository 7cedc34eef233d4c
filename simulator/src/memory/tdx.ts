import { PAGE_BYTES } from './page.ts';

/**
 * TDX conversions (Intel GHCI: TDG.VP.VMCALL<MapGPA>; TDX module: TDG.MEM.PAGE.ACCEPT; Linux arch/x86/coco/tdx).
 * Both directions tell the host by MapGPA; only shared → private then accepts each page, largest size first.
 */

/** What the host answers to one MapGPA call. `retry`: done up to the page number `from`, call again from there. */
export type MapGpaReply =
  | { readonly result: 'done' }
  | { readonly result: 'retry'; readonly from: number }
  | { readonly result: 'refused' };

/** Asked once per call with page numbers `[first, end)`. */
export type MapGpa = (first: number, end: number) => MapGpaReply;

/** Calls without progress after which Linux gives up. */
const MAP_GPA_RETRIES = 3;

export interface MapGpaResult {
  readonly ok: boolean;
  readonly calls: number;
  readonly retries: number;
}

/** Tells the host that pages `[first, first + pages)` change state; an answer outside the range is refused. */
export function mapGpa(first: number, pages: number, host: MapGpa): MapGpaResult {
  const end = first + pages;
  let from = first;
  let calls = 0;
  let stalled = 0;
  while (stalled < MAP_GPA_RETRIES) {
    const reply = host(from, end);
    calls += 1;
    if (reply.result !== 'retry') return { ok: reply.result === 'done', calls, retries: calls - 1 };
    if (reply.from < from || reply.from >= end) return { ok: false, calls, retries: calls - 1 };
    stalled = reply.from === from ? stalled + 1 : 0;
    from = reply.from;
  }
  return { ok: false, calls, retries: calls - 1 };
}

/** Accept calls per page size. */
export interface Accepts {
  readonly of4k: number;
  readonly of2m: number;
  readonly of1g: number;
}

/** Largest page size of the secure EPT entries: an accept of a larger size fails and the next smaller one is tried. */
export type AcceptLimit = '4k' | '2m' | '1g';

const PAGES_PER_2M = (2 * 1024 * 1024) / PAGE_BYTES;
const PAGES_PER_1G = 2 ** 30 / PAGE_BYTES;

/** The successful accepts for pages `[first, first + pages)`. */
export function accepts(first: number, pages: number, limit: AcceptLimit): Accepts {
  const end = first + pages;
  const fits = (page: number, size: number): boolean => page % size === 0 && end - page >= size;
  const counts = { of4k: 0, of2m: 0, of1g: 0 };
  let page = first;
  while (page < end) {
    if (limit === '1g' && fits(page, PAGES_PER_1G)) {
      counts.of1g += 1;
      page += PAGES_PER_1G;
    } else if (limit !== '4k' && fits(page, PAGES_PER_2M)) {
      counts.of2m += 1;
      page += PAGES_PER_2M;
    } else {
      counts.of4k += 1;
      page += 1;
    }
  }
  return counts;
}
